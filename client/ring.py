"""Which node owns a key: the ring of libmemcached's `ketama_weighted`, equal on every key. Pure."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import struct
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from typing import Any

_md5: Callable[[bytes], Any] = functools.partial(hashlib.md5, usedforsecurity=False)
if importlib.util.find_spec("_md5"):
    # Python's own, where it was built with it: OpenSSL looks its own up at every call, which takes a microsecond.
    _md5 = importlib.import_module("_md5").md5
_first_of_digest = struct.Struct("<I").unpack_from

_DEFAULT_PORT = "11211"
_POINTS_PER_NODE = 160
_POINTS_PER_DIGEST = 4


class Ring:
    """A fixed set of nodes, each a `host:port`, on a circle of 32-bit points; their order does not matter.

    Names are hashed, never addresses or places in the list: so a replaced node keeps its keys, and a new one takes
    only those that become its own.
    """

    __slots__ = ("_owners", "_points", "fingerprint", "nodes")

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes = tuple(sorted(set(nodes)))
        if not self.nodes:
            raise ValueError("a ring needs at least one node")
        digests = _digests_per_node(len(self.nodes))
        circle = sorted((point, node) for node in self.nodes for point in _points(node, digests))
        self._points = [point for point, _ in circle]
        # One owner more than points: behind the last point the circle begins again.
        self._owners = [node for _, node in circle] + [circle[0][1]]
        text = "".join(f"{point:08x}{node}\n" for point, node in circle)
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        """16 hexadecimal digits; two clients with the same ones place every key alike."""

    def node_for(self, key: bytes) -> str:
        """The `host:port` that owns the key."""
        (point,) = _first_of_digest(_md5(key).digest())
        return self._owners[bisect_left(self._points, point)]

    def shares(self, keys: Collection[bytes]) -> dict[str, list[bytes]]:
        """The keys by the `host:port` that owns them, in their order."""
        if len(self.nodes) == 1:
            return {self.nodes[0]: list(keys)} if keys else {}
        points, owners, md5, first, bisect = self._points, self._owners, _md5, _first_of_digest, bisect_left
        found: dict[str, list[bytes]] = {}
        for key in keys:
            owner = owners[bisect(points, first(md5(key).digest())[0])]
            if owner in found:
                found[owner].append(key)
            else:
                found[owner] = [key]
        return found


def _points(node: str, digests: int) -> list[int]:
    host, _, port = node.rpartition(":")
    host = host.strip("[]")
    # libmemcached's own spelling: a bare host at the default port, and IPv6 addresses without brackets.
    spelling = host if port == _DEFAULT_PORT else f"{host}:{port}"
    return [
        point
        for position in range(digests)
        for point in struct.unpack("<4I", _md5(f"{spelling}-{position}".encode()).digest())
    ]


def _digests_per_node(nodes: int) -> int:
    """40 as a rule, and 39 for 25, 47, 50 and 55 nodes: libmemcached rounds down a product of 32-bit floats."""
    share = _single(_single(_single(1 / nodes) * _POINTS_PER_NODE) / _POINTS_PER_DIGEST)
    return int(_single(_single(share * nodes) + 1e-10))


def _single(number: float) -> float:
    """The number as C's `float` holds it."""
    return struct.unpack("f", struct.pack("f", number))[0]
