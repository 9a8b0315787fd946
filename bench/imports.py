"""What the imports cost: the client beside `import ssl`, components and settings beside `import pulumi_aws`."""

from __future__ import annotations

import statistics
import subprocess
import sys

from _results import ROOT, show

STATEMENTS = {
    "import ssl": "import ssl",
    "from client import Endpoint, connect": "from client import Endpoint, connect",
    "import client.redis_client": "import client.redis_client",
    "import redis": "import redis",
    "import boto3": "import boto3",
    "import pulumi_aws": "import pulumi_aws",
    "import components.redis_cache": "import components.redis_cache",
    "import settings": "import settings",
}
RUNS = 9


def milliseconds(statement: str) -> float:
    """The median over fresh interpreters, as a second import costs nothing."""
    code = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); started = time.perf_counter(); {statement}; "
        "print((time.perf_counter() - started) * 1000)"
    )
    runs = [subprocess.check_output([sys.executable, "-I", "-W", "ignore", "-c", code]) for _ in range(RUNS)]
    return statistics.median(map(float, runs))


def main() -> None:
    found = {name: milliseconds(statement) for name, statement in STATEMENTS.items()}
    show(
        "imports",
        [
            {"what": name, "ms": took, "x import ssl": took / found["import ssl"]}
            for name, took in found.items()
        ],
    )


if __name__ == "__main__":
    main()
