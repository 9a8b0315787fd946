"""One cache node: a server process on a host, and the sandbox's line to it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from . import access
from .admin import AdminConnection, parse_info
from .configuration import AUTHORITY, CERTIFICATE, KEY, SOCKET, NodeConfiguration
from .engine_node import EngineNode
from .errors import EngineError
from .files import LOG, write_private
from .launcher import Launcher
from .server import Server

COMMAND_SECONDS = 2.0


class Node(EngineNode):
    """A node of Redis or Valkey, which takes commands and follows another."""

    def __init__(self, node_id: str, host_id: str, directory: str, launcher: Launcher) -> None:
        super().__init__(node_id, host_id, directory, launcher)
        self.configuration: NodeConfiguration | None = None
        self.unapplied: dict[str, str] = {}
        self._admin: AdminConnection | None = None
        self._watch: AdminConnection | None = None

    @property
    def transit_encryption(self) -> str:
        """The transit mode it was started with."""
        return self.configuration.transit_encryption if self.configuration else "off"

    def start(self, server: Server, configuration: NodeConfiguration, tls: tuple[str, str, str]) -> None:
        """Start the process and wait until it answers; `tls` is certificate, key and authority in PEM."""
        self.stop()
        for name, content in zip((CERTIFICATE, KEY, AUTHORITY), tls, strict=True):
            write_private(f"{self.directory}/{name}", content)
        self.configuration = configuration = self._with_front(configuration, self._disturbance)
        self.unapplied = {}
        argv, log = [server.path, "-"], f"{self.directory}/{LOG}"
        self._process = self._launcher.start(self.host_id, argv, log, configuration.text())
        self._await_answer(self._admits)
        if configuration.fronted:
            self._start_front(_front_settings(configuration, self._disturbance))

    def disturb(self, disturbance: dict[str, Any]) -> None:
        """Slow or lose its replies (`front.settings.Disturbance`), until told otherwise. Clients connect anew.

        Raises EngineError when the node does not answer, or does not take it; then nothing is changed.
        """
        before = self.configuration
        if before is not None and self.running and disturbance != self._disturbance:
            self.replication()  # a frozen one would leave its port later, when nobody follows it there
            wanted = self._with_front(before, disturbance)
            if before.fronted and wanted.fronted:
                self._front.change({"disturbance": disturbance})
            elif wanted.fronted:
                self._insert_front(before, wanted, disturbance)
            elif before.fronted:
                self._front.end()
                self._listen(wanted)
            self.configuration = wanted
        self._disturbance = disturbance

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

    def stop(self) -> None:
        """End the processes at once, and the connections to them."""
        self._close("_admin")
        super().stop()
        with self._watching:
            self._close("_watch")

    def _connect(self, timeout: float) -> AdminConnection:
        if self.configuration is None or not self.running:
            raise EngineError("its process is not running")
        return AdminConnection(f"{self.directory}/{SOCKET}", self.configuration.secrets.admin, timeout)

    def _admits(self) -> bool:
        with contextlib.suppress(OSError, EngineError):
            self._admin = self._connect(COMMAND_SECONDS)
        return self._admin is not None

    def _insert_front(
        self, before: NodeConfiguration, wanted: NodeConfiguration, disturbance: dict[str, Any]
    ) -> None:
        """Have a front take the port of a running server, which goes to another one."""
        try:
            self._front.start(_front_settings(wanted, disturbance), lambda: self._listen(wanted))
        except EngineError:
            self._listen(before)
            raise
        self.drop_clients()

    def _with_front(self, configuration: NodeConfiguration, disturbance: dict[str, Any]) -> NodeConfiguration:
        fronted = configuration.transit_encryption == "preferred" or bool(disturbance)
        return replace(configuration, fronted=fronted)

    def _listen(self, configuration: NodeConfiguration) -> None:
        for name, port in zip(("port", "tls-port"), configuration.inner_ports, strict=True):
            self.command("CONFIG", "SET", name, port)

    def _close(self, attribute: str) -> None:
        connection: AdminConnection | None = getattr(self, attribute)
        if connection is not None:
            connection.close()
            setattr(self, attribute, None)


def _front_settings(configuration: NodeConfiguration, disturbance: dict[str, Any]) -> dict[str, Any]:
    plain, tls = configuration.inner_ports
    return {
        "address": configuration.address,
        "port": configuration.port,
        "plain": plain or None,
        "tls": tls or None,
        "disturbance": disturbance,
    }


def _role(fields: dict[str, str]) -> dict[str, object]:
    if fields["role"] == "master":
        return {"role": "primary", "offset": int(fields["master_repl_offset"]), "link": None}
    return {
        "role": "replica",
        "offset": int(fields["slave_repl_offset"]),
        "link": fields["master_link_status"],
    }
