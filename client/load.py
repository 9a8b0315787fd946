"""Load as applications make it: at a given rate whatever the cache does, each value checked as it is read.

A request that should have begun while the one before it was stuck counts from when it should have begun. A tool that
waits with it instead leaves out exactly those requests that would have been slow (coordinated omission).
"""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .endpoint import Endpoint
from .errors import CacheError, InvalidEndpoint
from .load_figures import Sample, figures
from .load_results import Load

_KEYS = 50  # per connection, each written and read by that one alone, so that it knows what has to be there
_CAPACITY_SHARE = 0.25  # of the time, to find out what the cache can do
_COMFORTABLE_SHARE = (
    0.25  # of what it can do: the rate where none is asked for, as sleeping costs the CPU too
)
_KINDS = {
    "seconds": float,
    "count": int,
    "rate": float,
    "connections": int,
    "value_bytes": int,
    "write_share": float,
    "deadline_seconds": float,
}
_TTL_SECONDS = 3600.0  # should the process be killed, nothing stays for ever


@dataclass(frozen=True)
class LoadPlan:
    """What to do: for `seconds`, or `count` requests; `rate` is requests per second, None to find a comfortable one.

    What should have begun by then, and has not `grace_seconds` later, counts as NotBegun: else a cache that answers
    nothing would be asked for as long as all the requests' deadlines together.
    """

    seconds: float = 5.0
    count: int | None = None
    rate: float | None = None
    connections: int = 4
    value_bytes: int = 100
    write_share: float = 0.1
    deadline_seconds: float = 1.0
    grace_seconds: float = 5.0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> LoadPlan:
        """The plan in a task. Raises InvalidEndpoint when a value is no number."""
        given = {**options, "seconds": options.get("maximum_seconds", cls.seconds)}
        try:
            numbers: dict[str, Any] = {
                name: kind(given[name]) for name, kind in _KINDS.items() if given.get(name) is not None
            }
        except (TypeError, ValueError) as error:
            raise InvalidEndpoint(f"bench takes numbers for {', '.join(_KINDS)}: {error}") from error
        return cls(**numbers)


def run_load(
    endpoint: Endpoint, plan: LoadPlan, where: str = "here", stop: threading.Event | None = None
) -> Load:
    """Put the load on the cache until it is over, or told to stop, and return the figures.

    Raises CacheError when the first values cannot be written.
    """
    from . import connect

    stop = stop or threading.Event()
    with connect(endpoint, plan.deadline_seconds) as client:
        prefix = f"bench:{uuid.uuid4().hex[:12]}"
        connections = [
            _Connection(client, f"{prefix}:{number}", plan, stop) for number in range(plan.connections)
        ]
        try:
            _all(connections, lambda connection: connection.prepare())
            capacity, seconds = None, plan.seconds
            if plan.rate is None:
                spent = _phase(connections, None, None, plan.seconds * _CAPACITY_SHARE)
                capacity = sum(sample.outcome == "ok" for sample in _taken(connections)) / spent
                seconds -= spent
            rate = plan.rate or max(1.0, (capacity or 0.0) * _COMFORTABLE_SHARE)
            took = _phase(connections, rate, plan.count, seconds)
            return figures(_taken(connections), where, client.library, plan, rate, capacity, took)
        finally:
            _all(connections, lambda connection: connection.clean_up())


def _phase(connections: list[_Connection], rate: float | None, count: int | None, seconds: float) -> float:
    """Let the connections work, one thread each; how long that took."""
    started = time.perf_counter()
    # Counting on is one step of the interpreter, so that the threads need no lock to share the numbers.
    numbers: Iterator[int] = itertools.count() if count is None else iter(range(count))
    _all(connections, lambda connection: connection.work(started, rate, numbers, None if count else seconds))
    return time.perf_counter() - started


def _taken(connections: list[_Connection]) -> list[Sample]:
    samples = [sample for connection in connections for sample in connection.samples]
    for connection in connections:
        connection.samples = []
    return sorted(samples)


def _all(connections: list[_Connection], call: Callable[[_Connection], object]) -> None:
    failures: list[CacheError] = []

    def run(connection: _Connection) -> None:
        try:
            call(connection)
        except CacheError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class _Connection:
    """One thread's keys, and which values may be under each of them."""

    def __init__(self, client: Any, prefix: str, plan: LoadPlan, stop: threading.Event) -> None:
        self.samples: list[Sample] = []
        self._stop = stop
        self._client = client
        self._plan = plan
        self._prefix = prefix
        self._random = random.Random(prefix)  # noqa: S311 - which key comes next
        self._possible: dict[str, set[bytes]] = {f"{prefix}:{number}": set() for number in range(_KEYS)}
        self._keys = list(self._possible)
        self._written = 0

    def prepare(self) -> None:
        for key in self._keys:
            self._write(key)

    def clean_up(self) -> None:
        for key in self._keys:
            try:
                self._client.delete(key)
            except CacheError:
                return  # the values go by themselves; the load's own figures tell that the cache is away

    def work(self, started: float, rate: float | None, numbers: Iterator[int], seconds: float | None) -> None:
        ends = (seconds or (self._plan.count or 0) / (rate or 1)) + self._plan.grace_seconds
        for number in numbers:
            began = time.perf_counter()
            intended = began if rate is None else started + number / rate
            if seconds is not None and intended - started >= seconds:
                return
            if intended > began:
                self._stop.wait(intended - began)
                began = time.perf_counter()
            if self._stop.is_set():
                return
            kind = "write" if self._random.random() < self._plan.write_share else "read"
            outcome = "NotBegun" if began - started > ends else self._one(kind)
            ended = time.perf_counter()
            self.samples.append(Sample(intended - started, ended - intended, began - intended, kind, outcome))

    def _one(self, kind: str) -> str:
        key = self._random.choice(self._keys)
        try:
            if kind == "write":
                self._write(key)
                return "ok"
            found = self._client.get(key)
        except CacheError as error:
            return type(error).__name__
        if found is None:
            return "missing"
        return "ok" if found in self._possible[key] else "wrong"

    def _write(self, key: str) -> None:
        self._written += 1
        value = self._value(key)
        self._possible[key].add(value)  # a write that fails may have happened all the same
        self._client.set(key, value, ttl_seconds=_TTL_SECONDS)
        self._possible[key] = {value}

    def _value(self, key: str) -> bytes:
        digest = hashlib.shake_128(f"{key} {self._written}".encode())
        return digest.digest(self._plan.value_bytes)
