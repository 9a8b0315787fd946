"""How far calls overrun their deadline on a frozen primary, and how soon a client is back after its name has moved."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from _results import show

from client import CacheError
from client.redis_client import RedisClient
from tests.client.certificates import make_certificates
from tests.client.redis_servers import Certificates, RedisPair

RUNS = 7
DEADLINE = 0.25
NAME_MOVES_AFTER = 0.5


def overrun(pair: RedisPair, client: RedisClient) -> list[float]:
    """Seconds over the deadline of calls to a frozen primary."""
    pair.primary.freeze()
    found = []
    for _ in range(6):
        started = time.monotonic()
        try:
            client.set("key", "x")
        except CacheError:
            found.append(time.monotonic() - started - DEADLINE)
    pair.primary.thaw()
    return found


def swapped(pair: RedisPair, client: RedisClient) -> list[float]:
    """Seconds from the name's change to the first acknowledged write after a clean swap of roles."""
    pair.swap(point_names=False)
    return [_recovery(pair, client)]


def killed(pair: RedisPair, client: RedisClient) -> list[float]:
    """The same after the primary was killed."""
    pair.wait_until_in_step()
    pair.primary.kill()
    pair.promote()
    return [_recovery(pair, client)]


def frozen(pair: RedisPair, client: RedisClient) -> list[float]:
    """The same while the primary is frozen."""
    pair.wait_until_in_step()
    pair.primary.freeze()
    pair.promote()
    return [_recovery(pair, client)]


def hanging(pair: RedisPair, client: RedisClient) -> list[float]:
    """The same for one read that began on the frozen primary with a deadline of 20 s."""
    pair.wait_until_in_step()
    pair.primary.freeze()
    pair.promote()
    moved: list[float] = []
    timer = threading.Timer(NAME_MOVES_AFTER, lambda: (moved.append(time.monotonic()), pair.point_names()))
    timer.start()
    client.execute("GET", "before", repeatable=True, deadline_seconds=20)
    return [time.monotonic() - moved[0]]


def _recovery(pair: RedisPair, client: RedisClient) -> float:
    moved: list[float] = []
    timer = threading.Timer(NAME_MOVES_AFTER, lambda: (moved.append(time.monotonic()), pair.point_names()))
    timer.start()
    while True:
        try:
            client.set("key", "x")
        except CacheError:
            pass
        else:
            return time.monotonic() - moved[0]
        time.sleep(0.02)


def measure(
    name: str, scenario: Callable[[RedisPair, RedisClient], Sequence[float]], certificates: Certificates
):
    found: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            pair = RedisPair(Path(folder), certificates)
            try:
                with RedisClient(pair.endpoint, DEADLINE, resolver=pair.resolve) as client:
                    client.set("before", "x")
                    found += scenario(pair, client)
            finally:
                pair.stop()
    return {
        "": name,
        "median ms": statistics.median(found) * 1000,
        "worst ms": max(found) * 1000,
        "runs": len(found),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        certificates = make_certificates(Path(folder))
        rows = [
            measure("over the deadline, frozen primary", overrun, certificates),
            measure("back after the name moved: clean swap", swapped, certificates),
            measure("back after the name moved: killed", killed, certificates),
            measure("back after the name moved: frozen", frozen, certificates),
            measure("back after the name moved: call hanging", hanging, certificates),
        ]
    show("client_recovery", rows)


if __name__ == "__main__":
    main()
