"""What a drill cost, from what every client noted: the figures, the time line and the verdict."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from .drill_record import Call, WorkerRecord
from .key_shares import Fates, emptied_nodes, shares_of
from .results import Drill, Event, Operation

_NAMED_WRITES = 20  # how many lost writes the report names
_SUCCESS = ("ok", "miss")


@dataclass(frozen=True)
class Limits:
    """What a drill may cost. AWS promises "a few seconds" for a failover and plans with half a minute.

    `lost` is 0 unless given; where the trigger empties the primary it is not judged unless given.
    """

    write_gap_seconds: float = 30.0
    read_gap_seconds: float = 30.0
    lost: int | None = None
    doubled: int = 0


def evaluate(
    trigger: str,
    triggered_at: float,
    records: Sequence[WorkerRecord],
    service_events: Iterable[tuple[float, str]] = (),
    limits: Limits | None = None,
    *,
    kind: str = "failover",
    emptied: Collection[str] = (),
    keeps_writes: bool = True,
) -> Drill:
    """Join what the clients saw with what the service said. Times in are seconds since 1970.

    `emptied` are the nodes of Memcached that the trigger restarts; `keeps_writes` is false where it empties Redis.
    """
    limits = limits or Limits()
    if limits.lost is None and keeps_writes:
        limits = replace(limits, lost=0)
    emptied = emptied_nodes(records, emptied)
    acknowledged = present = moved = doubled = unknown = 0
    lost: list[str] = []
    write_gap = read_gap = 0.0
    errors: Counter[str] = Counter()
    for record in records:
        found = Counter(record.present)
        answered = [number for number, (_, _, outcome) in enumerate(record.writes) if outcome == "ok"]
        fates = Fates(record, emptied)
        missing = [number for number in answered if number not in found]
        gone = [number for number in missing if not fates.write_may_be_missing(number)]
        acknowledged += len(answered)
        present += len(found)
        lost += [f"{record.worker} {number}" for number in gone]
        moved += len(missing) - len(gone)
        doubled += sum(count - 1 for count in found.values())
        unknown += sum(outcome == "unknown" for _, _, outcome in record.writes)
        errors.update(record.errors)
        write_gap = max(write_gap, _gap(record.writes, triggered_at), fates.write_outage(triggered_at))
        read_gap = max(read_gap, _gap(record.reads, triggered_at), fates.read_outage(triggered_at))
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
        timeline=_timeline(kind, triggered_at, records, service_events),
        lost_writes=tuple(lost[:_NAMED_WRITES]),
        operations=tuple(_operations(triggered_at, records)),
        kind=kind,
        moved=moved,
        errors=dict(errors),
        shares=shares_of(records, emptied),
    )
    problems = [*_proves_nothing(drill, records, triggered_at), *_broken_limits(drill, limits)]
    return replace(drill, problems=tuple(problems))


def _proves_nothing(drill: Drill, records: Sequence[WorkerRecord], triggered_at: float) -> Iterable[str]:
    if not drill.acknowledged:
        yield "no write was acknowledged at all"
    if not any(_noticed(record, triggered_at) for record in records):
        seen = "a changed list of nodes" if drill.shares else "a changed name"
        yield f"no client noticed anything: neither a failed write nor {seen}"
    for record in records:
        if record.filled_at > triggered_at:
            yield f"{record.worker} began only after the trigger"


def _noticed(record: WorkerRecord, triggered_at: float) -> bool:
    failed = any(outcome not in _SUCCESS for _, _, outcome in [*record.writes, *record.reads])
    changed = len(record.names) > 1 or len(record.layouts) > 1 or bool(record.events)
    # A new connection says it too: a node that restarts fast costs nothing else.
    anew = any(at >= triggered_at for at, _ in record.sockets)
    return failed or changed or anew


def _broken_limits(drill: Drill, limits: Limits) -> Iterable[str]:
    for name in ("lost", "doubled"):
        found, most = getattr(drill, name), getattr(limits, name)
        if most is not None and found > most:
            yield f"{found} acknowledged writes {name}; at most {most} allowed"
    if drill.shares and limits.lost is not None and drill.shares.unexplained > limits.lost:
        unexplained = drill.shares.unexplained
        yield f"{unexplained} of {drill.shares.keys} keys missing that the ring did not move"
    if drill.errors.get("WrongValue"):
        yield f"{drill.errors['WrongValue']} reads gave another value than was written"
    for name in ("write", "read"):
        gap, most = getattr(drill, f"{name}_gap_seconds"), getattr(limits, f"{name}_gap_seconds")
        if gap > most:
            yield f"the longest gap for {name}s was {gap:.2f} s; at most {most:g} s allowed"


def _gap(calls: Sequence[Call], since: float) -> float:
    """The longest time from one success to the next that reached beyond the trigger.

    A client's slow first connection, before it, is not the failover's doing; an end without success counts to the
    last call.
    """
    if not calls:
        return 0.0
    ends = [at + took for at, took, outcome in calls if outcome in _SUCCESS]
    marks = [calls[0][0], *ends, max(at + took for at, took, _ in calls)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(marks) if later > since]
    return max(gaps, default=0.0)


def _timeline(
    kind: str,
    triggered_at: float,
    records: Sequence[WorkerRecord],
    service_events: Iterable[tuple[float, str]],
) -> tuple[Event, ...]:
    events = [Event(0.0, f"{kind} triggered")]
    events += [Event(at - triggered_at, "service", text) for at, text in service_events]
    for record in records:
        events += _worker_events(triggered_at, record)
    rounded = [Event(round(event.seconds, 3), event.name, event.detail) for event in events]
    return tuple(sorted(rounded, key=lambda event: event.seconds))


def _worker_events(triggered_at: float, record: WorkerRecord) -> list[Event]:
    place = record.worker
    events: list[Event] = []
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
    again = [(at, detail) for at, detail in record.sockets if at >= triggered_at and record.layouts]
    if again:
        events.append(Event(again[0][0] - triggered_at, "first new connection", f"{place}: {again[0][1]}"))
    events += [Event(at - triggered_at, name, detail) for at, name, detail in record.events]
    events += [
        Event(at - triggered_at, "list read back", f"{place}: role {role}") for at, role in record.master_at
    ]
    return events


def _operations(triggered_at: float, records: Sequence[WorkerRecord]) -> Iterable[Operation]:
    for record in records:
        for kind, calls in (("write", record.writes), ("read", record.reads)):
            for at, took, outcome in calls:
                yield Operation(at - triggered_at, took, kind, outcome, record.worker)
