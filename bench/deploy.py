"""Measures the embedded deployer, without a cloud behind it, beside a real engine where there is one.

`python bench/deploy.py [--resources 41] [--rounds 3]`

Each command runs in a process of its own, as a person runs it, so Python's start and the SDK's import are in the
figures. The provider is the tests' fake one, which answers at once; the real engine gets the same one over gRPC.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from _results import ROOT, show

from tests.sandbox.deploy.engine import Engine, served
from tests.sandbox.deploy.stack import Stack

COMMANDS = ("preview", "up", "up again", "refresh", "destroy")
PROGRAM = """
boxes = [Box(f"box{{n}}") for n in range({boxes})]
before = None
for n in range({things}):
    box = boxes[n % len(boxes)]
    of = before.arn if before is not None and n % 4 else "nothing"
    before = Thing(f"thing{{n}}", of=of, size=n, tags={{"Name": f"thing {{n}}"}}, opts=Options(parent=box))
pulumi.export("last", before.arn)
"""
EMBEDDED = """
import pathlib, sys
from tests.sandbox.deploy.stack import Stack
result = getattr(Stack.existing(pathlib.Path(sys.argv[1])).deployment(), sys.argv[2])()
sys.exit(result.exit_code)
"""


def timed(run: Callable[[str], object]) -> dict[str, float]:
    """The seconds of each command, one after the other."""
    found = {}
    for command in COMMANDS:
        began = time.perf_counter()
        run(command.split()[0])
        found[command] = time.perf_counter() - began
    return found


def prepared(folder: Path, resources: int) -> Stack:
    """A stack of that many resources, the stack's own among them."""
    folder.mkdir()
    boxes = max(1, resources // 10)
    return Stack(folder).program(PROGRAM.format(boxes=boxes, things=resources - 1 - boxes))


def embedded(folder: Path, resources: int) -> dict[str, float]:
    stack = prepared(folder, resources)

    def run(command: str) -> None:
        subprocess.run([sys.executable, "-c", EMBEDDED, str(stack.base), command], cwd=ROOT, check=True)

    return timed(run)


@contextlib.contextmanager
def real(folder: Path, resources: int) -> Iterator[Engine]:
    stack = prepared(folder, resources)
    with served(stack.provider) as port:
        yield Engine(stack.folder, folder / "backend", port)


def with_engine(folder: Path, resources: int) -> dict[str, float]:
    with real(folder, resources) as engine:

        def run(command: str) -> None:
            flags = [] if command == "preview" else ["--yes", "--skip-preview"]
            engine.run(command, *flags, "--stack", "dev")

        return timed(run)


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {command: round(statistics.median(one[command] for one in rounds), 3) for command in COMMANDS}


def measure(resources: int, rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    found = {"embedded": medians([embedded(folder / f"embedded{n}", resources) for n in range(rounds)])}
    if shutil.which("pulumi"):
        found["engine"] = medians([with_engine(folder / f"engine{n}", resources) for n in range(rounds)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resources", type=int, default=41)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.resources, options.rounds, Path(folder))
    print(
        f"{options.resources} resources, seconds, median of {options.rounds}; load {os.getloadavg()[0]:.1f}"
    )
    rows = [{"command": command, **{who: one[command] for who, one in found.items()}} for command in COMMANDS]
    show("deploy", rows)
    print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
