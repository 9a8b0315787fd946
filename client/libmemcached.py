"""pylibmc for programs that are written for it, on the nodes of a cluster and on the same ring as this client.

It has no TLS, no deadline for a whole call, and does not follow a change of nodes; MemcachedClient does.
"""

from __future__ import annotations

import importlib
from typing import Any

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import InvalidEndpoint
from .memcached_discovery import ask
from .names import Names, system_resolver


def open_libmemcached(endpoint: Endpoint, deadline_seconds: float = 2.0) -> Any:
    """Return a pylibmc client for the nodes that the configuration endpoint names: binary protocol, ketama, no delay.

    Each wait is bounded by the deadline. Raises InvalidEndpoint for a cache with TLS or another engine, and what
    asking for the nodes raises.
    """
    if endpoint.engine != "memcached" or endpoint.tls:
        with_tls = " with TLS" if endpoint.tls else ""
        raise InvalidEndpoint(
            f"pylibmc speaks to Memcached without TLS only; {endpoint.address} is {endpoint.engine}{with_tls}"
        )
    deadline = Deadline(deadline_seconds)
    found = ask((endpoint.host, endpoint.port), None, Names(system_resolver), deadline)
    pylibmc: Any = importlib.import_module("pylibmc")  # it has no types
    patience = int(deadline_seconds * 1000)
    behaviors = {
        "ketama_weighted": True,
        "tcp_nodelay": True,
        "connect_timeout": patience,
        "_poll_timeout": patience,
    }
    return pylibmc.Client([node.name for node in found.nodes], binary=True, behaviors=behaviors)
