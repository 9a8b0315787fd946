"""GET, SET, MGET and MSET of 100-byte values over one connection: this client and redis-py, in one run on one core.

redis-py takes part twice: as people use it (a pool, hiredis), and with its single-connection client, which leaves the
pool and its lock out. This client keeps a deadline and a pool in every call.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import redis
from _results import show
from _turns import Call, compare, stay_on_one_core

from client import Endpoint, connect
from tests.client.certificates import make_certificates
from tests.client.redis_servers import TOKEN, RedisNode

VALUE = b"x" * 100
BATCH = {f"bench:{number:05}": VALUE for number in range(100)}
CALLS, BATCHES = 1500, 100


def measure(node: RedisNode, how: str) -> list[dict[str, object]]:
    """One row per operation."""
    authority = str(node.certificates.authority) if node.certificates else None
    endpoint = Endpoint(
        "redis", "127.0.0.1", node.port, tls=authority is not None, auth_token=TOKEN, ca_file=authority
    )
    theirs = {"port": node.port, "password": TOKEN}
    if authority:
        theirs |= {"ssl": True, "ssl_ca_certs": authority}
    with (
        connect(endpoint, 5) as ours,
        redis.Redis(**theirs) as pooled,
        redis.Redis(**theirs, single_connection_client=True) as single,
    ):
        ours.set_many(BATCH | {"key": VALUE})
        others = {"redis-py": pooled, "redis-py single": single}
        names = list(BATCH)
        operations: dict[str, tuple[Call, list[Call], int, int]] = {
            "GET": (lambda: ours.get("key"), [lambda o=o: o.get("key") for o in others.values()], CALLS, 1),
            "SET": (
                lambda: ours.set("key", VALUE),
                [lambda o=o: o.set("key", VALUE) for o in others.values()],
                CALLS,
                1,
            ),
            "MGET of 100": (
                lambda: ours.get_many(names),
                [lambda o=o: o.mget(names) for o in others.values()],
                BATCHES,
                100,
            ),
            "MSET of 100": (
                lambda: ours.set_many(BATCH),
                [lambda o=o: o.mset(BATCH) for o in others.values()],
                BATCHES,
                100,
            ),
        }
        return [
            compare(f"{name} {how}", {"client": mine, **dict(zip(others, calls, strict=True))}, count, keys)
            for name, (mine, calls, count, keys) in operations.items()
        ]


def main() -> None:
    stay_on_one_core()
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
