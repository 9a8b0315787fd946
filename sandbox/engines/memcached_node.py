"""One Memcached node: the server on a Unix socket of its directory, and the front that has the node's port."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from .admin import unix_connection
from .configuration import CERTIFICATE, KEY
from .engine_node import EngineNode
from .files import LOG, write_private
from .launcher import Launcher
from .memcached_arguments import SOCKET, arguments
from .memcached_specification import MemcachedSpec
from .server import Server
from .specification import NodeSpec


class MemcachedNode(EngineNode):
    """A node that begins empty, whenever it is started."""

    def __init__(self, node_id: str, host_id: str, directory: str, launcher: Launcher) -> None:
        super().__init__(node_id, host_id, directory, launcher)
        self._told: dict[str, Any] = {}

    @property
    def running(self) -> bool:
        """Whether both its processes exist; frozen ones do."""
        return self._front.process is not None and super().running

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
        self._process = self._launcher.start(self.host_id, argv, log)
        self._await_answer(lambda: self._answers(1.0))
        self._start_front(settings)
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

    def _answers(self, timeout: float) -> bool:
        try:
            with unix_connection(f"{self.directory}/{SOCKET}", timeout) as connection:
                connection.sendall(b"version\r\n")
                return connection.recv(64).startswith(b"VERSION")
        except OSError:
            return False
