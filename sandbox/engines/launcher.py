"""Where a node's processes start: on its host, by whoever owns the hosts; or right here."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from typing import Any, Protocol


class Process(Protocol):
    """What is needed of a running process (subprocess.Popen has it)."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


class Launcher(Protocol):
    """Starts processes on hosts, and tries connections from there."""

    def start(self, host_id: str, argv: list[str], log: str, text: str = "") -> Process:
        """Start at once, with `text` as standard input and the output appended to the file `log`."""
        ...

    def listens(self, host_id: str, address: str, port: int) -> bool:
        """Whether something accepts connections there, seen from the host itself."""
        ...


class LocalLauncher:
    """Starts processes in the caller's own network namespace: for tests on loopback addresses."""

    def start(self, host_id: str, argv: list[str], log: str, text: str = "") -> Process:
        """Start `argv`; the host is not looked at."""
        return spawn(argv, log, text)

    def listens(self, host_id: str, address: str, port: int) -> bool:
        """Try it from here."""
        return accepts(address, port)


def spawn(argv: list[str], log: str, text: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process in the folder of its log. `text` must fit into a pipe (64 KiB), so that writing never waits."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=os.path.dirname(log), **options
        )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(text.encode())
    return process


def accepts(address: str, port: int) -> bool:
    """Whether a connection can be made in this network."""
    try:
        with socket.create_connection((address, port), 1.0):
            return True
    except OSError:
        return False
