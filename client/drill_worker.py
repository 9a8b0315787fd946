"""One client in a drill: writes numbered values and reads beside them, and notes how every call ended.

What is written differs by engine, so that afterwards the cache itself tells which acknowledged writes are missing.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable

from .drill_record import Call, DrillPlan, WorkerRecord
from .endpoint import Endpoint
from .errors import CacheError, OutcomeUnknown
from .names import Resolver, system_resolver


def run_worker(
    endpoint: Endpoint,
    plan: DrillPlan,
    *,
    resolver: Resolver = system_resolver,
    stop: Callable[[], bool] = lambda: False,
) -> WorkerRecord:
    """Write and read until the plan says stop; then read back what is there, and remove it."""
    # Imported here, as the command line's help needs no library of an engine.
    if endpoint.engine == "memcached":
        from .memcached_drill import MemcachedWorker

        worker: Worker = MemcachedWorker(endpoint, plan, resolver)
    else:
        from .redis_drill import RedisWorker

        worker = RedisWorker(endpoint, plan, resolver)
    try:
        return worker.run(stop)
    finally:
        worker.close()


class Worker(ABC):
    """The course of a drill at one client; an engine says what writing, reading and reading back are."""

    def __init__(self, plan: DrillPlan) -> None:
        self.plan = plan
        self.record = WorkerRecord(plan.worker, key=plan.key)
        self.ended = threading.Event()
        self._errors: Counter[str] = Counter()
        self._began = self._noticed_at = 0.0
        self._noticed = self._told = False

    @abstractmethod
    def prepare(self) -> None:
        """Make what the drill needs before its first call."""

    @abstractmethod
    def write(self, number: int) -> None:
        """Write this number, acknowledged."""

    @abstractmethod
    def read(self) -> str:
        """Read something; `ok` or `miss`."""

    @abstractmethod
    def watch(self) -> None:
        """Note what happens beside the calls, until `ended` is set."""

    @abstractmethod
    def finish(self) -> None:
        """Note what is there now, and remove it; a cache that is still away at this moment makes the drill fail."""

    @abstractmethod
    def close(self) -> None:
        """Close the client."""

    def run(self, stop: Callable[[], bool]) -> WorkerRecord:
        """Carry the drill out."""
        self.prepare()
        self._began = time.monotonic()
        helpers = [threading.Thread(target=target) for target in (self._read_on, self.watch)]
        for helper in helpers:
            helper.start()
        try:
            self._write_on(stop)
        finally:
            self.ended.set()
            for helper in helpers:
                helper.join()
        self.finish()
        self.record.errors = dict(self._errors)
        return self.record

    @property
    def has_noticed(self) -> bool:
        """Whether anything has happened that the drill waits for."""
        return self._noticed

    def notice(self) -> None:
        """Something has happened; the drill goes on for `settle_seconds` from the last time."""
        self._noticed, self._noticed_at = True, time.monotonic()

    def hear_that_it_is_over(self) -> None:
        """What was done to the cache is done; the drill goes on for `settle_seconds`."""
        if not self._told:
            self._told = True
            self.notice()

    def count_error(self, name: str) -> None:
        """Count what went wrong under this name."""
        self._errors[name] += 1
        self.notice()

    def _write_on(self, stop: Callable[[], bool]) -> None:
        tick = self._began

        def write() -> str:
            self.write(len(self.record.writes))
            return "ok"

        while not stop() and not self._done():
            self._note(self.record.writes, write)
            pause = self.plan.pause_after(time.monotonic() - self._began)
            tick = max(tick + pause, time.monotonic())
            time.sleep(max(0.0, tick - time.monotonic()))

    def _read_on(self) -> None:
        while not self.ended.wait(self.plan.pause_after(time.monotonic() - self._began)):
            self._note(self.record.reads, self.read)

    def _note(self, calls: list[Call], call: Callable[[], str]) -> None:
        at, began = time.time(), time.monotonic()
        try:
            outcome = call()
        except CacheError as error:
            outcome = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
            self.count_error(type(error).__name__)
        calls.append((at, time.monotonic() - began, outcome))

    def _done(self) -> bool:
        now = time.monotonic()
        settled = self._noticed and now - self._noticed_at > self.plan.settle_seconds
        may_end = self._told or not self.plan.until_told
        return (settled and may_end) or now - self._began > self.plan.maximum_seconds
