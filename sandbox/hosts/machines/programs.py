"""Run one program on a machine to its end: bounded output, a time limit, everything it started ended with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from .roots import Root, environment

RUN_AND_FORGET = '$3 "$1/_script.sh" </dev/null; code=$?; rm -rf "$1"; exit $code'
# What stays after the end holds a pipe open only if it left the program's process group.
DRAIN_SECONDS = 0.5


@dataclass(frozen=True)
class Result:
    """How a program ended. `code` is None when the time limit ended it."""

    code: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.code is None


class _Reader(threading.Thread):
    """Keeps the first `limit` bytes of a pipe and drains the rest, so that the writer never blocks."""

    def __init__(self, pipe: IO[bytes], limit: int) -> None:
        super().__init__(daemon=True)
        self._pipe, self._limit, self._kept = pipe, limit, bytearray()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed under it when the writer outlived its program
            while data := os.read(self._pipe.fileno(), 1 << 16):
                self._kept += data[: max(0, self._limit - len(self._kept))]

    def text(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")


def run(
    root: Root,
    argv: list[str],
    *,
    stdin: bytes = b"",
    user: str = "root",
    env: Mapping[str, str] | None = None,
    timeout_seconds: float = 60.0,
    limits: tuple[int, int] = (1 << 20, 1 << 20),
) -> Result:
    """Run `argv` on the machine; `limits` are the bytes kept of standard output and error."""
    started = time.monotonic()
    pipe = subprocess.PIPE
    values = environment(user) if env is None else env
    process = root.popen(argv, user=user, env=values, stdin=pipe, stdout=pipe, stderr=pipe)
    readers = [_Reader(process.stdout, limits[0]), _Reader(process.stderr, limits[1])]
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(stdin)
    code = _wait(process, readers, timeout_seconds)
    seconds = time.monotonic() - started
    for reader, stream in zip(readers, (process.stdout, process.stderr), strict=True):
        reader.join(DRAIN_SECONDS)
        if not reader.is_alive():
            stream.close()
    return Result(code, readers[0].text(), readers[1].text(), seconds)


def _wait(process: subprocess.Popen[bytes], readers: list[_Reader], timeout_seconds: float) -> int | None:
    """Until the program ended and its pipes are closed, as the agent of Amazon waits; None at the time limit."""
    deadline = time.monotonic() + timeout_seconds
    try:
        code = process.wait(timeout_seconds)
        for reader in readers:
            reader.join(max(0.0, deadline - time.monotonic()))
        return code if code >= 0 else 128 - code  # as a shell tells of a signal
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def run_script(
    root: Root,
    script: str,
    *,
    folder: str,
    interpreter: str = "",
    keep: bool = False,
    cwd: str = "/",
    user: str = "root",
    env: Mapping[str, str] | None = None,
    timeout_seconds: float = 60.0,
    limits: tuple[int, int] = (1 << 20, 1 << 20),
) -> Result:
    """Write `script` to a file in `folder` on the machine and run it, so that its first line chooses its shell.

    The text travels on standard input: nothing of it can be read in a list of processes. With `keep` the file stays.
    """
    place = 'mkdir -p "$1" && (umask 077; cat >"$1/_script.sh") && chmod 700 "$1/_script.sh" && cd "$2" || exit 125\n'
    start = place + ('exec $3 "$1/_script.sh" </dev/null' if keep else RUN_AND_FORGET)
    argv = ["/bin/sh", "-c", start, "sh", folder, cwd, interpreter]
    return run(
        root, argv, stdin=script.encode(), user=user, env=env, timeout_seconds=timeout_seconds, limits=limits
    )
