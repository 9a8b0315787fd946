"""Percentiles of a load, honest about how many requests they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .load_results import Latency, Load

if TYPE_CHECKING:
    from .load import LoadPlan

PERCENTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999}
_NEEDED_BEYOND = 10  # so many slower requests make a percentile more than an anecdote
_CURVE = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)


class Sample(NamedTuple):
    """One request: when it should have begun (seconds after the start), how long from then, and how late it began."""

    at: float
    seconds: float
    late: float
    kind: str
    outcome: str


def figures(
    samples: Sequence[Sample],
    where: str,
    library: str,
    plan: LoadPlan,
    rate: float,
    capacity: float | None,
    took: float,
) -> Load:
    """The figures of all requests of one load."""
    errors = Counter(sample.outcome for sample in samples if sample.outcome not in ("ok", "missing", "wrong"))
    completed = sum(sample.outcome == "ok" for sample in samples)
    notes = _notes(samples)
    return Load(
        where=where,
        library=library,
        connections=plan.connections,
        value_bytes=plan.value_bytes,
        rate=round(rate, 1),
        capacity=None if capacity is None else round(capacity, 1),
        seconds=round(took, 3),
        requests=len(samples),
        throughput=round(completed / took, 1) if took else 0.0,
        errors=dict(errors),
        missing=sum(sample.outcome == "missing" for sample in samples),
        wrong=sum(sample.outcome == "wrong" for sample in samples),
        latencies=[_latency(samples, kind) for kind in ("read", "write") if _of(samples, kind)],
        per_second=_per_second(samples),
        notes=notes,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    # In whole thousandths, as 0.999 * 1000 is a little more than 999.
    place = -(-len(ordered) * round(share * 1_000_000) // 1_000_000)
    return ordered[max(0, place - 1)]


def _of(samples: Sequence[Sample], kind: str) -> list[float]:
    # A request that failed took its time as well, and often the longest.
    return sorted(sample.seconds * 1000 for sample in samples if sample.kind == kind)


def _latency(samples: Sequence[Sample], kind: str) -> Latency:
    ordered = _of(samples, kind)
    found = {name: round(percentile(ordered, share), 3) for name, share in PERCENTILES.items()}
    shares = [share for share in _CURVE if (1 - share) * len(ordered) >= 1]
    curve = [(share, round(percentile(ordered, share), 3)) for share in shares]
    return Latency(kind, len(ordered), **found, max_ms=round(ordered[-1], 3), curve=curve)


def _per_second(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """Of each second, how many requests ended well in it, and how many otherwise."""
    ended = Counter((int(sample.at + sample.seconds), sample.outcome == "ok") for sample in samples)
    last = max((second for second, _ in ended), default=-1)
    return [(ended[second, True], ended[second, False]) for second in range(last + 1)]


def _notes(samples: Sequence[Sample]) -> list[str]:
    notes: list[str] = []
    for kind in ("read", "write"):
        count = sum(sample.kind == kind for sample in samples)
        weak = [
            name.removesuffix("_ms").replace("p999", "p99.9")
            for name, share in PERCENTILES.items()
            if count * (1 - share) < _NEEDED_BEYOND
        ]
        if count and weak:
            needed = round(_NEEDED_BEYOND / (1 - PERCENTILES["p999_ms"]))
            notes.append(
                f"{count} {kind}s are too few for {', '.join(weak)}: fewer than {_NEEDED_BEYOND} were slower "
                f"(p99.9 needs {needed})"
            )
    late = sorted(sample.late * 1000 for sample in samples)
    if late and percentile(late, 0.5) > 1:
        notes.append(
            f"this client began half of its requests more than {percentile(late, 0.5):.1f} ms late: the rate is more "
            "than its connections, or its CPU, can carry; the latencies include that"
        )
    return notes
