"""A Memcached cluster as one client sees it: its nodes, how full they are, and where keys go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .connecting import tls_context
from .deadline import Deadline
from .discovery import Node
from .endpoint import Endpoint
from .errors import CacheError, InvalidEndpoint
from .memcached_connection import FAULTS, MemcachedConnection, failure_of
from .memcached_discovery import ask
from .names import Names, Resolver, system_resolver
from .ring import Ring

_SAMPLE = 10_000  # keys by which a node's share of all keys is told


@dataclass(frozen=True)
class NodeView:
    """One node: its name as the ring hashes it, its address, its share of all keys, the keys it holds now.

    `keys` and `version` (of its engine) are None where the node does not answer; `fault` says why.
    """

    name: str
    address: str
    share: float
    keys: int | None = None
    version: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class ClusterView:
    """The nodes as of a version of the configuration. Clients with the same fingerprint place every key alike."""

    version: int
    fingerprint: str
    nodes: tuple[NodeView, ...]

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> ClusterView:
        """The view that another client sent."""
        return cls(
            values["version"], values["fingerprint"], tuple(NodeView(**one) for one in values["nodes"])
        )


def view_cluster(
    endpoint: Endpoint, deadline_seconds: float, resolver: Resolver = system_resolver
) -> ClusterView:
    """Ask the configuration endpoint for the nodes, and each node how much it holds.

    Raises InvalidEndpoint for another engine, CacheUnreachable or CacheRefused when there is no list; a node that
    does not answer is a `fault` in the view.
    """
    if endpoint.engine != "memcached":
        raise InvalidEndpoint(
            f"{endpoint.address} is a {endpoint.engine} cache, which has no Auto Discovery; verify shows its roles"
        )
    names, deadline = Names(resolver), Deadline(deadline_seconds)
    context = tls_context(endpoint.ca_file) if endpoint.tls else None
    found = ask((endpoint.host, endpoint.port), context, names, deadline)
    ring = Ring(node.name for node in found.nodes)
    sample = Counter(ring.node_for(b"%d" % number) for number in range(_SAMPLE))

    def view(node: Node) -> NodeView:
        share = round(sample[node.name] / _SAMPLE, 4)
        address = node.ip
        try:
            addresses = names.look_up(node.host, node.port, deadline)
            address = addresses[0][0]
            connection = MemcachedConnection.open(node.host, node.name, addresses, context, deadline)
            try:
                connection.begin(deadline)
                figures = connection.stats()
                version = connection.version().decode()
            except FAULTS as error:
                raise failure_of(error, f"stats at {node.name}", endpoint.tls, deadline) from error
            finally:
                connection.close()
        except CacheError as error:
            return NodeView(node.name, address, share, fault=str(error))
        return NodeView(node.name, address, share, int(figures[b"curr_items"]), version)

    with ThreadPoolExecutor(max_workers=len(found.nodes)) as threads:
        return ClusterView(found.version, ring.fingerprint, tuple(threads.map(view, found.nodes)))
