"""One client in a drill: writes a numbered list and reads beside it, and notes how every call ended.

Each write appends its number to a list of its own, so that afterwards the list itself tells which acknowledged
writes are missing (lost) and which are there twice (doubled).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError, OutcomeUnknown
from .names import Names, Resolver, system_resolver

Call = tuple[float, float, str]
"""When a call began (seconds since 1970), how long it took, and how it ended: ok, failed or unknown."""

_WATCH_SECONDS = 0.05  # how often the name is looked up beside the client
_CLOSING_SECONDS = 10.0  # how long the list may take to be read at the end


@dataclass(frozen=True)
class DrillPlan:
    """How a worker works. Seconds throughout.

    It stops after `settle_seconds` of nothing but successes once it has seen a failure or a new address,
    or after `maximum_seconds`.
    """

    run: str
    worker: str
    tick_seconds: float = 0.03
    settle_seconds: float = 3.0
    maximum_seconds: float = 60.0
    deadline_seconds: float = 0.25

    @property
    def key(self) -> str:
        """The list of this worker."""
        return f"drill:{self.run}:{self.worker}"


@dataclass
class WorkerRecord:
    """What one worker saw; times are seconds since 1970, as the clocks of all clients are kept by AWS.

    writes: the number of a write is its place in the list.
    names: (time, addresses of the primary's name) at each change. sockets: (time, address) of each new connection.
    """

    worker: str
    writes: list[Call] = field(default_factory=list)
    reads: list[Call] = field(default_factory=list)
    names: list[tuple[float, str]] = field(default_factory=list)
    sockets: list[tuple[float, str]] = field(default_factory=list)
    master_at: list[tuple[float, str]] = field(default_factory=list)
    present: list[int] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    staleness_seconds: float | None = None
    library: str = ""

    def as_mapping(self) -> dict[str, Any]:
        """Short enough for Run Command's 24,000 characters when packed."""
        return {
            **self.__dict__,
            "writes": _short(self.writes),
            "reads": _short(self.reads),
            "present": _ranges(self.present),
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> WorkerRecord:
        """The record that another client sent."""
        values = dict(values)
        for name in ("writes", "reads"):
            values[name] = _long(values[name])
        values["present"] = [number for first, last in values["present"] for number in range(first, last + 1)]
        for name in ("names", "sockets", "master_at"):
            values[name] = [(at, text) for at, text in values[name]]
        return cls(**values)


def run_worker(
    endpoint: Endpoint,
    plan: DrillPlan,
    *,
    resolver: Resolver = system_resolver,
    stop: Callable[[], bool] = lambda: False,
) -> WorkerRecord:
    """Write and read until the plan says stop; then read the list back and remove it."""
    worker = _Worker(endpoint, plan, resolver)
    try:
        return worker.run(stop)
    finally:
        worker.client.close()


class _Worker:
    def __init__(self, endpoint: Endpoint, plan: DrillPlan, resolver: Resolver) -> None:
        self.plan = plan
        self.record = WorkerRecord(plan.worker)
        from .redis_client import RedisClient  # here, as the command line's help needs no redis-py

        self.client = RedisClient(endpoint, plan.deadline_seconds, resolver=resolver, observe=self._observe)
        self.record.library = self.client.library
        self._names = Names(resolver)
        self._errors: Counter[str] = Counter()
        self._ended = threading.Event()
        self._disturbed_at: float | None = None
        self._newest = (0, 0.0)

    def run(self, stop: Callable[[], bool]) -> WorkerRecord:
        helpers = [threading.Thread(target=target) for target in (self._read_on, self._watch_name)]
        for helper in helpers:
            helper.start()
        try:
            self._write_on(stop)
        finally:
            self._ended.set()
            for helper in helpers:
                helper.join()
        self.record.present = self._read_back()
        self.record.errors = dict(self._errors)
        return self.record

    def _write_on(self, stop: Callable[[], bool]) -> None:
        began = time.monotonic()
        tick = began
        while not stop() and not self._done(began):
            number = len(self.record.writes)
            self._note(self.record.writes, lambda number=number: self._append(number))
            tick = max(tick + self.plan.tick_seconds, time.monotonic())
            time.sleep(max(0.0, tick - time.monotonic()))

    def _append(self, number: int) -> None:
        self.client.execute("RPUSH", self.plan.key, number)
        self._newest = (number, time.monotonic())

    def _read_on(self) -> None:
        while not self._ended.wait(self.plan.tick_seconds):
            self._note(self.record.reads, self._read)

    def _read(self) -> None:
        number, written = self._newest
        found = self.client.execute("LLEN", self.plan.key, repeatable=True, from_replica=True)
        if written and found <= number and self._disturbed_at is None:
            behind = time.monotonic() - written
            self.record.staleness_seconds = max(self.record.staleness_seconds or 0.0, behind)

    def _watch_name(self) -> None:
        endpoint, last = self.client.endpoint, ""
        while not self._ended.wait(_WATCH_SECONDS):
            try:
                found = self._names.look_up(endpoint.host, endpoint.port, Deadline(1.0))
            except CacheError:
                continue  # an unknown name shows in the calls; here only changes are of interest
            addresses = " ".join(sorted(f"{address}:{port}" for address, port in found))
            if addresses != last:
                self.record.names.append((time.time(), addresses))
                self._disturbed_at = time.monotonic() if last else self._disturbed_at
                last = addresses

    def _note(self, calls: list[Call], call: Callable[[], None]) -> None:
        at, began, outcome = time.time(), time.monotonic(), "ok"
        try:
            call()
        except CacheError as error:
            outcome = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
            self._errors[type(error).__name__] += 1
            self._disturbed_at = time.monotonic()
        calls.append((at, time.monotonic() - began, outcome))

    def _observe(self, word: str, details: str) -> None:
        if word == "connected":
            self.record.sockets.append((time.time(), details))

    def _done(self, began: float) -> bool:
        now = time.monotonic()
        settled = self._disturbed_at is not None and now - self._disturbed_at > self.plan.settle_seconds
        return settled or now - began > self.plan.maximum_seconds

    def _read_back(self) -> list[int]:
        """What the primary holds now; a cache that is still away at this moment makes the drill fail."""
        role = self._at_the_end("ROLE")[0].decode()
        self.record.master_at.append((time.time(), role))
        found = self._at_the_end("LRANGE", self.plan.key, 0, -1)
        self._at_the_end("DEL", self.plan.key)
        return [int(item) for item in found]

    def _at_the_end(self, *command: Any) -> Any:
        """Ask the primary, not repeatable, so that no other role answers; with more patience than a writer has."""
        return self.client.execute(*command, deadline_seconds=_CLOSING_SECONDS)


_OUTCOMES = {"o": "ok", "f": "failed", "u": "unknown"}
_UNIT = 1e-4  # seconds: a tenth of a millisecond is finer than any network here


def _short(calls: list[Call]) -> dict[str, Any]:
    """Calls as whole numbers that repeat and so compress well: steps from one to the next, and durations."""
    start = calls[0][0] if calls else 0.0
    ticks = [round((at - start) / _UNIT) for at, _, _ in calls]
    return {
        "start": start,
        "steps": [later - earlier for earlier, later in itertools.pairwise([0, *ticks])],
        "durations": [round(took / _UNIT) for _, took, _ in calls],
        "outcomes": "".join(outcome[0] for _, _, outcome in calls),
    }


def _long(short: Mapping[str, Any]) -> list[Call]:
    times = [short["start"] + tick * _UNIT for tick in itertools.accumulate(short["steps"])]
    durations = [took * _UNIT for took in short["durations"]]
    outcomes = [_OUTCOMES[letter] for letter in short["outcomes"]]
    return list(zip(times, durations, outcomes, strict=True))


def _ranges(numbers: list[int]) -> list[list[int]]:
    """Runs of consecutive numbers as [first, last]; order and repetitions are kept."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
