"""Microseconds to find a key's node among 40: the client's ring against pymemcache's rendezvous hash.

uhashring takes part where it is installed; `differs` then says on how many of 10,000 keys, at 25 nodes, it names
another node than this ring, which equals libmemcached's.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

from _results import show
from pymemcache.client.rendezvous import RendezvousHash

from client.ring import Ring

WINDOWS, KEYS = 9, [f"user:{number}:profile" for number in range(10_000)]
NODES = [f"cluster.abcdef.{number:04}.euw1.cache.amazonaws.com:11211" for number in range(1, 41)]


def microseconds_per_key(find: Callable[[str], object], keys: list[str]) -> float:
    windows = []
    for _ in range(WINDOWS):
        started = time.process_time()
        for key in keys:
            find(key)
        windows.append((time.process_time() - started) / len(keys) * 1e6)
    return min(windows)  # what else the machine does only ever adds


def main() -> None:
    ring = Ring(NODES)
    rows: list[dict[str, object]] = [
        {
            "": "client, ketama_weighted",
            "us/key": microseconds_per_key(lambda key: ring.node_for(key.encode()), KEYS),
        },
        {
            "": "pymemcache, rendezvous",
            "us/key": microseconds_per_key(RendezvousHash(NODES).get_node, KEYS[:300]),
        },
    ]
    if importlib.util.find_spec("uhashring"):
        from uhashring import HashRing

        settings = {"hash_fn": "ketama", "vnodes": 40, "replicas": 4}
        theirs = HashRing([name.removesuffix(":11211") for name in NODES], **settings)
        few = HashRing([name.removesuffix(":11211") for name in NODES[:25]], **settings)
        ours = Ring(NODES[:25])
        differs = sum(f"{few.get_node(key)}:11211" != ours.node_for(key.encode()) for key in KEYS)
        rows.append(
            {
                "": "uhashring, ketama",
                "us/key": microseconds_per_key(theirs.get_node, KEYS),
                "differs": differs,
            }
        )
    show("client_ring", rows)


if __name__ == "__main__":
    main()
