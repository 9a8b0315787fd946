"""Writes and reads at a steady pace, and every gap in them, told when it begins and when it ends."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .endpoint import Endpoint
from .errors import CacheError, OutcomeUnknown
from .load_results import Gap, Watch

_STOP_LOOK_SECONDS = 1.0
_TTL_SECONDS = 3600.0
_CLOSING_SECONDS = 1.0


@dataclass(frozen=True)
class WatchPlan:
    """How to watch. `run` names the key by which a watch elsewhere is told to end; `seconds` None: until told."""

    run: str
    seconds: float | None = None
    tick_seconds: float = 0.05
    deadline_seconds: float = 0.25

    @property
    def stop_key(self) -> str:
        """Whoever finds a value here stops."""
        return f"watch:{self.run}:stop"


def run_watch(
    endpoint: Endpoint,
    plan: WatchPlan,
    where: str = "here",
    tell: Callable[[str], None] = lambda text: None,
    stop: threading.Event | None = None,
) -> Watch:
    """Write and read until the time is over, `stop` is set, or the stop key is there; then tell what was seen."""
    from . import connect

    with connect(endpoint, plan.deadline_seconds) as client:
        watcher = _Watcher(client, plan, where, tell)
        return watcher.run(stop or threading.Event())


class _Watcher:
    def __init__(self, client: Any, plan: WatchPlan, where: str, tell: Callable[[str], None]) -> None:
        self._client, self._plan, self._where = client, plan, where
        self._key = f"watch:{plan.run}:{where}:{uuid.uuid4().hex[:8]}"
        self._ended = threading.Event()
        self._number = self._acknowledged = 0
        self.wrong = 0
        self._lines = [_Line(kind, where, tell) for kind in ("write", "read")]

    def run(self, stop: threading.Event) -> Watch:
        started, began = time.time(), time.monotonic()
        calls = (self._write, self._read)
        threads = [
            threading.Thread(target=self._go_on, args=(line, call))
            for line, call in zip(self._lines, calls, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            self._wait(began, stop)
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()
        seconds = time.monotonic() - began
        self._clean_up()
        writes, reads = self._lines
        return Watch(
            where=self._where,
            started=round(started, 3),
            seconds=round(seconds, 3),
            writes=writes.calls,
            reads=reads.calls,
            failed=writes.failed + reads.failed,
            unknown=writes.unknown,
            wrong=self.wrong,
            gaps=sorted([*writes.all_gaps(), *reads.all_gaps()], key=lambda gap: gap.began),
        )

    def _wait(self, began: float, stop: threading.Event) -> None:
        while not stop.is_set():
            left = _STOP_LOOK_SECONDS
            if self._plan.seconds is not None:
                left = min(left, began + self._plan.seconds - time.monotonic())
            if left <= 0 or stop.wait(left) or self._is_told_to_stop():
                return

    def _is_told_to_stop(self) -> bool:
        try:
            return self._client.get(self._plan.stop_key) is not None
        except CacheError:
            return False  # the gap is in the reads already

    def _go_on(self, line: _Line, call: Callable[[], None]) -> None:
        while True:
            line.note(call)
            if self._ended.wait(self._plan.tick_seconds):
                return

    def _write(self) -> None:
        self._number += 1
        number = self._number
        self._client.set(self._key, str(number), ttl_seconds=_TTL_SECONDS)
        self._acknowledged = number

    def _read(self) -> None:
        oldest = self._acknowledged
        found = self._client.get(self._key)
        # Nothing there is no wrong value: it is before the first write, or after an eviction or a loss.
        if found is not None and not (found.isdigit() and oldest <= int(found) <= self._number):
            self.wrong += 1

    def _clean_up(self) -> None:
        try:
            self._client.delete(self._key)
        except CacheError:
            return  # it expires by itself, and the summary says that the cache is away


class _Line:
    """The calls of one kind, and the gaps between their successes."""

    def __init__(self, kind: str, where: str, tell: Callable[[str], None]) -> None:
        self.kind, self._where, self._tell = kind, where, tell
        self.calls = self.failed = self.unknown = 0
        self.gaps: list[Gap] = []
        self._success = time.time()
        self._error = ""

    def note(self, call: Callable[[], None]) -> None:
        self.calls += 1
        try:
            call()
        except CacheError as error:
            if isinstance(error, OutcomeUnknown):
                self.unknown += 1
            else:
                self.failed += 1
            self._begin(f"{type(error).__name__}: {error}")
            return
        self._end(time.time())

    def all_gaps(self) -> list[Gap]:
        """The gaps, with the one that is open."""
        return [*self.gaps, *([self._gap(time.time(), False)] if self._error else [])]

    def _begin(self, error: str) -> None:
        if not self._error:
            self._error = error
            self._tell(f"{_clock()}  {self._where}: {self.kind}s fail: {error}")

    def _end(self, now: float) -> None:
        if self._error:
            gap = self._gap(now, True)
            self.gaps.append(gap)
            self._error = ""
            self._tell(f"{_clock()}  {self._where}: {self.kind}s work again; the gap was {gap.seconds:.2f} s")
        self._success = now

    def _gap(self, now: float, ended: bool) -> Gap:
        return Gap(self.kind, round(self._success, 3), round(now - self._success, 3), ended, self._error)


def _clock() -> str:
    now = time.time()
    return time.strftime("%H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1000):03d}"
