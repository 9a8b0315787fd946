"""The nodes of a Memcached cluster as discovery last gave them, with the ring over them; swapped as one."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .connecting import tls_context
from .deadline import Deadline
from .discovery import Configuration
from .endpoint import Endpoint
from .errors import CacheError, CacheUnreachable, InvalidEndpoint
from .memcached_discovery import Discovery, Server
from .memcached_node import MemcachedNode, Observer
from .names import Names, Resolver
from .rereading import Rereading
from .ring import Ring


class Layout(NamedTuple):
    """One configuration, its ring and its nodes: whoever holds it sees one consistent state."""

    configuration: Configuration
    ring: Ring
    nodes: dict[str, MemcachedNode]

    def node_for(self, key: bytes) -> MemcachedNode:
        """The node that owns the key."""
        return self.nodes[self.ring.node_for(key)]


class Settings(NamedTuple):
    """What a cluster needs besides its endpoint; the arguments of MemcachedClient."""

    resolver: Resolver
    maximum_connection_age_seconds: float
    poll_seconds: float
    flush_on_return: bool
    observe: Observer
    reread: Callable[[], Endpoint] | None


class MemcachedCluster:
    """Discovers, and keeps one MemcachedNode per name as long as the cluster has it. Safe to use from threads.

    A name that left the list and is in it again may hold values from before: it begins as a node that was out. When
    the configuration endpoint is gone or wrong, the endpoint is read again; another one is asked for its nodes, and
    until it gives them those of before stay.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._context = tls_context(endpoint.ca_file) if endpoint.tls else None
        self._departed: set[str] = set()
        self._layout: Layout | None = None
        self._discovery: Discovery | None = None
        self._lock = threading.Lock()
        self._rereading = Rereading(endpoint, settings.reread, self._move)
        self._running()
        _live.add(self)

    @property
    def endpoint(self) -> Endpoint:
        """The configuration endpoint in use now."""
        return self._endpoint

    @property
    def known(self) -> Layout | None:
        """The layout of now, without waiting for a first one."""
        return self._layout

    @property
    def discovery(self) -> Discovery | None:
        """The discovery under way; None after closing, and in the child of a fork until its first call."""
        return self._discovery

    def layout(self, deadline: Deadline) -> Layout:
        """The layout of now; waits for the first one. Raises CacheUnreachable or CacheRefused when none comes."""
        layout = self._layout
        if layout is None:
            self._wait_for_first(deadline)
            layout = self._layout
        if layout is None:
            raise CacheUnreachable("the client was closed meanwhile", "discovery")
        return layout

    def _wait_for_first(self, deadline: Deadline) -> None:
        while True:
            used = self._endpoint
            try:
                return self._running().wait_for_first(deadline)
            except CacheError:
                if not self._rereading.differs_from(used, deadline):
                    raise

    def close(self) -> None:
        """Stop discovery and close every connection; a later call starts again."""
        with self._lock:
            layout, self._layout = self._layout, None
            discovery, self._discovery = self._discovery, None
        if discovery is not None:
            discovery.stop()
        for node in layout.nodes.values() if layout else ():
            node.close()

    def restart_in_child(self) -> None:
        """After a fork: connections, locks and threads belong to the parent; who was out has to be flushed still."""
        nodes = self._layout.nodes.values() if self._layout else ()
        self._departed |= {node.name for node in nodes if node.is_out}
        self._layout = self._discovery = None
        self._lock = threading.Lock()
        self._rereading = Rereading(self._endpoint, self._settings.reread, self._move)

    def _move(self, endpoint: Endpoint) -> None:
        """Go on with another endpoint."""
        if endpoint.engine != "memcached":
            raise InvalidEndpoint(f"the parameter now names a {endpoint.engine} cache")
        context = tls_context(endpoint.ca_file) if endpoint.tls else None
        with self._lock:
            self._endpoint, self._context = endpoint, context
            before, self._discovery = self._discovery, None
        if before is not None:
            before.stop()
            self._running()
        self._settings.observe("reread", f"the cluster is at {endpoint.address}")

    def _running(self) -> Discovery:
        with self._lock:
            if self._discovery is None:
                settings, self._names = self._settings, Names(self._settings.resolver)
                self._discovery = Discovery(
                    self._servers,
                    self._context,
                    self._names,
                    self._adopt,
                    settings.observe,
                    self._rereading.start,
                    settings.poll_seconds,
                )
            return self._discovery

    def _servers(self) -> Iterable[Server]:
        layout = self._layout
        others = [node for node in layout.nodes.values() if not node.is_out] if layout else []
        yield (self._endpoint.host, self._endpoint.port)
        yield from ((node.node.host, node.node.port) for node in others)

    def _adopt(self, configuration: Configuration, source: Discovery) -> None:
        with self._lock:
            if source is not self._discovery:
                return  # closed meanwhile
            before = self._layout.nodes if self._layout else {}
            nodes: dict[str, MemcachedNode] = {}
            for node in configuration.nodes:
                kept = before.get(node.name)
                if kept is not None and kept.tls != (self._context is not None):
                    kept = None
                nodes[node.name] = kept or MemcachedNode(
                    node,
                    self._context,
                    self._names,
                    self._settings.observe,
                    self._settings.maximum_connection_age_seconds,
                    self._settings.flush_on_return,
                )
                if kept is None and node.name in self._departed:
                    nodes[node.name].leave("it left the cluster and came back")
            self._departed |= set(before) - set(nodes)
            self._departed -= set(nodes)
            self._layout = Layout(configuration, Ring(nodes), nodes)
        for name, node in before.items():
            if nodes.get(name) is not node:
                node.close()


_live: weakref.WeakSet[MemcachedCluster] = weakref.WeakSet()


def _restart_all() -> None:
    for cluster in list(_live):
        cluster.restart_in_child()


os.register_at_fork(after_in_child=_restart_all)
