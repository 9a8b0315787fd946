"""One slow action for many callers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Coalesced:
    """Runs `action` for many threads: a call returns after a whole run that began after the call.

    While one run is under way, all further callers share the next one. The action must be level-triggered
    (it looks at the state as it is), so a caller gets the outcome of the latest run that covers it.
    """

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._changed = threading.Condition()
        self._asked = 0
        self._done = 0
        self._running = False
        self._failure: Exception | None = None

    def __call__(self) -> None:
        with self._changed:
            self._asked += 1
            ticket = self._asked
            self._changed.wait_for(lambda: self._done >= ticket or not self._running)
            if self._done >= ticket:
                if self._failure is not None:
                    raise self._failure
                return
            self._running = True
            covers = self._asked
        self._run(covers)

    def _run(self, covers: int) -> None:
        failure: Exception | None = None
        try:
            self._action()
        except Exception as error:
            failure = error
            raise
        finally:
            with self._changed:
                self._running = False
                self._done = covers
                self._failure = failure
                self._changed.notify_all()
