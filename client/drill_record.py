"""What a client in a drill is told, and what it notes; small enough for Run Command's answer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Call = tuple[float, float, str]
"""When a call began (seconds since 1970), how long it took, and how it ended: ok, miss, failed or unknown."""


@dataclass(frozen=True)
class DrillPlan:
    """How a worker works. Seconds throughout.

    It stops after `settle_seconds` of nothing but successes once it has noticed something: a failure, a new address,
    a lost connection or another list of nodes; or after `maximum_seconds`. With `until_told` it goes on until the
    sign `over_key` is in the cache as well, as what is done may take minutes in which a call fails for reasons of its
    own. `poll_seconds` is how often Memcached's list of nodes is asked for.
    """

    run: str
    worker: str
    tick_seconds: float = 0.03
    settle_seconds: float = 3.0
    maximum_seconds: float = 60.0
    deadline_seconds: float = 0.25
    poll_seconds: float = 2.0
    until_told: bool = False

    @property
    def key(self) -> str:
        """The list of this worker in Redis; what its keys in Memcached begin with."""
        return f"drill:{self.run}:{self.worker}"

    def pause_after(self, elapsed_seconds: float) -> float:
        """From one call to the next: a four-hundredth of a long drill is fine enough, and its record stays small."""
        return max(self.tick_seconds, elapsed_seconds / 400)


@dataclass
class WorkerRecord:
    """What one worker saw; times are seconds since 1970, as the clocks of all clients are kept by AWS.

    writes: the number of a write is its place in the list. present: the numbers that were there afterwards.
    names: (time, addresses of the primary's name) at each change. sockets: (time, address) of each new connection.
    events: (time, what, details) that only the worker could see.
    Of Memcached only: layouts: (time, the nodes' names) at each change, the last as it was at the end; filled: how
    many keys it wrote at the start, by `filled_at`; kept: which of those were there afterwards; out: nodes that it
    took for out, and so flushed.
    """

    worker: str
    writes: list[Call] = field(default_factory=list[Call])
    reads: list[Call] = field(default_factory=list[Call])
    names: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    sockets: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    events: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    master_at: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    present: list[int] = field(default_factory=list[int])
    errors: dict[str, int] = field(default_factory=dict[str, int])
    staleness_seconds: float | None = None
    library: str = ""
    key: str = ""
    layouts: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    filled: int = 0
    filled_at: float = 0.0
    kept: list[int] = field(default_factory=list[int])
    out: list[str] = field(default_factory=list[str])

    def as_mapping(self) -> dict[str, Any]:
        """Short enough for Run Command's 24,000 characters when packed."""
        return {
            **self.__dict__,
            "writes": _short(self.writes),
            "reads": _short(self.reads),
            "present": _ranges(self.present),
            "kept": _ranges(self.kept),
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> WorkerRecord:
        """The record that another client sent."""
        values = dict(values)
        for name in ("writes", "reads"):
            values[name] = _long(values[name])
        for name in ("present", "kept"):
            values[name] = [number for first, last in values[name] for number in range(first, last + 1)]
        for name in ("names", "sockets", "master_at", "layouts", "events"):
            values[name] = [tuple(entry) for entry in values[name]]
        return cls(**values)


_OUTCOMES = {"o": "ok", "m": "miss", "f": "failed", "u": "unknown"}
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
