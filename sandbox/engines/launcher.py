"""Where a node's processes start: on its host, by whoever owns the hosts; or right here."""

from __future__ import annotations

import subprocess
from typing import IO, Protocol


class Process(Protocol):
    """What is needed of a running process (subprocess.Popen has it)."""

    pid: int
    stdin: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


class Launcher(Protocol):
    """Starts a process on a host, with a pipe as its standard input and its output appended to `log`."""

    def start(self, host_id: str, name: str, argv: list[str], log: str) -> Process:
        """Start at once; raises EngineError when the host does not exist."""
        ...


class LocalLauncher:
    """Starts processes in the caller's own network namespace: for tests on loopback addresses."""

    def start(self, host_id: str, name: str, argv: list[str], log: str) -> Process:
        """Start `argv`; the host is not looked at."""
        with open(log, "ab") as output:
            return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
