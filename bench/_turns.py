"""Clients that take turns, window by window, on one core, so that what else the machine does meets all alike."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping

Call = Callable[[], object]
WINDOWS = 15


def stay_on_one_core() -> None:
    """Keep this process, and the servers that it starts from now on, on one core: no waking of another one."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def compare(what: str, calls: Mapping[str, Call], count: int, keys: int = 1) -> dict[str, object]:
    """One row: keys per second of each client (the median of its windows), and the first one's share of each other.

    The share is the median over the turns of the ratio within one turn.
    """
    names = list(calls)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(WINDOWS):
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            rates[name].append(_per_second(calls[name], count, keys))
    first = rates[names[0]]
    row: dict[str, object] = {
        "keys/s": what,
        **{name: round(statistics.median(rates[name])) for name in names},
    }
    for name in names[1:]:
        ratios = [mine / other for mine, other in zip(first, rates[name], strict=True)]
        row[f"/ {name}"] = round(statistics.median(ratios), 2)
    return row


def _per_second(call: Call, count: int, keys: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        call()
    return count * keys / (time.perf_counter() - started)
