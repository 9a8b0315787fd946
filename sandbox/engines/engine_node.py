"""What every node is: a server process on a host, with a front before it where it needs one."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from .errors import EngineError
from .files import log_tail
from .fronting import Front
from .launcher import Launcher, Process

START_SECONDS = 10.0
STOP_SECONDS = 2.0


class EngineNode(ABC):
    """A node that is started once per life of its processes; `start` again after they ended."""

    def __init__(self, node_id: str, host_id: str, directory: str, launcher: Launcher) -> None:
        self.node_id = node_id
        self.host_id = host_id
        self.directory = directory
        self._disturbance: dict[str, Any] = {}
        self._launcher = launcher
        self._process: Process | None = None
        self._front = Front(launcher, host_id, directory)
        self._watching = threading.Lock()
        os.makedirs(directory, mode=0o700, exist_ok=True)

    @property
    def running(self) -> bool:
        """Whether its processes exist; frozen ones do."""
        return self._process is not None and all(process.poll() is None for process in self._processes)

    @abstractmethod
    def state(self, timeout: float) -> dict[str, object]:
        """Whether it runs and answers within `timeout`, and then its role and what belongs to that."""

    def signal(self, name: str) -> None:
        """Send SIG`name`; after KILL the processes are gone when this returns."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(getattr(signal, f"SIG{name}"))
                if name == "KILL":
                    process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the processes at once; nothing on them needs saving."""
        self._front.end()
        self.signal("KILL")
        self._process = None

    def remove(self) -> None:
        """Stop, and leave no file."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def _processes(self) -> list[Process]:
        return [process for process in (self._process, self._front.process) if process is not None]

    def _await_answer(self, answers: Callable[[], bool]) -> None:
        """Wait until the server that was started answers; one that does not is stopped."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                tail = log_tail(self.directory)
                self.stop()
                raise EngineError(f"node {self.node_id} did not start; the end of its log:\n{tail}")
            time.sleep(0.005)

    def _start_front(self, settings: dict[str, Any]) -> None:
        """Start the front before a server that runs; without it the server is stopped, too."""
        try:
            self._front.start(settings)
        except EngineError:
            self.stop()
            raise
