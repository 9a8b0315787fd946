"""Memcached with Auto Discovery: one hard deadline per call, acknowledged writes, no old value after an outage."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pymemcache

from .deadline import Deadline
from .discovery import Node
from .endpoint import Endpoint
from .errors import InvalidEndpoint
from .memcached_batch import Fetches, Stores
from .memcached_calls import MemcachedCalls
from .memcached_cluster import MemcachedCluster, Settings
from .memcached_connection import MemcachedConnection
from .memcached_discovery import POLL_SECONDS
from .memcached_node import Observer
from .memcached_single import fetch, store
from .memcached_values import checked_expiry, checked_key, checked_keys, checked_value
from .names import Resolver, system_resolver

Key = str | bytes
Value = str | bytes
AnyKey = TypeVar("AnyKey", str, bytes)


@dataclass(frozen=True)
class DiscoveryStatus:
    """What the client knows of its cluster. Ages are in seconds; None before the first success."""

    version: int | None
    nodes: tuple[Node, ...]
    fingerprint: str | None
    out: tuple[str, ...]
    last_success_age_seconds: float | None
    last_fault: str | None
    polls: int
    faults: int


class MemcachedClient:
    """One Memcached cluster, found by its configuration endpoint; the same words and errors as RedisClient.

    Keys go to the node that libmemcached's `ketama_weighted` names, and to no other when that node is out. Every call
    ends within `deadline_seconds`. A write is acknowledged, or raises: OutcomeUnknown when it was sent. A node that
    could not be connected to, or left a write unacknowledged, is flushed before it serves again; until then calls for
    its keys fail at once. What that cannot see: values that a node kept from before another node joined and left
    again; let values expire where that matters. Safe to use from threads and after a fork. Arguments:

    resolver: looks names up (host, port → addresses); for tunnels and tests. Default: the system's.
    maximum_connection_age_seconds: a connection is replaced after this time, give or take a fifth.
    observe: called with a word (connected, dropped, out, returned, discovered, undiscovered, reread) and details;
        must not raise or wait.
    poll_seconds: how often the list of nodes is asked for, give or take a fifth.
    flush_returning_nodes: whether a node that was out is flushed; without it, it serves what it held.
    reread: reads the endpoint again when the configuration endpoint is gone or wrong. Default: its parameter, if any.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        deadline_seconds: float = 0.25,
        *,
        resolver: Resolver = system_resolver,
        maximum_connection_age_seconds: float = 300.0,
        observe: Observer = lambda word, details: None,
        poll_seconds: float = POLL_SECONDS,
        flush_returning_nodes: bool = True,
        reread: Callable[[], Endpoint] | None = None,
    ) -> None:
        if endpoint.engine != "memcached":
            raise InvalidEndpoint(
                f"{endpoint.address} is a {endpoint.engine} endpoint; this client is for Memcached"
            )
        if not deadline_seconds > 0:
            raise ValueError(f"deadline_seconds must be more than 0, got {deadline_seconds}")
        self._seconds = deadline_seconds
        settings = Settings(
            resolver,
            maximum_connection_age_seconds,
            poll_seconds,
            flush_returning_nodes,
            observe,
            reread or (endpoint.refreshed if endpoint.parameter else None),
        )
        self._cluster = MemcachedCluster(endpoint, settings)
        self._calls = MemcachedCalls(self._cluster)
        weakref.finalize(self, self._cluster.close).atexit = False

    def __enter__(self) -> MemcachedClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def endpoint(self) -> Endpoint:
        """The configuration endpoint in use; another one than at the start once its parameter has changed."""
        return self._cluster.endpoint

    @property
    def library(self) -> str:
        """What carries the bytes, with its version."""
        return f"pymemcache {pymemcache.__version__}"

    def get(self, key: Key) -> bytes | None:
        """The value, None on a miss. Raises CacheUnreachable or CacheRefused."""
        data = checked_key(key)

        def ask(connection: MemcachedConnection) -> bytes | None:
            return fetch(connection, data)

        return self._calls.run(data, ask, "get", Deadline(self._seconds), writes=False)

    def set(self, key: Key, value: Value, ttl_seconds: float | None = None) -> None:
        """Store the value, for ever or for `ttl_seconds`, which Memcached counts in whole seconds (rounded up).

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused (SERVER_ERROR for a value over the node's limit).
        """
        deadline = Deadline(self._seconds)
        data, content, expire = checked_key(key), checked_value(value), checked_expiry(ttl_seconds)

        def ask(connection: MemcachedConnection) -> None:
            store(connection, data, content, expire)

        self._calls.run(data, ask, "set", deadline, writes=True)

    def add(self, key: Key, value: Value, ttl_seconds: float | None = None) -> bool:
        """Store the value if there is none under the key; whether it was stored.

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused.
        """
        deadline = Deadline(self._seconds)
        data, content, expire = checked_key(key), checked_value(value), checked_expiry(ttl_seconds)

        def ask(connection: MemcachedConnection) -> bool:
            return connection.add(data, content, expire)

        return self._calls.run(data, ask, "add", deadline, writes=True)

    def delete(self, key: Key) -> bool:
        """Remove the key; whether it was there. Raises OutcomeUnknown, CacheUnreachable or CacheRefused."""
        data = checked_key(key)

        def remove(connection: MemcachedConnection) -> bool:
            return connection.delete(data)

        return self._calls.run(data, remove, "delete", Deadline(self._seconds), writes=True)

    def increment(self, key: Key, amount: int = 1) -> int:
        """Add to the whole number under the key, 0 when there is none, and return the sum.

        Memcached's numbers have 64 bits and no sign: below 0 they stay 0, beyond the largest they begin again.
        Raises OutcomeUnknown, CacheUnreachable or CacheRefused (CLIENT_ERROR for what is no number).
        """
        data, deadline = checked_key(key), Deadline(self._seconds)

        def add(connection: MemcachedConnection) -> int | None:
            return connection.incr(data, amount) if amount >= 0 else connection.decr(data, -amount)

        def create(connection: MemcachedConnection) -> bool:
            return connection.add(data, b"%d" % max(0, amount))

        while True:
            total = self._calls.run(data, add, "increment", deadline, writes=True)
            if total is not None:
                return total
            if self._calls.run(data, create, "increment", deadline, writes=True):
                return max(0, amount)
            # Somebody else created it between the two: add to that.

    def set_many(self, values: Mapping[AnyKey, Value], ttl_seconds: float | None = None) -> None:
        """Store all the values, in one round trip per node and the nodes at once.

        Raises the worst failure of a node after all the others have answered, whose values are stored: OutcomeUnknown,
        CacheUnreachable or CacheRefused.
        """
        deadline = Deadline(self._seconds)
        keys = checked_keys(values)
        contents = {keys[key]: checked_value(value) for key, value in values.items()}
        expire = checked_expiry(ttl_seconds)

        def question(keys: list[bytes]) -> Stores:
            return Stores(keys, contents, expire)

        self._calls.run_many(contents, question, "set_many", deadline, writes=True)

    def get_many(self, keys: Iterable[AnyKey]) -> dict[AnyKey, bytes]:
        """The values that are there, under their keys as given, in one round trip per node and the nodes at once.

        Raises CacheUnreachable or CacheRefused.
        """
        deadline = Deadline(self._seconds)
        wanted = checked_keys(keys)
        found: dict[bytes, bytes] = {}
        for answered in self._calls.run_many(
            set(wanted.values()), Fetches, "get_many", deadline, writes=False
        ):
            found |= answered.found
        return {key: found[data] for key, data in wanted.items() if data in found}

    def node_for(self, key: Key) -> str:
        """`host:port` of the node that owns the key. Raises CacheUnreachable or CacheRefused."""
        data = checked_key(key)
        return self._cluster.layout(Deadline(self._seconds)).ring.node_for(data)

    @property
    def status(self) -> DiscoveryStatus:
        """The nodes, the version they are from, and how discovery fares; never waits."""
        layout, discovery = self._cluster.known, self._cluster.discovery
        since = discovery.succeeded_at if discovery else None
        fault = discovery.fault if discovery else None
        return DiscoveryStatus(
            version=layout.configuration.version if layout else None,
            nodes=layout.configuration.nodes if layout else (),
            fingerprint=layout.ring.fingerprint if layout else None,
            out=tuple(node.name for node in layout.nodes.values() if node.is_out) if layout else (),
            last_success_age_seconds=None if since is None else time.monotonic() - since,
            last_fault=str(fault) if fault else None,
            polls=discovery.polls if discovery else 0,
            faults=discovery.faults if discovery else 0,
        )

    def close(self) -> None:
        """Stop discovery and close all connections; a later call starts again."""
        self._cluster.close()
