"""The engines inside the daemon: processes on hosts, answered for by `engines.*` operations."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ..hosts.namespaces import PATH, in_network
from ..hosts.processes import WITHOUT_RIGHTS
from .keeper import Keeper
from .launcher import Process

if TYPE_CHECKING:
    from ..hosts.daemon import Daemon

OPERATIONS = ("check", "apply", "remove", "state", "states", "describe", "signal", "save", "forget")


def register(daemon: Daemon) -> None:
    """Add the operations `engines.apply`, `engines.state` and so on to the daemon."""
    directory = os.path.join(daemon.state, "engines")
    os.makedirs(directory, mode=0o700)
    keeper = Keeper(directory, HostLauncher(daemon))
    for name in OPERATIONS:
        daemon.add_operation(f"engines.{name}", getattr(keeper, name))


class HostLauncher:
    """Starts processes in a host's network, without capabilities, as every process on a host runs."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def start(self, host_id: str, name: str, argv: list[str], log: str) -> Process:
        """Start `argv` on the host; raises HostsError when there is no such host."""
        host: Any = self._daemon.network.host(host_id)
        rights = shutil.which(WITHOUT_RIGHTS[0], path=PATH) or WITHOUT_RIGHTS[0]
        command = [rights, *WITHOUT_RIGHTS[1:], *argv]
        with open(log, "ab") as output:
            return in_network(
                host.id,
                lambda: subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=os.path.dirname(log),
                    env={"PATH": PATH, "LANG": "C.UTF-8"},
                    start_new_session=True,
                ),
            )
