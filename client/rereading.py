"""Reading the connection parameter again, beside the calls: a token was rotated, or the cache replaced."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from time import monotonic

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 10.0  # Parameter Store serves 40 reads a second to the whole account


class Rereading:
    """Reads the endpoint again in a thread, one at a time and ever more rarely while it stays the same.

    `adopt` is called in that thread with each endpoint that differs from the one before. Safe to use from threads.
    """

    def __init__(
        self, current: Endpoint, read: Callable[[], Endpoint] | None, adopt: Callable[[Endpoint], None]
    ) -> None:
        self._current = current
        self._read = read
        self._adopt = adopt
        self._lock = threading.Lock()
        self._under_way: threading.Event | None = None
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self.error: CacheError | None = None

    @property
    def current(self) -> Endpoint:
        """The endpoint as last read."""
        return self._current

    def start(self) -> threading.Event | None:
        """Begin to read, or join; the event is set at the end. None when there is nothing to read or it is too soon."""
        with self._lock:
            if self._read is None or (self._under_way is None and monotonic() < self._not_before):
                return None
            if self._under_way is None:
                self._under_way = threading.Event()
                threading.Thread(
                    target=self._run, args=(self._read,), name="reread endpoint", daemon=True
                ).start()
            return self._under_way

    def differs_from(self, used: Endpoint, deadline: Deadline) -> bool:
        """Whether there is another endpoint than the one used; reads it if that may be, within the deadline."""
        if self._current is used:
            under_way = self.start()
            if under_way is not None:
                under_way.wait(deadline.remaining())
        return self._current is not used

    def _run(self, read: Callable[[], Endpoint]) -> None:
        try:
            fresh = read()
            self.error = None
            if fresh != self._current:
                self._pause_seconds = _FIRST_PAUSE_SECONDS
                self._adopt(fresh)
                self._current = fresh
        except CacheError as error:
            self.error = error  # the endpoint in hand stays; the call that asked tells its own failure
        finally:
            self._finish()

    def _finish(self) -> None:
        with self._lock:
            under_way, self._under_way = self._under_way, None
            self._not_before = monotonic() + self._pause_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        if under_way is not None:
            under_way.set()
