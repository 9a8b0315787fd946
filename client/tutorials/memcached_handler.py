"""Set a new uuid and get it back: the entry point `client.tutorials.memcached_handler.handler`."""

from __future__ import annotations

import uuid
from typing import Any

from ..endpoint import Endpoint
from ..errors import CacheError, CheckFailed
from ..handler import handler as perform_event
from ..memcached_client import MemcachedClient
from ..work import error_as_mapping

_DEADLINE_SECONDS = 2.0
_KEY = "uuid"
_TTL_SECONDS = 60.0


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer with the configuration endpoint, the nodes it names, the node in use and the uuid.

    The cache is the one that the environment names; what went wrong comes back under `error`. The log has a line for
    each step. An event with a `command` is answered by `client.handler`, so that the function can be verified.
    """
    if isinstance(event, dict) and "command" in event:
        return perform_event(event, context)
    try:
        endpoint = Endpoint.from_environment()
        _log(f"configuration endpoint {endpoint.address}")
        with MemcachedClient(endpoint, _DEADLINE_SECONDS) as cache:
            return {"configuration_endpoint": endpoint.address, **_set_and_get(cache)}
    except CacheError as error:
        _log(f"failed: {type(error).__name__}: {error}")
        return error_as_mapping(error)


def _set_and_get(cache: MemcachedClient) -> dict[str, Any]:
    value = str(uuid.uuid4())
    node = cache.node_for(_KEY)
    nodes = [each.name for each in cache.status.nodes]
    _log(f"{len(nodes)} nodes: {' '.join(nodes)}")
    cache.set(_KEY, value, ttl_seconds=_TTL_SECONDS)
    _log(f"set {_KEY} {value} at {node}")
    found = cache.get(_KEY)
    got = None if found is None else found.decode(errors="backslashreplace")
    _log(f"get {_KEY} {got} at {node}")
    if got != value:
        raise CheckFailed(f"{value} was set, {got} came back")
    return {"nodes": nodes, "node": node, "uuid": got}


def _log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a function prints is its log, which `aws logs tail` shows
