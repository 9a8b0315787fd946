"""A program of 1 to 1,000 caches through the components, beside the same resources declared flat.

`python bench/components_scale.py [--sizes 1 10 100 1000] [--rounds 5]`

Three ways make the same resources of AWS: `components`; `flat`, which declares them one by one; and `grouped`, flat
below two empty ComponentResources per cache, as anybody would write who wants what belongs together shown together.
Components are resources of Pulumi and not of AWS, so flat has none, and the goal is held against it. What the
components cost beyond grouped is their own code; what grouped costs beyond flat is Pulumi's: 11 registrations instead
of 9, two registrations of outputs, and two levels more to wait for.

Measured on two quiet cores (three rounds): components take 1.14 of flat's time for 1 cache, 1.38 for 10 and 1.32 for
100, with at most 1.03 of its memory; grouped takes 1.08, 1.21 and 1.22. On busy ones (one round) 1,000 took 1.32. A
cache costs 24 ms flat and 32 ms through the components among 10, 35 and 48 ms among 100. The goal (1.25 at every size,
15 % from 10 to 1,000) is thus missed, and flat misses the second half too. What remains is Pulumi's: three fifths of
each way is Python's collector, and at the end of a program the SDK looks at every output that is open once per step of
the deepest chain, 16 times instead of 11 (228,000 looks instead of 144,000 at 100, of which grouped has 223,000). The
names of all that exists hang on both levels, so neither can go.

Each run is a process of its own, against a monitor in that process which answers at once: what is measured is the
program's side, Python's start and the imports left out, with the collector as Pulumi's language host has it, on.
Rounds interleave the ways and begin with another one each time. A ratio is taken within a round, and the row shows the
median of them with the lowest and the highest. Wall time says little where others compute too; the processor's more.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from typing import Any

from _cache_ways import WAYS
from _monitor import Monitor
from _results import ROOT, show

from tests.recorder import LogRecorder

GOAL = 1.25


def run(way: str, count: int) -> Monitor:
    """Run a program of that many caches in this process."""
    from pulumi.runtime.settings import reset_options
    from pulumi.runtime.stack import run_in_stack

    monitor = Monitor()
    reset_options(project="shop", stack="dev", monitor_address=monitor, engine_address=LogRecorder())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(run_in_stack(lambda: [WAYS[way](f"cache-{number}") for number in range(count)]))
    loop.close()
    return monitor


def measure(way: str, caches: int) -> dict[str, object]:
    """Declare that many caches and return what one such program took; small ones are run again and again."""
    run(way, 1)  # pulumi_aws imports each module when it is first touched, and data is read once
    collector = Stopwatch()
    gc.callbacks.append(collector)
    times = max(1, 100 // caches)
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(times):
        monitor = run(way, caches)
    return {
        "seconds": (time.perf_counter() - wall) / times,
        "cpu": (time.process_time() - processor) / times,
        "collector": collector.seconds / times,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "declared": monitor.declared,
    }


class Stopwatch:
    """Adds up the processor's time that the collector takes."""

    def __init__(self) -> None:
        self.seconds = self._started = 0.0

    def __call__(self, phase: str, _about: object) -> None:
        now = time.process_time()
        if phase == "stop":
            self.seconds += now - self._started
        self._started = now


def in_process(way: str, caches: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    words = [sys.executable, __file__, "--measure", way, str(caches)]
    return json.loads(subprocess.check_output(words, cwd=ROOT, text=True))


def compared(caches: int, rounds: int) -> list[dict[str, object]]:
    """Return a row for each way with that many caches."""
    names = list(WAYS)
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in names}
    for turn in range(rounds):
        first = turn % len(names)
        for way in names[first:] + names[:first]:
            found[way].append(in_process(way, caches))
    kinds = {way: Counter(runs[0]["declared"]) for way, runs in found.items()}
    if any(kinds[way] != kinds["flat"] for way in names):
        raise SystemExit(f"the ways declare different resources: {kinds}")
    return [_row(way, caches, found) for way in names]


def _row(way: str, caches: int, found: dict[str, list[dict[str, Any]]]) -> dict[str, object]:
    row: dict[str, object] = {"caches": caches, "way": way}
    for key in ("seconds", "cpu", "collector", "mib"):
        row[key] = statistics.median(one[key] for one in found[way])
    row["cpu ms/cache"] = _spread([1000 * one["cpu"] / caches for one in found[way]])
    for key in ("cpu", "seconds", "mib"):
        row[f"{key} x flat"] = _spread(
            [mine[key] / other[key] for mine, other in zip(found[way], found["flat"], strict=True)]
        )
    return row


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "CACHES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        warnings.simplefilter("ignore", DeprecationWarning)  # pulumi_aws warns of itself when it is imported
        print(json.dumps(measure(options.measure[0], int(options.measure[1]))))
        return
    rows = [row for size in options.sizes for row in compared(size, options.rounds)]
    print(
        f"median (lowest-highest) of {options.rounds}; load {os.getloadavg()[0]:.1f}; the goal is x {GOAL} at most"
    )
    show("components_scale", rows)


if __name__ == "__main__":
    main()
