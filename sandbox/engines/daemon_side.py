"""The engines inside the daemon: processes on hosts, answered for by `engines.*` operations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..hosts.namespaces import PATH
from ..hosts.processes import WITHOUT_RIGHTS
from .keeper import Keeper
from .launcher import Process, accepts, spawn

if TYPE_CHECKING:
    from ..hosts.daemon import Daemon

OPERATIONS = (
    "check",
    "apply",
    "remove",
    "state",
    "states",
    "describe",
    "signal",
    "disturb",
    "save",
    "forget",
)


def register(daemon: Daemon) -> None:
    """Add the operations `engines.apply`, `engines.state` and so on to the daemon."""
    directory = os.path.join(daemon.state, "engines")
    os.makedirs(directory, mode=0o700)
    keeper = Keeper(directory, HostLauncher(daemon))
    for name in OPERATIONS:
        daemon.add_operation(f"engines.{name}", getattr(keeper, name))
    daemon.network.on_host_removed(keeper.end_host)


class HostLauncher:
    """Starts processes in a host's network, without capabilities, as every process on a host runs."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def start(self, host_id: str, argv: list[str], log: str, text: str = "") -> Process:
        """Start `argv` on the host; raises HostsError when there is no such host."""
        environment = {"PATH": PATH, "LANG": "C.UTF-8"}
        command = [*WITHOUT_RIGHTS, *argv]
        return self._daemon.network.in_host(
            host_id, lambda: spawn(command, log, text, env=environment, start_new_session=True)
        )

    def listens(self, host_id: str, address: str, port: int) -> bool:
        """Try it from the host."""
        return self._daemon.network.in_host(host_id, lambda: accepts(address, port))
