"""Cache-aside: the value from the cache, else from a function that knows it, which runs once however many ask.

    prices = CacheAside(connect(Endpoint.from_environment()), "prices", ttl_seconds=60)
    price = prices.get(("EUR", 42), lambda: query_the_database("EUR", 42))

Who loads, who waits and who goes on with the value there is, is decided by dogpile.cache's lock.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .cache_entry import key_of
from .cache_load import Answer, Load, Times
from .cache_store import CacheStore, Client
from .single_flight import Flights

Value = TypeVar("Value")


@dataclass(frozen=True)
class CacheAsideStatus:
    """Whether the cache answers, and what was counted since the start.

    hits, misses: reads with and without a fresh value in the cache. loads: calls of the loader; failed_loads: those
    that raised. waits: reads that took the value of somebody else's load. refreshes: loads beside the readers. stale:
    reads answered with an old value as loading failed. errors: calls that the cache failed; skipped: calls not made,
    as the cache was away a moment ago.
    """

    away: bool
    last_error: str | None
    hits: int = 0
    misses: int = 0
    loads: int = 0
    failed_loads: int = 0
    waits: int = 0
    refreshes: int = 0
    stale: int = 0
    errors: int = 0
    skipped: int = 0


class CacheAside:
    """Reads through a cache of either engine; safe to use from threads and after a fork.

    Of all who ask for a value that is not there, in all processes, one loads it and the others wait for that; shortly
    before a value expires one reader's process loads it anew in a thread, and nobody waits. While the cache is away
    every process loads for itself, once at a time for a key. Values are typed JSON, see typed_json. Arguments:

    namespace: the beginning of every key, to keep applications apart; version: raise it when values change shape.
    ttl_seconds: how long a value is fresh; shorter by up to the share `jitter`, so that values do not expire together.
    refresh_ahead: the last share of that time, in which a value is loaded anew beside its readers; 0 turns it off.
    negative_ttl_seconds: the same for None, "there is no such thing"; 0 keeps none.
    stale_seconds: how much longer a value serves when loading fails; 0 turns it off.
    retry_seconds: how long a stale value serves until loading is tried again.
    wait_seconds: how long to wait for somebody else's load before loading here; what the cache itself may take is the
        client's deadline per call.
    lease_seconds: after this time a load elsewhere counts as dead.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        *,
        version: int = 1,
        ttl_seconds: float = 60.0,
        jitter: float = 0.1,
        refresh_ahead: float = 0.2,
        negative_ttl_seconds: float = 5.0,
        stale_seconds: float = 300.0,
        retry_seconds: float = 1.0,
        wait_seconds: float = 5.0,
        lease_seconds: float = 30.0,
    ) -> None:
        if not namespace or len(namespace) > 100 or not namespace.isascii() or not namespace.isprintable():
            raise ValueError(f"namespace must be 1-100 printable characters of ASCII, got {namespace!r}")
        if " " in namespace:
            raise ValueError(
                f"namespace must be without spaces, which Memcached takes in no key, got {namespace!r}"
            )
        self._namespace, self._version = namespace, version
        self.times = Times(
            ttl_seconds,
            jitter,
            refresh_ahead,
            negative_ttl_seconds,
            stale_seconds,
            retry_seconds,
            wait_seconds,
            lease_seconds,
        )
        self._client = client
        self._start()
        _live.add(self)

    def get(self, key: Any, load: Callable[[], Value]) -> Value:
        """The value of the cache, else what `load` returns, which is kept. Raises what `load` raises.

        `key` is text, a number or a tuple of such; it is hashed. Raises TypeError when the value, or the key, is of a
        type that cannot be kept.
        """
        return self.answer(key, load).value

    def answer(self, key: Any, load: Callable[[], Any]) -> Answer:
        """Like `get`: the value with where it came from and how long the cache still has it."""
        name = key_of(self._namespace, self._version, key)
        entry = self.store.read(name)
        if entry is not None and time.time() < entry.fresh_until:
            self.store.count("hits")
            if time.time() >= entry.refresh_at:
                Load(self.store, self.times, name, load, entry).run()
            return self.times.answer(entry, entry.value)
        self.store.count("misses")
        # Its patience begins here: who waited for a thread of this process does not wait as long for another one's.
        work = Load(self.store, self.times, name, load, entry).run
        return self._flights.run(name, work, self.times.wait, lambda: self.store.count("waits"))

    def put(self, key: Any, value: Any) -> None:
        """Store a value that was not loaded here. Raises CacheError when the cache does not take it."""
        entry = self.times.entry(value)
        name = key_of(self._namespace, self._version, key)
        self._client.set(name, entry.to_bytes(), ttl_seconds=max(0.001, entry.stale_until - time.time()))

    def forget(self, key: Any) -> bool:
        """Remove a value; whether it was there. Raises CacheError when the cache does not answer, as it may remain.

        A load that is under way meanwhile may still store what it read before; that lives for its time.
        """
        return self._client.delete(key_of(self._namespace, self._version, key))

    @property
    def status(self) -> CacheAsideStatus:
        """Whether the cache answers, and the counters; never waits."""
        return CacheAsideStatus(self.store.is_away, self.store.last_error, **self.store.counts())

    def restart_in_child(self) -> None:
        """After a fork: locks and threads belong to the parent; the child counts for itself."""
        self._start()

    def _start(self) -> None:
        self.store = CacheStore(self._client)
        self._flights = Flights()


_live: weakref.WeakSet[CacheAside] = weakref.WeakSet()


def _restart_all() -> None:
    for aside in list(_live):
        aside.restart_in_child()


os.register_at_fork(after_in_child=_restart_all)
