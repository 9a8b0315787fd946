"""Linux namespaces from Python: the system calls that `os` has only from 3.12 on, and the commands that run inside."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from .errors import HostsError

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
NAMED = Path("/run/netns")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

T = TypeVar("T")
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the given namespaces for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def set_namespace(descriptor: int, kind: int) -> None:
    """Move the calling thread into a namespace."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    result = _libc.mount(*encoded, ctypes.c_ulong(flags), data.encode() if data is not None else None)
    _checked(result, f"mount {target}")


def set_process_option(option: int, value: int) -> None:
    """prctl(2) with one value."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def in_network(name: str, function: Callable[[], T]) -> T:
    """Run a function on a thread that has joined the named network; a socket or child it makes stays there."""
    box: list[T] = []
    failures: list[BaseException] = []

    def body() -> None:
        try:
            descriptor = os.open(NAMED / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                set_namespace(descriptor, CLONE_NEWNET)
            finally:
                os.close(descriptor)
            box.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=body, name=f"in-{name}")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return box[0]


def command(argv: Sequence[str], text: str = "") -> str:
    """Run a command of the system; its standard output, or HostsError with what it said."""
    done = subprocess.run(
        argv, input=text, text=True, capture_output=True, check=False, env={"PATH": PATH, "LANG": "C.UTF-8"}
    )
    if done.returncode:
        raise HostsError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def ip_batch(lines: Sequence[str], name: str | None = None) -> None:
    """Run lines of `ip`, in the named network or in the daemon's own."""
    if lines:
        command(["ip", *(["-n", name] if name else []), "-batch", "-"], "\n".join(lines) + "\n")


def discard(names: Sequence[str]) -> None:
    """Delete those of the named networks that exist."""
    for name in names:
        if (NAMED / name).exists():
            command(["ip", "netns", "delete", name])


def nft(name: str, text: str) -> None:
    """Load nft text in the named network as one transaction."""
    in_network(name, lambda: command(["nft", "-f", "-"], text))


def listen(name: str, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A bound socket in the named network (TCP: listening)."""

    def make() -> socket.socket:
        endpoint = socket.socket(socket.AF_INET, kind)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        endpoint.bind((address, port))
        if kind == socket.SOCK_STREAM:
            endpoint.listen(128)
        return endpoint

    return in_network(name, make)
