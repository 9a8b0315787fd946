"""One execution environment of a function: a read-only root, the runtime client in it, and what it writes."""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .image import TOOLS
from .roots import Root
from .runtime_api import Invocation, RuntimeApi

INIT_SECONDS = 10.0
RUNTIME = (f"{TOOLS}/python/bin/python3", "-m", "awslambdaric")
STEP_SECONDS = 0.02


@dataclass
class Answer:
    """What one invocation came to. `error` is Lambda's word for the kind of failure, None where there was none.

    `init_ms` and `start_log` (lines written before the first event) are those of a new environment. A line of a
    log is (time, text); `stream` is the name of the environment's log stream.
    """

    request_id: str
    payload: bytes
    error: str | None
    duration_ms: float
    init_ms: float | None
    memory_mib: int
    stream: str
    start_log: list[tuple[float, str]]
    log: list[tuple[float, str]]


class Environment:
    """Started with the first event that it serves, used again for the next ones until it is ended."""

    def __init__(self, root: Root, api: RuntimeApi, handler: str, variables: Mapping[str, str]) -> None:
        self.root = root
        self._api = api
        self._stream = variables["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._lines: list[tuple[float, str]] = []
        self._partial = b""
        self._reading = threading.Lock()
        values = {**variables, "AWS_LAMBDA_RUNTIME_API": api.address, "_HANDLER": handler}
        self._started: float | None = time.monotonic()
        self._process = root.popen(
            [*RUNTIME, handler],
            user="sbx_user1051",
            env=values,
            cwd="/var/task",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
        threading.Thread(target=self._collect, name="function-log", daemon=True).start()

    def invoke(self, request_id: str, event: bytes, timeout_seconds: float) -> Answer:
        """Serve one event; afterwards `usable` tells whether there may be another."""
        init_ms, start_log, failure = None, [], None
        if self._started is not None:
            failure = self._await_start(request_id)
            init_ms, self._started = (time.monotonic() - self._started) * 1000, None
            start_log = self._taken_lines()
        started = time.monotonic()
        invocation = Invocation(request_id, event, started + timeout_seconds)
        if failure is None:
            self._api.submit(invocation)
            failure = self._await_answer(invocation, timeout_seconds)
        duration_ms = (time.monotonic() - started) * 1000
        failed = failure is not None or invocation.outcome == "error"
        return Answer(
            request_id=request_id,
            payload=invocation.body if failure is None else failure,
            error="Unhandled" if failed else None,
            duration_ms=duration_ms,
            init_ms=init_ms,
            memory_mib=self._memory_mib(),
            stream=self._stream,
            start_log=start_log,
            log=self._taken_lines(),
        )

    @property
    def usable(self) -> bool:
        """Whether the runtime is there for another event."""
        return self.root.running and self._process.poll() is None and self._api.init_error is None

    def end(self) -> None:
        """Stop the runtime and delete its root."""
        self.root.remove()
        self._process.wait()
        self._api.close()

    def _await_start(self, request_id: str) -> bytes | None:
        deadline = time.monotonic() + INIT_SECONDS
        while not self._api.ready.wait(STEP_SECONDS):
            if self._process.poll() is not None:
                return self._exited(request_id)
            if time.monotonic() > deadline:
                self.root.stop()
                return _error(
                    "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after 10.00 seconds"
                )
        return self._api.init_error

    def _await_answer(self, invocation: Invocation, timeout_seconds: float) -> bytes | None:
        while not invocation.done.wait(max(0.0, min(STEP_SECONDS, invocation.deadline - time.monotonic()))):
            if self._process.poll() is not None and not invocation.done.wait(STEP_SECONDS):
                return self._exited(invocation.request_id)
            if time.monotonic() >= invocation.deadline:
                self.root.stop()
                text = f"RequestId: {invocation.request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
                return _error("Sandbox.Timedout", text)
        return None

    def _exited(self, request_id: str) -> bytes:
        code = self._process.wait()
        how = f"signal: {-code}" if code < 0 else f"exit status {code}"
        return _error("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {how}")

    def _taken_lines(self) -> list[tuple[float, str]]:
        self._read(last=not self.usable)
        with self._reading:
            lines, self._lines = self._lines, []
        return lines

    def _collect(self) -> None:
        descriptor = self._process.stdout.fileno()
        while select.select([descriptor], [], [])[0] and self._read():
            pass

    def _read(self, last: bool = False) -> bool:
        """Take what is in the pipe; what the runtime wrote before it answered is there by then."""
        with self._reading:
            while True:
                try:
                    data = os.read(self._process.stdout.fileno(), 1 << 16)
                except BlockingIOError:
                    break
                except (OSError, ValueError):
                    return False
                if not data:
                    return False
                *lines, self._partial = (self._partial + data).split(b"\n")
                self._lines += [(time.time(), _text(line)) for line in lines]
            if last and self._partial:
                self._lines.append((time.time(), _text(self._partial)))
                self._partial = b""
        return True

    def _memory_mib(self) -> int:
        """The runtime's peak, as the kernel counts it."""
        try:
            entered = self._process.pid  # nsenter, which waits for the runtime as its only child
            runtime = Path(f"/proc/{entered}/task/{entered}/children").read_text().split()
            status = Path(f"/proc/{runtime[0]}/status").read_text() if runtime else ""
        except (FileNotFoundError, ProcessLookupError):
            return 0
        peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak[0]) // 1024 if peak else 0


def _text(line: bytes) -> str:
    """A line as it stands in the log: the runtime joins a traceback by \\r and indents it with no-break spaces."""
    return line.decode("utf-8", "replace").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
