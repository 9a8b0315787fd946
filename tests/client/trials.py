"""A client under load through a fault: threads that know what they were promised, and the account at the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from client import CacheError, CacheRefused, OutcomeUnknown
from client.memcached_client import MemcachedClient
from client.redis_client import RedisClient

DEADLINE_SECONDS = 0.25
KEYS = 8


class Outcome(NamedTuple):
    """When a call began and ended, and the name of its error, empty when it succeeded."""

    began: float
    ended: float
    error: str


@dataclass
class Account:
    """One row of the table. Times are in seconds; `recovery` is None where the cause was there all along."""

    calls: int
    longest: float
    errors: dict[str, int]
    lost: int
    doubled: int
    unknown: int
    stale: int
    strangers: list[str] = field(default_factory=list)
    recovery: float | None = None


class Load:
    """Threads that count, write and read through one client, each with keys of its own.

    `read` is how a value is read; with `reads_are_fresh` one that is older than the last acknowledged is stale.
    """

    def __init__(
        self,
        cache: RedisClient | MemcachedClient,
        threads: int = 2,
        pause_seconds: float = 0.004,
        read: Callable[[str], bytes | None] | None = None,
        reads_are_fresh: bool = True,
    ) -> None:
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._workers = [
            _Worker(cache, number, read or cache.get, reads_are_fresh) for number in range(threads)
        ]
        self._threads = [threading.Thread(target=self._run, args=(worker,)) for worker in self._workers]
        for thread in self._threads:
            thread.start()

    @property
    def keys(self) -> list[str]:
        """The keys of the values written so far."""
        return [key for worker in self._workers for key in list(worker.floors)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """No call is under way inside; the next ones follow at its end."""
        for worker in self._workers:
            worker.turn.acquire()
        try:
            yield
        finally:
            for worker in self._workers:
                worker.turn.release()

    def wait_for_calls(self, count: int, seconds: float = 30) -> None:
        """Wait until so many calls were made in all."""
        ends = time.monotonic() + seconds
        while sum(len(worker.outcomes) for worker in self._workers) < count:
            assert time.monotonic() < ends, f"not {count} calls in {seconds} s"
            time.sleep(0.01)

    def wait_for_recovery(self, since: float, seconds: float = 20) -> None:
        """Wait until every thread has gone once around its keys without an error."""
        ends = time.monotonic() + seconds
        while not all(worker.is_well(since) for worker in self._workers):
            assert time.monotonic() < ends, f"no recovery in {seconds} s: {self._workers[0].outcomes[-1]}"
            time.sleep(0.01)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def account(self, held_there: Callable[[str], bytes | None], cause_ended: float | None = None) -> Account:
        """Stop, and compare what was promised with what is there."""
        self.stop()
        outcomes = [outcome for worker in self._workers for outcome in worker.outcomes]
        lost = doubled = 0
        for worker in self._workers:
            for key, floor in worker.floors.items():
                found = held_there(key)
                lost += found is None or int(found) < floor
            for key, counted in worker.counted.items():
                there = int(held_there(key) or 0)
                lost += max(0, counted - there)
                doubled += max(0, there - counted - worker.doubtful[key])
        return Account(
            calls=len(outcomes),
            longest=max(outcome.ended - outcome.began for outcome in outcomes),
            errors=dict(Counter(outcome.error for outcome in outcomes if outcome.error)),
            lost=lost,
            doubled=doubled,
            unknown=sum(outcome.error == "OutcomeUnknown" for outcome in outcomes),
            stale=sum(worker.stale for worker in self._workers),
            strangers=[stranger for worker in self._workers for stranger in worker.strangers],
            recovery=cause_ended and max(worker.recovery(cause_ended) for worker in self._workers),
        )

    def _run(self, worker: _Worker) -> None:
        while not self._stopping.is_set():
            with worker.turn:
                worker.work()
            time.sleep(self._pause_seconds)


class _Worker:
    """One thread's keys and what it was promised of them."""

    def __init__(
        self,
        cache: RedisClient | MemcachedClient,
        number: int,
        read: Callable[[str], bytes | None],
        reads_are_fresh: bool,
    ) -> None:
        self.turn = threading.Lock()
        self.outcomes: list[Outcome] = []
        self.floors: dict[str, int] = {}
        self.counted: Counter[str] = Counter()
        self.doubtful: Counter[str] = Counter()
        self.stale = 0
        self.strangers: list[str] = []
        self._cache = cache
        self._number = number
        self._read = read
        self._reads_are_fresh = reads_are_fresh
        self._rounds = 0

    def work(self) -> None:
        """Count and write at one of the keys, and read another one, which was written some rounds before."""
        self._rounds += 1
        here, there = (f"{self._number}:{(self._rounds + away) % KEYS}" for away in (0, KEYS // 2))
        counter, key, other = f"counter:{here}", f"value:{here}", f"value:{there}"
        _, error = self._call(lambda: self._cache.increment(counter))
        self.counted[counter] += not error
        self.doubtful[counter] += error == "OutcomeUnknown"
        _, error = self._call(lambda: self._cache.set(key, str(self._rounds)))
        if not error:
            self.floors[key] = self._rounds
        value, _ = self._call(lambda: self._read(other))
        if value is not None and self._reads_are_fresh:
            self.stale += int(value) < self.floors.get(other, 0)

    def is_well(self, since: float) -> bool:
        """Whether the last calls, all of them begun after that moment, succeeded at every key."""
        last = self.outcomes[-3 * KEYS :]
        return len(last) == 3 * KEYS and all(o.began > since and not o.error for o in last)

    def recovery(self, cause_ended: float) -> float:
        """Seconds from the end of the cause to the first success after the last failure."""
        failed = [outcome.ended for outcome in self.outcomes if outcome.error]
        well_after = max([cause_ended, *failed])
        return min(o.ended for o in self.outcomes if not o.error and o.ended > well_after) - cause_ended

    def _call(self, call: Callable[[], Any]) -> tuple[Any, str]:
        began, error, result = time.monotonic(), "", None
        try:
            result = call()
        except OutcomeUnknown:
            error = "OutcomeUnknown"
        except CacheRefused as refusal:
            error = f"CacheRefused {refusal.code}"
        except CacheError as failure:
            error = type(failure).__name__
        except Exception as stranger:  # noqa: BLE001 - that there is none is what is tried
            error = type(stranger).__name__
            self.strangers.append(repr(stranger))
        self.outcomes.append(Outcome(began, time.monotonic(), error))
        return result, error
