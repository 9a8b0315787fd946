"""A client for the caches of this project: one hard deadline per call, no silent second write.

    with connect(Endpoint.from_environment(), deadline_seconds=0.25) as cache:
        cache.set("city", b"Oslo", ttl_seconds=60)
        cache.get("city")

Importing it loads no third-party module; `connect` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .endpoint import Endpoint
from .errors import (
    CacheError,
    CacheRefused,
    CacheUnreachable,
    CheckFailed,
    DeadlineExceeded,
    InvalidEndpoint,
    OutcomeUnknown,
)

if TYPE_CHECKING:
    from .memcached_client import MemcachedClient
    from .redis_client import RedisClient

__version__ = "0.2.0.dev0"

__all__ = [
    "CacheError",
    "CacheRefused",
    "CacheUnreachable",
    "CheckFailed",
    "DeadlineExceeded",
    "Endpoint",
    "InvalidEndpoint",
    "OutcomeUnknown",
    "connect",
]


def connect(
    endpoint: Endpoint, deadline_seconds: float = 0.25, **options: Any
) -> RedisClient | MemcachedClient:
    """A client for the endpoint's engine; `options` are the arguments of RedisClient or MemcachedClient.

    Libraries are imported and trusted certificates loaded here, outside any call's deadline; the first call connects.
    """
    if endpoint.engine == "memcached":
        from .memcached_client import MemcachedClient

        return MemcachedClient(endpoint, deadline_seconds, **options)
    from .redis_client import RedisClient

    return RedisClient(endpoint, deadline_seconds, **options)
