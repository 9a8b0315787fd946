"""The daemon: owns every network, process and machine inside, and answers the supervisor's calls."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import HostsError
from .namespaces import NAMED, ip_batch
from .network import Network
from .processes import Processes
from .rpc import Channel, write_frame

STATE = Path("/run/sandbox")
EXTENSIONS = ("sandbox.hosts.machines", "sandbox.engines.daemon_side")


class Daemon:
    """What extensions work with: the network, the processes, the API, and the table of operations."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self.region: str = config["region"]
        self.account_id: str = config["account_id"]
        self.state = STATE
        NAMED.mkdir(parents=True)
        STATE.mkdir(mode=0o755)
        self.authority_path = STATE / "authority.pem"
        self.authority_path.write_text(config["authority"])
        ip_batch(["link set lo up"])
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="services", daemon=True).start()
        self._operations: dict[str, Callable[..., Any]] = {}
        self._channel = Channel(control, self._serve)
        self.processes = Processes(self)
        self.network = Network(self)
        self.network.on_host_removed(self.processes.remove_host)
        for name in EXTENSIONS:
            if importlib.util.find_spec(name):
                importlib.import_module(name).register(self)

    def add_operation(self, name: str, operation: Callable[..., Any]) -> None:
        """Let the supervisor call `operation(**arguments)`; arguments and result are JSON."""
        if name in self._operations:
            raise ValueError(f"the operation {name} is already registered")
        self._operations[name] = operation

    def dial(self) -> socket.socket:
        """A connection to the API, the only thing outside that can be reached."""
        return socket.socket(fileno=self._channel.call("dial", 10.0))

    def assume_role(self, role: str, session: str) -> dict[str, str]:
        """AccessKeyId, SecretAccessKey, Token and Expiration of a role (its name or ARN), from STS."""
        return self._channel.call("assume_role", 20.0, role=role, session=session)

    def serve(self) -> None:
        """Answer until the supervisor is gone."""
        self._channel.notify("ready")
        self._channel.run()

    def _serve(self, op: str, arguments: dict[str, Any]) -> Any:
        operation = self._operations.get(op)
        if operation is None:
            raise HostsError(
                f"the daemon has no operation {op}; it has {', '.join(sorted(self._operations))}"
            )
        return operation(**arguments)


def run(control: socket.socket, config: dict[str, Any]) -> None:
    """Be the daemon until the supervisor closes its end."""
    try:
        daemon = Daemon(control, config)
    except Exception as error:
        write_frame(
            control, {"id": 0, "op": "failed", "args": {"reason": f"{type(error).__name__}: {error}"}}
        )
        raise
    daemon.serve()
    os._exit(0)  # no thread may hold up the end
