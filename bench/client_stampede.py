"""Fifty cold readers of one value at the same moment, as threads and as processes of threads, on both engines.

Loads should be one; "behind" is how long after the end of the load a waiting reader had the value. Beside it
dogpile.cache as people use it, with its own backends and distributed locks.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from _results import ROOT, show

from tests.client.test_cache_aside import Server, start

SHAPES = {"1 process x 50 threads": (1, 50), "10 processes x 5 threads": (10, 5), "50 processes": (50, 1)}
ROUNDS = 5
LOAD_SECONDS = 0.3


def stampede(server: Server, shape: tuple[int, int], peer: bool) -> dict[str, object]:
    asked = {"endpoint": asdict(server.endpoint), "names": server.names, "load_seconds": LOAD_SECONDS}
    asked |= dict(zip(("processes", "threads"), shape, strict=True))
    if peer:
        asked["peer"] = next(iter(server.names.values()))
    command = [sys.executable, "-m", "tests.client.stampede", json.dumps(asked)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if result.returncode:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout)


def row(server: Server, name: str, peer: bool) -> dict[str, object]:
    found = [stampede(server, SHAPES[name], peer) for _ in range(ROUNDS)]
    behind = [1000 * max(one["behind_seconds"]) for one in found]
    return {
        "": f"{server.endpoint.engine}, {name}",
        "who": "dogpile.cache" if peer else "client",
        "loads": max(one["loads"] for one in found),
        "behind, median of worst (ms)": statistics.median(behind),
        "behind, worst of all (ms)": max(behind),
    }


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for engine in ("redis", "memcached"):
            server = start(engine, Path(folder))
            try:
                rows += [row(server, name, peer) for name in SHAPES for peer in (False, True)]
            finally:
                server.stop()
    show("client_stampede", rows)


if __name__ == "__main__":
    main()
