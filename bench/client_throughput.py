"""GET and SET of 100 bytes over one connection: this client against redis-py as people use it, in the same run.

The clients take turns, window by window, so that what else the machine does meets both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
from _results import show

from client import Endpoint, connect
from tests.client.certificates import make_certificates
from tests.client.redis_servers import TOKEN, RedisNode

VALUE = b"x" * 100
WINDOWS, CALLS = 9, 3000


def operations_per_second(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return CALLS / (time.perf_counter() - started)


def measure(node: RedisNode, how: str) -> list[dict[str, object]]:
    """One row per operation: the medians of both clients' windows."""
    authority = str(node.certificates.authority) if node.certificates else None
    endpoint = Endpoint(
        "redis", "127.0.0.1", node.port, tls=authority is not None, auth_token=TOKEN, ca_file=authority
    )
    rows: list[dict[str, object]] = []
    secured = {"ssl": True, "ssl_ca_certs": authority} if authority else {}
    with connect(endpoint, 5) as ours, redis.Redis(port=node.port, password=TOKEN, **secured) as theirs:
        ours.set("key", VALUE)
        calls: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "GET": (lambda: ours.get("key"), lambda: theirs.get("key")),
            "SET": (lambda: ours.set("key", VALUE), lambda: theirs.set("key", VALUE)),
        }
        for name, pair in calls.items():
            windows = [[operations_per_second(call) for call in pair] for _ in range(WINDOWS)]
            mine, other = (statistics.median(found) for found in zip(*windows, strict=True))
            rows.append(
                {
                    "": f"{name} {how}",
                    "client/s": round(mine),
                    "redis-py/s": round(other),
                    "ratio": mine / other,
                }
            )
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        for how, certificates in (("plain", None), ("TLS", make_certificates(folder))):
            node = RedisNode(folder / how, certificates)
            try:
                rows += measure(node, how)
            finally:
                node.stop()
    show("client_throughput", rows)


if __name__ == "__main__":
    main()
