"""dev in the sandbox: preview, up, no-op up and destroy, beside a script that makes the same resources with boto3.

The direct script is the floor: the same API calls one after the other, no plan, no state, no program. It runs in the
same sandbox, after `destroy`, so that both find it warm.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _direct import create, delete
from _results import show

from sandbox.hosts import tools
from tests.e2e.environment import REPOSITORY, Environment


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def main() -> None:
    tools.ensure(REPOSITORY / ".sandbox" / "tools")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = Environment(Path(folder))
        try:
            rows = measure(environment)
        finally:
            environment.stop()
    show("sandbox_up", rows)


def measure(environment: Environment) -> list[dict[str, object]]:
    cold, said = timed(environment.up)
    figures = {"up, cold: starts the sandbox, boots the instance": (cold, deployment(said))}
    for name, words in (
        ("preview, nothing to do", ("preview", "--engine", "embedded")),
        ("up, nothing to do", ("up", "--engine", "embedded")),
        ("refresh", ("refresh",)),
        ("destroy", ("destroy",)),
        ("preview, all to make", ("preview", "--engine", "embedded")),
        ("up, warm", ("up", "--engine", "embedded")),
    ):
        seconds, result = timed(lambda words=words: environment.sandbox(*words))
        figures[name] = (seconds, deployment(result.stdout))
    memory = json.loads(environment.sandbox("status", "--json").stdout)["memory_mib"]
    environment.sandbox("destroy")
    clients = {
        name: environment.boto(name)
        for name in ("ec2", "elasticache", "iam", "kms", "lambda", "logs", "s3", "ssm")
    }
    made, ids = timed(lambda: create(clients, environment.folder))
    unmade, _ = timed(lambda: delete(clients, ids))
    rows: list[dict[str, object]] = []
    for name, (seconds, part) in figures.items():
        reference = unmade if name == "destroy" else made
        rows.append(_row(name, seconds, part or seconds, (part or seconds) / reference))
    rows.append(_row("direct script: make", made, made, 1.0))
    rows.append(_row("direct script: delete", unmade, unmade, 1.0))
    rows.append({"what": "memory with dev running, MiB", "seconds": memory})
    return rows


def _row(what: str, seconds: float, deployment_seconds: float, times: float) -> dict[str, object]:
    return {
        "what": what,
        "seconds": seconds,
        "deployment": deployment_seconds,
        "x direct script": times,
    }


def deployment(said: str) -> float | None:
    """The seconds that the summary line names."""
    found = re.search(r" in ([\d.]+) s$", said, re.MULTILINE)
    return float(found[1]) if found else None


if __name__ == "__main__":
    main()
