"""A program of 1 to 1,000 caches through the components, beside the same resources declared flat.

`python bench/components_scale.py [--sizes 1 10 100 1000] [--rounds 5] [--programs advised awaiting plain]`

Three ways make the same resources of AWS: `components`; `flat`, which declares them one by one; and `grouped`, flat
below one empty ComponentResource per cache, as anybody would write who wants what belongs together shown together.
Components are resources of Pulumi and not of AWS, so flat has none, and the goal is held against it. What the
components cost beyond grouped is their own code; what grouped costs beyond flat is Pulumi's: 10 registrations instead
of 9, one of outputs, and a level more to wait for.

Each is tried in three programs. A `plain` one declares in its top-level code. An `awaiting` one declares in the
coroutine of `pulumi.run` and awaits once before it ends: the SDK then waits for registrations, where after a plain
program it looks at every output that is open again and again, once per step of the deepest chain. An `advised` one, as
the guide has it for many caches, awaits and has Python's collector off, which takes the more of each cache's time the
more there are.

The goal is a ratio of 1.25 at every size, and a cost per cache that is constant within 15 % from 10 to 1,000. Wall time
of components beside flat, for 1, 10, 100 (medians of five rounds) and 1,000 caches (of three), on two noisy cores,
where a single round lay anywhere from 0.94 to 1.56:

- plain 1.08, 1.16, 1.07 and 1.21 (65 s beside 54): the ratio is met. A cache takes 44, 51 and 64 ms from 10 on, where
  flat takes 40, 51 and 53: the collector's part grows, with components or without.
- awaiting 1.17, 1.26, 1.05 and 1.24 (41 s beside 35); other rounds of 10 said 1.08.
- advised 1.20, 1.16, 1.07 and 1.15 (20 s beside 18), three more rounds of 1,000 said 1.25: the ratio is met, and so is
  constancy, a cache takes 21, 19 and 20 ms.

Memory is 1.05 of flat's at most. One level more, a component for the two groups and their rules within the cache's,
took plain to 1.48 and advised to 1.40: that is why the cache has none.

Each run is a process of its own, against a monitor in that process which answers at once: what is measured is the
program's side, Python's start and the imports left out. Rounds interleave the ways and begin with another one each
time. A ratio is taken within a round, and the row shows the median of them with the lowest and the highest. Wall time
says little where others compute too; the processor's more.
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
PROGRAMS = ["advised", "awaiting", "plain"]


def run(way: str, program: str, count: int) -> Monitor:
    """Run a program of that many caches in this process."""
    import pulumi
    from pulumi.runtime.settings import reset_options
    from pulumi.runtime.stack import run_in_stack

    def plain() -> None:
        for number in range(count):
            WAYS[way](f"cache-{number}")

    async def main() -> None:
        plain()
        await asyncio.sleep(0)

    monitor = Monitor()
    reset_options(project="shop", stack="dev", monitor_address=monitor, engine_address=LogRecorder())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(run_in_stack(plain if program == "plain" else lambda: pulumi.run(main)))
    loop.close()
    return monitor


def measure(way: str, program: str, caches: int) -> dict[str, object]:
    """Declare that many caches and return what one such program took; small ones are run again and again."""
    run(way, program, 1)  # pulumi_aws imports each module when it is first touched, and data is read once
    if program == "advised":
        gc.disable()
    collector, wall, processor = Stopwatch(), 0.0, 0.0
    times = max(1, 100 // caches)
    for _ in range(times):
        if not gc.isenabled():
            gc.collect()  # what the program before left behind is none of this one's
        gc.callbacks.append(collector)
        began, worked = time.perf_counter(), time.process_time()
        monitor = run(way, program, caches)
        wall += time.perf_counter() - began
        processor += time.process_time() - worked
        gc.callbacks.remove(collector)
    return {
        "seconds": wall / times,
        "cpu": processor / times,
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


def in_process(way: str, program: str, caches: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    words = [sys.executable, __file__, "--measure", way, program, str(caches)]
    return json.loads(subprocess.check_output(words, cwd=ROOT, text=True))


def compared(program: str, caches: int, rounds: int) -> list[dict[str, object]]:
    """Return a row for each way with that many caches."""
    names = list(WAYS)
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in names}
    for turn in range(rounds):
        first = turn % len(names)
        for way in names[first:] + names[:first]:
            found[way].append(in_process(way, program, caches))
    kinds = {way: Counter(runs[0]["declared"]) for way, runs in found.items()}
    if any(kinds[way] != kinds["flat"] for way in names):
        raise SystemExit(f"the ways declare different resources: {kinds}")
    return [
        {"program": program, "caches": caches, "way": way, **_figures(way, caches, found)} for way in names
    ]


def _figures(way: str, caches: int, found: dict[str, list[dict[str, Any]]]) -> dict[str, object]:
    figures: dict[str, object] = {}
    for key in ("seconds", "cpu", "collector", "mib"):
        figures[key] = statistics.median(one[key] for one in found[way])
    figures["cpu ms/cache"] = _spread([1000 * one["cpu"] / caches for one in found[way]])
    for key in ("cpu", "seconds", "mib"):
        figures[f"{key} x flat"] = _spread(
            [mine[key] / other[key] for mine, other in zip(found[way], found["flat"], strict=True)]
        )
    return figures


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--programs", nargs="+", default=PROGRAMS, choices=PROGRAMS)
    parser.add_argument("--measure", nargs=3, metavar=("WAY", "PROGRAM", "CACHES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        way, program, caches = options.measure
        warnings.simplefilter("ignore", DeprecationWarning)  # pulumi_aws warns of itself when it is imported
        print(json.dumps(measure(way, program, int(caches))))
        return
    rows = [
        row
        for program in options.programs
        for size in options.sizes
        for row in compared(program, size, options.rounds)
    ]
    print(
        f"median (lowest-highest) of {options.rounds}; load {os.getloadavg()[0]:.1f}; the goal is x {GOAL} at most"
    )
    show("components_scale", rows)


if __name__ == "__main__":
    main()
