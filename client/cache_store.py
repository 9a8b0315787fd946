"""The cache as CacheAside sees it: it answers, or it is away, and never stands in the way of the loader."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol, TypeVar

from .cache_entry import Entry
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused

Answer = TypeVar("Answer")

_PAUSE_SECONDS = 1.0  # without the cache, until one call tries it again: else each would cost its deadline


class Client(Protocol):
    """What is used of RedisClient and MemcachedClient."""

    @property
    def endpoint(self) -> Endpoint:
        """Where the cache is."""
        ...

    def get(self, key: str) -> bytes | None:
        """The value."""
        ...

    def set(self, key: str, value: bytes, ttl_seconds: float | None = None) -> None:
        """Store the value."""
        ...

    def add(self, key: str, value: bytes, ttl_seconds: float | None = None) -> bool:
        """Store the value if there is none."""
        ...

    def delete(self, key: str) -> bool:
        """Remove the key."""
        ...


class CacheStore:
    """Reads and writes entries; what fails is counted under `errors`, and reads as nothing there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.last_error: str | None = None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._away = False
        # Of a Memcached cluster one node may be away; its client knows, and fails at once for the keys of that node.
        self._pause_seconds = 0.0 if client.endpoint.engine == "memcached" else _PAUSE_SECONDS

    @property
    def is_away(self) -> bool:
        """Whether the last call got no answer."""
        return self._away

    def count(self, name: str) -> None:
        """Add one to a counter."""
        with self._lock:
            self._counts[name] += 1

    def counts(self) -> Counter[str]:
        """The counters as they are now."""
        with self._lock:
            return self._counts.copy()

    def read(self, name: str) -> Entry | None:
        """The entry; None when there is none, it cannot be read, or the cache is away."""
        data = self._ask(lambda: self.client.get(name), None)
        if data is None:
            return None
        try:
            return Entry.from_bytes(data)
        except ValueError as error:
            self._failed(f"{name}: {error}")
            return None

    def write(self, name: str, entry: Entry) -> bool:
        """Store the entry for as long as it may serve; whether it is there. Raises TypeError for a value not kept."""
        data, seconds = entry.to_bytes(), entry.stale_until - time.time()

        def store() -> bool:
            self.client.set(name, data, ttl_seconds=max(0.001, seconds))
            return True

        return seconds > 0 and self._ask(store, False)

    def take(self, name: str, mark: bytes, seconds: float) -> bool | None:
        """Put a mark where none is, for that long: True, or False where one is; None when the cache is away."""
        return self._ask(lambda: self.client.add(name, mark, ttl_seconds=seconds), None)

    def give_back(self, name: str, mark: bytes) -> None:
        """Remove our mark.

        Reading and removing are two steps: a mark that another client put between them goes too, which costs one
        load more and nothing else.
        """

        def remove() -> None:
            if self.client.get(name) == mark:
                self.client.delete(name)

        self._ask(remove, None)

    def _ask(self, call: Callable[[], Answer], otherwise: Answer) -> Answer:
        if time.monotonic() < self._not_before:
            self.count("skipped")
            return otherwise
        try:
            answer = call()
        except CacheError as error:
            self._failed(f"{type(error).__name__}: {error}")
            if not (isinstance(error, CacheRefused) and error.stage in ("reply", "key")):
                self._away, self._not_before = True, time.monotonic() + self._pause_seconds
            return otherwise
        self._away = False
        return answer

    def _failed(self, what: str) -> None:
        self.last_error = what
        self.count("errors")
