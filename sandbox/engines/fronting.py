"""The front of a node (`sandbox.front`), as the daemon starts it and talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from ..front.settings import CONTROL
from .admin import unix_connection
from .errors import EngineError
from .files import LOG, log_tail
from .launcher import Launcher, Process

START_SECONDS = 10.0
STOP_SECONDS = 2.0
CHANGE_SECONDS = 2.0
# Neither the environment nor the packages installed here: the standard library and the front's own package.
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.front.__main__ import main; main()"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Front:
    """The front of one node, where it has one: `process` is None where not."""

    def __init__(self, launcher: Launcher, host_id: str, directory: str) -> None:
        self.process: Process | None = None
        self._launcher = launcher
        self._host_id = host_id
        self._directory = directory

    def start(self, settings: dict[str, Any], free_port: Callable[[], None] = lambda: None) -> None:
        """Start it, and return when it listens. `free_port` is called when it waits for the port already.

        Raises EngineError, and then there is none.
        """
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self._directory}/{CONTROL}")
        argv = [sys.executable, "-I", "-S", "-c", PROGRAM, ROOT]
        log = f"{self._directory}/{LOG}"
        process = self._launcher.start(self._host_id, argv, log, json.dumps(settings))
        try:
            free_port()
            self._await_answer(process)
        except EngineError:
            _end(process)
            raise
        self.process = process

    def change(self, change: dict[str, Any]) -> None:
        """Tell it something new; raises EngineError when it does not take it."""
        try:
            with unix_connection(f"{self._directory}/{CONTROL}", CHANGE_SECONDS) as connection:
                connection.sendall(json.dumps(change).encode() + b"\n")
                answer = connection.recv(16)
        except OSError as error:
            raise EngineError(f"the front does not answer: {error}") from error
        if answer != b"ok\n":
            raise EngineError("the front refused a change; see its log")

    def end(self) -> None:
        """End it, and every connection through it; it is no error when there is none."""
        process, self.process = self.process, None
        if process is not None:
            _end(process)

    def _await_answer(self, process: Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.change({})
                return
            except EngineError:
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = log_tail(self._directory)
                    raise EngineError(f"the front does not listen; the end of its log:\n{tail}") from None
                time.sleep(0.005)


def _end(process: Process) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(STOP_SECONDS)
