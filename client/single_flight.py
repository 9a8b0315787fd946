"""One thread of a process does the work, and the others that ask for the same take its result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

Result = TypeVar("Result")


class Flights:
    """Work under way by name. Safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Any]] = {}

    def run(
        self, name: str, work: Callable[[], Result], wait_seconds: float, joined: Callable[[], None]
    ) -> Result:
        """The result of `work`, or of the one under way under this name; its exception too.

        Whoever joined is told by `joined`, and does the work itself after `wait_seconds`, or when the thread that
        did it was interrupted.
        """
        mine: Future[Any] = Future()
        with self._lock:
            flight = self._flights.setdefault(name, mine)
        if flight is mine:
            return self._lead(name, work, mine)
        joined()
        wait([flight], wait_seconds)
        if not flight.done() or flight.cancelled():
            return work()
        return flight.result()

    def _lead(self, name: str, work: Callable[[], Result], flight: Future[Any]) -> Result:
        try:
            result = work()
        except Exception as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            flight.cancel()  # does nothing but after an interruption, which is this thread's alone
            with self._lock:
                self._flights.pop(name, None)
