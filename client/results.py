"""What the client found out, as plain values: results of checks, of a drill, and the report that joins them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .load_results import Load, Watch, as_mapping

HERE = "here"
"""The name of this very machine as a place."""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check at one place.

    `claim` is the sentence that was tested, `evidence` what was seen (numbers, names, the refusal's words),
    `where` is "here", the name of an instance, or "function". Seconds are wall time.
    """

    name: str
    claim: str
    where: str
    ok: bool
    seconds: float
    evidence: str


@dataclass(frozen=True)
class Event:
    """Something that happened in a drill: seconds after the trigger (negative: before), and what."""

    seconds: float
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Operation:
    """One write or read of a drill: when it began (seconds after the trigger), how long it took, how it ended.

    `outcome` is "ok", "miss" (a read that found nothing), "failed" or "unknown" (a write whose answer was lost).
    """

    seconds: float
    duration: float
    kind: str
    outcome: str
    where: str


@dataclass(frozen=True)
class KeyShares:
    """What became of the keys that a Memcached cluster held before a drill.

    `expected` are those that the ring gave to another node, or whose node was emptied; `missing` were not there
    afterwards; `unexplained` were missing without being expected to be. The shares are fractions of `keys`.
    """

    keys: int
    expected: int
    missing: int
    unexplained: int
    expected_share: float
    missing_share: float


@dataclass(frozen=True)
class Drill:
    """A failover, a restart or a change of nodes, measured from every client at the same time.

    A write is `lost` when it was acknowledged and is not there afterwards without the ring having moved it or its
    node having been emptied (those are `moved`), `doubled` when it is there twice, `unknown` when its answer never
    came. A gap is the longest time between two successes of one client, of Memcached also the longest time for which
    one node failed it; the worst client counts. `errors` counts failed calls by the error's name. `problems` says
    which limit was broken; empty means that all held. `kind` is failover, reboot, scale-out or scale-in; `trigger`
    says it in words.
    """

    trigger: str
    acknowledged: int
    present: int
    lost: int
    doubled: int
    unknown: int
    write_gap_seconds: float
    read_gap_seconds: float
    staleness_seconds: float | None
    timeline: Sequence[Event]
    lost_writes: Sequence[str] = ()
    problems: Sequence[str] = ()
    operations: Sequence[Operation] = ()
    kind: str = "failover"
    moved: int = 0
    errors: Mapping[str, int] = field(default_factory=dict[str, int])
    shares: KeyShares | None = None

    @property
    def ok(self) -> bool:
        """Whether every limit held."""
        return not self.problems


@dataclass
class Report:
    """Checks, drill, loads and times of one run. `notes` are limits of what was proved, such as a stand-in."""

    stack: str
    engine: str
    checks: list[CheckResult] = field(default_factory=list[CheckResult])
    drill: Drill | None = None
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    notes: list[str] = field(default_factory=list[str])
    created: str = ""
    loads: list[Load] = field(default_factory=list[Load])
    watches: list[Watch] = field(default_factory=list[Watch])

    @property
    def ok(self) -> bool:
        """Whether something was proved, and all of it: checks passed, limits were kept, answers were right."""
        drills = [] if self.drill is None else [self.drill]
        proofs = [*self.checks, *drills, *self.loads, *self.watches]
        return bool(proofs) and all(proof.ok for proof in proofs)

    def as_mapping(self) -> dict[str, Any]:
        """Return the report as JSON's types; `operations` are left to the chart."""
        drill = None
        if self.drill is not None:
            drill = {"ok": self.drill.ok, **dataclasses.asdict(self.drill)}
            del drill["operations"]
        return {
            "ok": self.ok,
            "stack": self.stack,
            "engine": self.engine,
            "created": self.created,
            "checks": [dataclasses.asdict(check) for check in self.checks],
            "drill": drill,
            "loads": [as_mapping(load) for load in self.loads],
            "watches": [as_mapping(watch) for watch in self.watches],
            "seconds": dict(self.seconds),
            "notes": list(self.notes),
        }


def check_from_mapping(values: Mapping[str, Any]) -> CheckResult:
    """Return the result that a client elsewhere sent as JSON."""
    return CheckResult(**{item.name: values[item.name] for item in dataclasses.fields(CheckResult)})
