"""A failover, triggered once and measured from every client: the figures, the time line and the verdict."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .drill_worker import WorkerRecord
from .results import Drill, Event, Operation

_NAMED_WRITES = 20  # how many lost writes the report names


@dataclass(frozen=True)
class Limits:
    """What a drill may cost. AWS promises "a few seconds" for a failover and plans with half a minute."""

    write_gap_seconds: float = 30.0
    read_gap_seconds: float = 30.0
    lost: int = 0
    doubled: int = 0


def evaluate(
    trigger: str,
    triggered_at: float,
    records: Sequence[WorkerRecord],
    service_events: Iterable[tuple[float, str]] = (),
    limits: Limits | None = None,
) -> Drill:
    """Join what the clients saw with what the service said. Times in are seconds since 1970."""
    limits = limits or Limits()
    acknowledged, present, lost, doubled, unknown = 0, 0, [], 0, 0
    for record in records:
        found = Counter(record.present)
        answered = [number for number, (_, _, outcome) in enumerate(record.writes) if outcome == "ok"]
        acknowledged += len(answered)
        present += len(found)
        lost += [f"{record.worker} {number}" for number in answered if number not in found]
        doubled += sum(count - 1 for count in found.values())
        unknown += sum(outcome == "unknown" for _, _, outcome in record.writes)
    write_gap = max((_gap(record.writes, triggered_at) for record in records), default=0.0)
    read_gap = max((_gap(record.reads, triggered_at) for record in records), default=0.0)
    stale = [record.staleness_seconds for record in records if record.staleness_seconds is not None]
    drill = Drill(
        trigger=trigger,
        acknowledged=acknowledged,
        present=present,
        lost=len(lost),
        doubled=doubled,
        unknown=unknown,
        write_gap_seconds=round(write_gap, 3),
        read_gap_seconds=round(read_gap, 3),
        staleness_seconds=round(max(stale), 4) if stale else None,
        timeline=_timeline(triggered_at, records, service_events),
        lost_writes=tuple(lost[:_NAMED_WRITES]),
        operations=tuple(_operations(triggered_at, records)),
    )
    return _judged(drill, limits, records)


def _judged(drill: Drill, limits: Limits, records: Sequence[WorkerRecord]) -> Drill:
    problems = []
    if not drill.acknowledged:
        problems.append("no write was acknowledged at all")
    if not any(outcome != "ok" for record in records for _, _, outcome in record.writes) and not any(
        len(record.names) > 1 for record in records
    ):
        problems.append("no client noticed anything: neither a failed write nor a changed name")
    for name in ("lost", "doubled"):
        if getattr(drill, name) > getattr(limits, name):
            problems.append(
                f"{getattr(drill, name)} acknowledged writes {name}; at most {getattr(limits, name)} allowed"
            )
    for name in ("write", "read"):
        gap, most = getattr(drill, f"{name}_gap_seconds"), getattr(limits, f"{name}_gap_seconds")
        if gap > most:
            problems.append(f"the longest gap for {name}s was {gap:.2f} s; at most {most:g} s allowed")
    return Drill(**{**drill.__dict__, "problems": tuple(problems)})


def _gap(calls: Sequence[tuple[float, float, str]], since: float) -> float:
    """The longest time from one success to the next that reached beyond the trigger.

    A client's slow first connection, before it, is not the failover's doing; an end without success counts to the
    last call.
    """
    if not calls:
        return 0.0
    ends = [at + took for at, took, outcome in calls if outcome == "ok"]
    marks = [calls[0][0], *ends, max(at + took for at, took, _ in calls)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(marks) if later > since]
    return max(gaps, default=0.0)


def _timeline(
    triggered_at: float, records: Sequence[WorkerRecord], service_events: Iterable[tuple[float, str]]
) -> tuple[Event, ...]:
    events = [Event(0.0, "failover triggered")]
    events += [Event(at - triggered_at, "service", text) for at, text in service_events]
    for record in records:
        events += _worker_events(triggered_at, record)
    rounded = [Event(round(event.seconds, 3), event.name, event.detail) for event in events]
    return tuple(sorted(rounded, key=lambda event: event.seconds))


def _worker_events(triggered_at: float, record: WorkerRecord) -> list[Event]:
    place = record.worker
    events = []
    bad = [(at, outcome) for at, _, outcome in record.writes if outcome != "ok" and at >= triggered_at]
    if bad:
        at, outcome = bad[0]
        events.append(Event(at - triggered_at, "first failed write", f"{place}: {outcome}"))
        last = bad[-1][0]
        after = [began + took for began, took, word in record.writes if word == "ok" and began > last]
        if after:
            events.append(Event(after[0] - triggered_at, "writes acknowledged again", place))
    changes = [(at, addresses) for at, addresses in record.names[1:] if at >= triggered_at]
    events += [
        Event(at - triggered_at, "name changed", f"{place}: now {addresses}") for at, addresses in changes
    ]
    before = {detail.split(":")[0] for at, detail in record.sockets if at < triggered_at}
    fresh = [
        (at, detail) for at, detail in record.sockets if at >= triggered_at and detail.endswith("(master)")
    ]
    moved = [(at, detail) for at, detail in fresh if detail.split(":")[0] not in before] or fresh
    if moved:
        events.append(
            Event(
                moved[0][0] - triggered_at, "first connection to the new primary", f"{place}: {moved[0][1]}"
            )
        )
    events += [
        Event(at - triggered_at, "list read back", f"{place}: role {role}") for at, role in record.master_at
    ]
    return events


def _operations(triggered_at: float, records: Sequence[WorkerRecord]) -> Iterable[Operation]:
    for record in records:
        for kind, calls in (("write", record.writes), ("read", record.reads)):
            for at, took, outcome in calls:
                yield Operation(at - triggered_at, took, kind, outcome, record.worker)
