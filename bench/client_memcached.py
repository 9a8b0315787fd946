"""Memcached with 100-byte values on three nodes: this client, pymemcache and pylibmc in the same run.

Single calls go over one connection; batches have 100 keys. The clients take turns, window by window, so that what
else the machine does meets all.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable

from _results import show
from pymemcache.client.base import Client

from client import connect
from tests.client.memcached_servers import MemcachedCluster

VALUE = b"x" * 100
BATCH = {f"bench:{number:05}": VALUE for number in range(100)}
WINDOWS, CALLS, BATCHES = 9, 2000, 60


def per_second(call: Callable[[], object], calls: int, keys: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return calls * keys / (time.perf_counter() - started)


def compare(what: str, calls: dict[str, Callable[[], object]], count: int, keys: int) -> dict[str, object]:
    """One row: each client's median, and this client's share of it."""
    windows = [{name: per_second(call, count, keys) for name, call in calls.items()} for _ in range(WINDOWS)]
    medians = {name: statistics.median(window[name] for window in windows) for name in calls}
    row: dict[str, object] = {"keys/s": what, **{name: round(rate) for name, rate in medians.items()}}
    return row | {f"/ {name}": medians["client"] / medians[name] for name in calls if name != "client"}


def main() -> None:
    cluster = MemcachedCluster(["0001.test", "0002.test", "0003.test"])
    try:
        with connect(cluster.endpoint, 5, resolver=cluster.resolve) as ours:
            ours.set_many(BATCH)
            owner = cluster.server_of(ours.node_for("key"))
            theirs = Client(owner.address, no_delay=True, default_noreply=False)
            gets = {"client": lambda: ours.get("key"), "pymemcache": lambda: theirs.get("key")}
            sets = {
                "client": lambda: ours.set("key", VALUE),
                "pymemcache": lambda: theirs.set("key", VALUE),
            }
            set_batches: dict[str, Callable[[], object]] = {"client": lambda: ours.set_many(BATCH)}
            get_batches: dict[str, Callable[[], object]] = {"client": lambda: ours.get_many(BATCH)}
            if importlib.util.find_spec("pylibmc"):
                import pylibmc

                settings = {"behaviors": {"tcp_nodelay": True, "ketama_weighted": True}}
                alone = pylibmc.Client([f"127.0.0.1:{owner.port}"], **settings)
                every = pylibmc.Client(
                    [f"127.0.0.1:{node.port}" for node in cluster.nodes.values()], **settings
                )
                gets["pylibmc"] = lambda: alone.get("key")
                sets["pylibmc"] = lambda: alone.set("key", VALUE)
                set_batches["pylibmc"] = lambda: every.set_multi(BATCH)
                get_batches["pylibmc"] = lambda: every.get_multi(list(BATCH))
            rows = [
                compare("get", gets, CALLS, 1),
                compare("set", sets, CALLS, 1),
                compare("get_many of 100", get_batches, BATCHES, 100),
                compare("set_many of 100", set_batches, BATCHES, 100),
            ]
    finally:
        cluster.stop()
    show("client_memcached", rows)


if __name__ == "__main__":
    main()
