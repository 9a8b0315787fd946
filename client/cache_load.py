"""One load of a value for CacheAside: whether to load here, to wait, or to go on with the value there is."""

from __future__ import annotations

import copy
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dogpile import Lock, NeedRegenerationException

from .cache_entry import Entry
from .cache_store import CacheStore

_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.002, 0.02  # how far a waiter may be behind the load
_POLLS_PER_TRY = 4  # the lock of a client that failed or died is looked at more rarely than the value


@dataclass(frozen=True)
class Times:
    """How long values live and how long anybody waits; seconds, or a share of the time to live."""

    ttl: float
    jitter: float
    refresh_ahead: float
    negative_ttl: float
    stale: float
    retry: float
    wait: float
    lease: float

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be at least 0, got {number}" for name, number in vars(self).items() if number < 0
        ]
        problems += [
            f"{name} must be less than 1, got {getattr(self, name)}"
            for name in ("jitter", "refresh_ahead")
            if getattr(self, name) >= 1
        ]
        problems += [f"{name} must be more than 0" for name in ("ttl", "lease") if getattr(self, name) == 0]
        if problems:
            raise ValueError("; ".join(problems))

    def entry(self, value: Any) -> Entry:
        """A value loaded now, with its times."""
        now = time.time()
        ttl = self.negative_ttl if value is None else self.ttl
        lifetime = ttl * (1 - self.jitter * random.random())  # noqa: S311 - spreads expiries
        fresh_until = now + lifetime
        return Entry(
            value, fresh_until - lifetime * self.refresh_ahead, fresh_until, fresh_until + self.stale
        )

    def answer(self, entry: Entry | None, value: Any, loaded: bool = False) -> Answer:
        """The value of an entry, or one that the cache does not hold, with how it came."""
        if entry is None:
            return Answer(value, "loaded", None)
        # A value whose loading failed is given a little more time; what it has left after that is less.
        is_old = entry.stale_until - entry.fresh_until < self.stale - 0.001
        source = "loaded" if loaded else "stale" if is_old else "cache"
        return Answer(value, source, max(0.0, entry.fresh_until - time.time()))


@dataclass(frozen=True)
class Answer:
    """A value and how it came.

    source: `cache`; `loaded`, by this reader or one whose load it waited for in its process; or `stale`, an old value
    from the cache as loading fails. seconds_left: for how long the cache has it fresh; None when it does not hold it.
    """

    value: Any
    source: str
    seconds_left: float | None


class Load:
    """One load: the mutex and the functions that dogpile's lock wants, with what they share."""

    def __init__(
        self, store: CacheStore, times: Times, name: str, load: Callable[[], Any], entry: Entry | None
    ) -> None:
        self._store, self._times = store, times
        self._name, self._load = name, load
        self._entry = entry
        self._is_current = True  # whether the entry was read just now
        self._loaded = False
        self._mark: bytes | None = None
        self._patient_until = time.monotonic() + times.wait

    def run(self) -> Answer:
        """The value: from the cache, from elsewhere, or loaded."""
        # The time that counts as the value's creation is its `refresh_at`: it is expired at once when that has come.
        lock: Any = Lock(self, self._create, self._known, 0, self._create_beside)
        with lock as value:
            return self._times.answer(self._entry, value, self._loaded)

    def acquire(self, wait: bool = True) -> bool:
        """Whether to load here; with `wait`, returns when it is so or somebody else has loaded."""
        pause, polls = _FIRST_POLL_SECONDS, 0
        while True:
            if polls % _POLLS_PER_TRY == 0:
                mark = uuid.uuid4().hex.encode()
                taken = self._store.take(f"{self._name}:load", mark, self._times.lease)
                if taken:
                    self._mark = mark
                if taken is not False:  # without the cache there is nobody to wait for
                    return True
            if not wait or time.monotonic() > self._patient_until:
                return wait
            time.sleep(pause * random.uniform(0.7, 1))  # noqa: S311 - spreads the questions
            pause, polls = min(2 * pause, _LONGEST_POLL_SECONDS), polls + 1
            if self._read_again():
                self._store.count("waits")
                return True

    def release(self) -> None:
        """Let others load, where this client was to do it."""
        if self._mark is not None:
            self._store.give_back(f"{self._name}:load", self._mark)

    def _known(self) -> tuple[Any, float]:
        if not self._is_current:
            self._read_again()
        self._is_current = False
        if self._entry is None or time.time() >= self._entry.fresh_until:
            raise NeedRegenerationException()
        return self._entry.value, self._entry.refresh_at

    def _read_again(self) -> bool:
        """Whether there is a fresh value now; else the stale one from before is kept."""
        found = self._store.read(self._name)
        if found is None or time.time() >= found.fresh_until:
            return False
        self._entry, self._is_current = found, True
        return True

    def _create(self) -> tuple[Any, float]:
        self._store.count("loads")
        try:
            value = self._load()
        except Exception:
            self._store.count("failed_loads")
            if self._entry is None or time.time() >= self._entry.stale_until:
                raise
            return self._serve_stale(self._entry)
        entry = self._times.entry(value)
        kept = (value is not None or self._times.negative_ttl > 0) and self._store.write(self._name, entry)
        self._entry, self._loaded = entry if kept else None, True
        return value, entry.refresh_at

    def _serve_stale(self, entry: Entry) -> tuple[Any, float]:
        """The old value, which all others get too until it is time to try again."""
        if time.time() >= entry.fresh_until:
            self._store.count("stale")
        retry_at = max(entry.fresh_until, min(time.time() + self._times.retry, entry.stale_until))
        self._entry = Entry(entry.value, retry_at, retry_at, entry.stale_until)
        self._store.write(self._name, self._entry)
        return entry.value, retry_at

    def _create_beside(self, mutex: object) -> None:
        """Load in a thread, which ends with giving the lock back; its readers have a value that is fresh still."""
        beside = copy.copy(self)  # what it finds is not what this reader is about to answer
        threading.Thread(target=beside._refresh, name="refresh a cached value", daemon=True).start()

    def _refresh(self) -> None:
        try:
            # Somebody may have refreshed it between our reading and our taking the lock.
            if not (self._read_again() and self._entry and time.time() < self._entry.refresh_at):
                self._store.count("refreshes")
                self._create()
        finally:
            self.release()
