"""Memcached with 100-byte values on three nodes: this client, pymemcache and pylibmc in the same run, on one core.

Single calls go over one connection; batches have 100 keys. pymemcache's HashClient spreads keys in its own way, over
the same three nodes.
"""

from __future__ import annotations

import importlib.util

from _results import show
from _turns import Call, compare, stay_on_one_core
from pymemcache.client.base import Client
from pymemcache.client.hash import HashClient

from client import connect
from tests.client.memcached_servers import MemcachedCluster

VALUE = b"x" * 100
BATCH = {f"bench:{number:05}": VALUE for number in range(100)}
CALLS, BATCHES = 2000, 60


def main() -> None:
    stay_on_one_core()
    cluster = MemcachedCluster(["0001.test", "0002.test", "0003.test"])
    try:
        with connect(cluster.endpoint, 5, resolver=cluster.resolve) as ours:
            ours.set_many(BATCH)
            owner = cluster.server_of(ours.node_for("key"))
            theirs = Client(owner.address, no_delay=True, default_noreply=False)
            every = HashClient(
                [node.address for node in cluster.nodes.values()], no_delay=True, default_noreply=False
            )
            gets: dict[str, Call] = {
                "client": lambda: ours.get("key"),
                "pymemcache": lambda: theirs.get("key"),
            }
            sets: dict[str, Call] = {
                "client": lambda: ours.set("key", VALUE),
                "pymemcache": lambda: theirs.set("key", VALUE),
            }
            set_batches: dict[str, Call] = {
                "client": lambda: ours.set_many(BATCH),
                "pymemcache": lambda: every.set_many(BATCH),
            }
            get_batches: dict[str, Call] = {
                "client": lambda: ours.get_many(BATCH),
                "pymemcache": lambda: every.get_many(BATCH),
            }
            if importlib.util.find_spec("pylibmc"):
                import pylibmc

                settings = {"behaviors": {"tcp_nodelay": True, "ketama_weighted": True}}
                alone = pylibmc.Client([f"127.0.0.1:{owner.port}"], **settings)
                all_nodes = pylibmc.Client(
                    [f"127.0.0.1:{node.port}" for node in cluster.nodes.values()], **settings
                )
                gets["pylibmc"] = lambda: alone.get("key")
                sets["pylibmc"] = lambda: alone.set("key", VALUE)
                set_batches["pylibmc"] = lambda: all_nodes.set_multi(BATCH)
                get_batches["pylibmc"] = lambda: all_nodes.get_multi(list(BATCH))
            ours.set("key", VALUE)
            rows = [
                compare("get", gets, CALLS),
                compare("set", sets, CALLS),
                compare("get_many of 100", get_batches, BATCHES, 100),
                compare("set_many of 100", set_batches, BATCHES, 100),
            ]
    finally:
        cluster.stop()
    show("client_memcached", rows)


if __name__ == "__main__":
    main()
