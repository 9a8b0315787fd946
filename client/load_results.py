"""What a load and a watch found out, as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Latency:
    """How long requests of one kind took, in milliseconds from when they should have begun; failed ones too.

    `curve` has (share of the requests, milliseconds), for the chart.
    """

    kind: str
    samples: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    curve: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Load:
    """A load from one client. Rates are requests per second; `capacity` is what it could do without a pause.

    `errors` counts by the error's name. `missing` were not there (evicted, or lost), `wrong` are values that this
    client cannot have written. `per_second` has (answered well, otherwise) for each second.
    """

    where: str
    library: str
    connections: int
    value_bytes: int
    rate: float
    capacity: float | None
    seconds: float
    requests: int
    throughput: float
    errors: Mapping[str, int]
    missing: int
    wrong: int
    latencies: Sequence[Latency]
    per_second: Sequence[tuple[int, int]]
    notes: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether something was requested, and every answer came and was right."""
        return self.requests > 0 and not self.errors and not self.wrong


@dataclass(frozen=True)
class Gap:
    """A time without a success of one kind. `began` is the last success before (seconds since 1970).

    `seconds` is up to the next success, or up to the end of watching when `ended` is false. `error` is the first one.
    """

    kind: str
    began: float
    seconds: float
    ended: bool
    error: str


@dataclass(frozen=True)
class Watch:
    """Reads and writes of one client over a time.

    `unknown` are writes whose answer never came; `wrong` are values read that are older than an acknowledged write,
    or were never written.
    """

    where: str
    started: float
    seconds: float
    writes: int
    reads: int
    failed: int
    unknown: int
    wrong: int
    gaps: Sequence[Gap]

    @property
    def ok(self) -> bool:
        """Whether every answer was right, and something was answered; gaps are what a watch is there to find."""
        return self.wrong == 0 and self.writes + self.reads > self.failed + self.unknown


def load_from_mapping(values: Mapping[str, Any]) -> Load:
    """Return the load that a client elsewhere sent as JSON."""
    latencies: list[Latency] = []
    for one in values["latencies"]:
        figures: dict[str, Any] = {**one, "curve": [tuple(point) for point in one["curve"]]}
        latencies.append(Latency(**figures))
    per_second = [tuple(pair) for pair in values["per_second"]]
    given: dict[str, Any] = {**_fields(values), "latencies": latencies, "per_second": per_second}
    return Load(**given)


def watch_from_mapping(values: Mapping[str, Any]) -> Watch:
    """Return the watch that a client elsewhere sent as JSON."""
    given: dict[str, Any] = {**_fields(values), "gaps": [Gap(**gap) for gap in values["gaps"]]}
    return Watch(**given)


def as_mapping(found: Load | Watch) -> dict[str, Any]:
    """Return it as JSON's types."""
    return {"ok": found.ok, **dataclasses.asdict(found)}


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "ok"}
