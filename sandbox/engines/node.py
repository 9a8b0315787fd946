"""One cache node: a server process on a host, and the sandbox's line to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from dataclasses import replace
from typing import Any

from . import access
from .admin import AdminConnection, parse_info
from .configuration import AUTHORITY, CERTIFICATE, KEY, SOCKET, NodeConfiguration
from .errors import EngineError
from .fronting import await_front, change_front, launch_front
from .launcher import Launcher, Process
from .server import Server

START_SECONDS = 10.0
COMMAND_SECONDS = 2.0
STOP_SECONDS = 2.0
LOG_TAIL_BYTES = 1500


class Node:
    """A node that is started once per life of its process; `start` again after it died."""

    def __init__(self, node_id: str, host_id: str, directory: str, launcher: Launcher) -> None:
        self.node_id = node_id
        self.host_id = host_id
        self.directory = directory
        self.configuration: NodeConfiguration | None = None
        self.unapplied: dict[str, str] = {}
        self._disturbance: dict[str, Any] = {}
        self._launcher = launcher
        self._process: Process | None = None
        self._front: Process | None = None
        self._admin: AdminConnection | None = None
        self._watch: AdminConnection | None = None
        self._watching = threading.Lock()
        os.makedirs(directory, mode=0o700, exist_ok=True)

    @property
    def running(self) -> bool:
        """Whether its processes exist; frozen ones do."""
        return self._process is not None and all(process.poll() is None for process in self._processes)

    @property
    def transit_encryption(self) -> str:
        """The transit mode it was started with."""
        return self.configuration.transit_encryption if self.configuration else "off"

    def start(self, server: Server, configuration: NodeConfiguration, tls: tuple[str, str, str]) -> None:
        """Start the process and wait until it answers; `tls` is certificate, key and authority in PEM."""
        self.stop()
        for name, content in zip((CERTIFICATE, KEY, AUTHORITY), tls, strict=True):
            write_private(f"{self.directory}/{name}", content)
        fronted = configuration.transit_encryption == "preferred" or bool(self._disturbance)
        self.configuration = configuration = replace(configuration, fronted=fronted)
        self.unapplied = {}
        argv = [server.path, "-"]
        self._process = self._launcher.start(self.host_id, argv, self._log, configuration.text())
        self._await_answer()
        if fronted:
            self._start_front(configuration)

    def disturb(self, disturbance: dict[str, Any]) -> None:
        """Slow or lose its replies (`front.settings.Disturbance`); nothing ends that. Clients have to connect anew."""
        if disturbance == self._disturbance:
            return
        self._disturbance = disturbance
        configuration = self.configuration
        if configuration is None or not self.running:
            return
        fronted = configuration.transit_encryption == "preferred" or bool(disturbance)
        if configuration.fronted and fronted:
            change_front(self.directory, {"disturbance": disturbance})
            return
        self.configuration = configuration = replace(configuration, fronted=fronted)
        if fronted:
            self._start_front(configuration)
            self.drop_clients()
        else:
            self._end_front()
            self._listen(configuration)

    def command(self, *words: str | int) -> object:
        """Run a command as the sandbox's own user; raises EngineError when the node refuses or is silent."""
        try:
            if self._admin is None:
                self._admin = self._connect(COMMAND_SECONDS)
            self._admin.set_timeout(COMMAND_SECONDS)
            return self._admin.command(*words)
        except OSError as error:
            self._close("_admin")
            raise EngineError(f"node {self.node_id} does not answer {words[0]}: {error}") from error
        except EngineError as error:
            raise EngineError(f"node {self.node_id} refused {words[0]}: {error}") from error

    def replication(self) -> dict[str, str]:
        """The fields of INFO replication."""
        return parse_info(str(self.command("INFO", "replication")))

    def set_tokens(self, tokens: tuple[str, ...]) -> None:
        """Make exactly these tokens valid for clients; those logged in stay."""
        self.command("ACL", "SETUSER", "default", *access.password_rules(tokens))

    def set_parameter(self, name: str, value: str) -> None:
        """Change a parameter live; one this server lacks is noted in `unapplied`."""
        try:
            self.command("CONFIG", "SET", name, value)
            self.unapplied.pop(name, None)
        except EngineError as error:
            if not self.running:
                raise
            self.unapplied[name] = str(error)

    def drop_clients(self) -> None:
        """Close every client connection, as the service does when a node loses the primary's role."""
        self.command("CLIENT", "KILL", "USER", "default", "SKIPME", "yes")

    def state(self, timeout: float) -> dict[str, object]:
        """Whether it runs and answers within `timeout`, and then its role, offset and link.

        Has a connection of its own, so that it can be asked while commands are under way.
        """
        with self._watching:
            if not self.running:
                self._close("_watch")
                return {"running": False, "responding": False}
            try:
                if self._watch is None:
                    self._watch = self._connect(timeout)
                self._watch.set_timeout(timeout)
                fields = parse_info(str(self._watch.command("INFO", "replication")))
            except (OSError, EngineError):
                self._close("_watch")
                return {"running": self.running, "responding": False}
            return {"running": True, "responding": True, **_role(fields)}

    def signal(self, name: str) -> None:
        """Send SIG`name`; after KILL the process is gone when this returns."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(getattr(signal, f"SIG{name}"))
                if name == "KILL":
                    process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the process at once; nothing on it needs saving."""
        self._close("_admin")
        self.signal("KILL")
        with self._watching:
            self._close("_watch")
            self._process = self._front = None

    def remove(self) -> None:
        """Stop, and leave no file."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def _processes(self) -> list[Process]:
        return [process for process in (self._process, self._front) if process is not None]

    @property
    def _log(self) -> str:
        return f"{self.directory}/server.log"

    def _connect(self, timeout: float) -> AdminConnection:
        if self.configuration is None or not self.running:
            raise EngineError("its process is not running")
        return AdminConnection(f"{self.directory}/{SOCKET}", self.configuration.secrets.admin, timeout)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, EngineError):
                self._admin = self._connect(COMMAND_SECONDS)
                return
            if not self.running or time.monotonic() > deadline:
                tail = self._log_tail()
                self.stop()
                raise EngineError(f"node {self.node_id} did not start; the end of its log:\n{tail}")
            time.sleep(0.005)

    def _start_front(self, configuration: NodeConfiguration) -> None:
        """Have a front take the port; a server that has it listens elsewhere as soon as the front can follow."""
        plain, tls = configuration.inner_ports
        settings = {
            "address": configuration.address,
            "port": configuration.port,
            "plain": plain or None,
            "tls": tls or None,
            "disturbance": self._disturbance,
        }
        front = launch_front(self._launcher, self.host_id, self.directory, settings)
        try:
            self._listen(configuration)
            await_front(front, self.directory, self._log_tail)
        except EngineError:
            front.send_signal(signal.SIGKILL)
            front.wait(STOP_SECONDS)
            raise
        self._front = front

    def _end_front(self) -> None:
        front, self._front = self._front, None
        if front is not None:
            front.send_signal(signal.SIGKILL)
            front.wait(STOP_SECONDS)

    def _listen(self, configuration: NodeConfiguration) -> None:
        for name, port in zip(("port", "tls-port"), configuration.inner_ports, strict=True):
            self.command("CONFIG", "SET", name, port)

    def _close(self, attribute: str) -> None:
        connection: AdminConnection | None = getattr(self, attribute)
        if connection is not None:
            connection.close()
            setattr(self, attribute, None)

    def _log_tail(self) -> str:
        return log_tail(self._log)


def _role(fields: dict[str, str]) -> dict[str, object]:
    if fields["role"] == "master":
        return {"role": "primary", "offset": int(fields["master_repl_offset"]), "link": None}
    return {
        "role": "replica",
        "offset": int(fields["slave_repl_offset"]),
        "link": fields["master_link_status"],
    }


def log_tail(path: str) -> str:
    """The end of a log."""
    with contextlib.suppress(OSError), open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - LOG_TAIL_BYTES))
        return log.read().decode(errors="replace")
    return "(no log)"


def write_private(path: str, content: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
