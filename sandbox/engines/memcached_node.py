"""One Memcached node: the server on a Unix socket of its directory, and the front that has the node's port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from typing import Any

from .admin import unix_connection
from .configuration import CERTIFICATE, KEY
from .errors import EngineError
from .files import LOG, log_tail, write_private
from .fronting import Front
from .launcher import Launcher, Process
from .memcached_arguments import SOCKET, arguments
from .memcached_specification import MemcachedSpec
from .server import Server
from .specification import NodeSpec

START_SECONDS = 10.0
STOP_SECONDS = 2.0


class MemcachedNode:
    """A node that is started once per life of its processes; `start` again after they ended. It begins empty."""

    def __init__(self, node_id: str, host_id: str, directory: str, launcher: Launcher) -> None:
        self.node_id = node_id
        self.host_id = host_id
        self.directory = directory
        self._disturbance: dict[str, Any] = {}
        self._told: dict[str, Any] = {}
        self._launcher = launcher
        self._server: Process | None = None
        self._front = Front(launcher, host_id, directory)
        self._watching = threading.Lock()
        os.makedirs(directory, mode=0o700, exist_ok=True)

    @property
    def running(self) -> bool:
        """Whether its processes exist; frozen ones do."""
        processes = self._processes
        return len(processes) == 2 and all(process.poll() is None for process in processes)

    def start(self, server: Server, spec: MemcachedSpec, place: NodeSpec) -> None:
        """Start the processes and wait until they answer."""
        self.stop()
        settings: dict[str, Any] = {
            "address": place.address,
            "port": spec.port,
            "plain": SOCKET,
            "discovery": spec.discovery(),
            "disturbance": self._disturbance,
        }
        if spec.uses_tls:
            for name, content in zip((CERTIFICATE, KEY), spec.tls[:2], strict=True):
                write_private(f"{self.directory}/{name}", content)
            settings |= {"certificate": CERTIFICATE, "key": KEY}
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.directory}/{SOCKET}")
        argv, log = [server.path, *arguments(spec)], f"{self.directory}/{LOG}"
        self._server = self._launcher.start(self.host_id, argv, log)
        try:
            self._await_answer(self._server)
            self._front.start(settings)
        except EngineError:
            self.stop()
            raise
        self._told = spec.discovery()

    def knows(self, spec: MemcachedSpec) -> bool:
        """Whether it answers discovery with this already."""
        return self._told == spec.discovery()

    def configure(self, spec: MemcachedSpec) -> None:
        """Answer discovery with this; raises EngineError when the node does not take it."""
        self._front.change({"discovery": spec.discovery()})
        self._told = spec.discovery()

    def disturb(self, disturbance: dict[str, Any]) -> None:
        """Slow or lose its replies (`front.settings.Disturbance`), until it is told otherwise."""
        self._disturbance = disturbance
        if self.running:
            self._front.change({"disturbance": disturbance})

    def state(self, timeout: float) -> dict[str, object]:
        """Whether it runs, and answers within `timeout`."""
        with self._watching:
            if not self.running:
                return {"running": False, "responding": False}
            return {"running": True, "responding": self._answers(timeout), "role": "node"}

    def signal(self, name: str) -> None:
        """Send SIG`name`; after KILL the processes are gone when this returns."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(getattr(signal, f"SIG{name}"))
                if name == "KILL":
                    process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the processes at once; there is nothing to save."""
        self._front.end()
        self.signal("KILL")
        self._server = None

    def remove(self) -> None:
        """Stop, and leave no file."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self, timeout: float) -> bool:
        try:
            with unix_connection(f"{self.directory}/{SOCKET}", timeout) as connection:
                connection.sendall(b"version\r\n")
                return connection.recv(64).startswith(b"VERSION")
        except OSError:
            return False

    @property
    def _processes(self) -> list[Process]:
        return [process for process in (self._server, self._front.process) if process is not None]

    def _await_answer(self, server: Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(1.0):
            if server.poll() is not None or time.monotonic() > deadline:
                tail = log_tail(self.directory)
                raise EngineError(f"node {self.node_id} did not start; the end of its log:\n{tail}")
            time.sleep(0.005)
