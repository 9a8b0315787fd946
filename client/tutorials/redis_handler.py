"""Write to the primary, read from primary and reader: the entry point `client.tutorials.redis_handler.handler`."""

from __future__ import annotations

import time
import uuid
from typing import Any

from ..endpoint import Endpoint
from ..errors import CacheError, CheckFailed
from ..handler import handler as perform_event
from ..redis_client import RedisClient
from ..work import error_as_mapping

_DEADLINE_SECONDS = 2.0
_REPLICATION_SECONDS = 3.0  # a healthy replica is behind by milliseconds
_TTL_SECONDS = 60.0


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer with the endpoints and the port in use, the value written, and what primary and reader gave back.

    The cache is the one that the environment names; what went wrong comes back under `error`. The log has a line for
    each step. An event with a `command` is answered by `client.handler`, so that the function can be verified.
    """
    if isinstance(event, dict) and "command" in event:
        return perform_event(event, context)
    try:
        endpoint = Endpoint.from_environment()
        _log(f"primary {endpoint.host}, reader {endpoint.reader_host or 'none'}, port {endpoint.port}")
        with RedisClient(endpoint, _DEADLINE_SECONDS) as cache:
            return {
                "primary_endpoint": endpoint.host,
                "reader_endpoint": endpoint.reader_host,
                "port": endpoint.port,
                **_write_and_read(cache, f"tutorial:{uuid.uuid4().hex[:12]}"),
            }
    except CacheError as error:
        _log(f"failed: {type(error).__name__}: {error}")
        return error_as_mapping(error)


def _write_and_read(cache: RedisClient, key: str) -> dict[str, Any]:
    value = uuid.uuid4().hex
    cache.set(key, value, ttl_seconds=_TTL_SECONDS)
    _log(f"primary: SET {key} {value}")
    from_primary = _text(cache.get(key))
    _log(f"primary: GET {key} {from_primary}")
    if from_primary != value:
        raise CheckFailed(f"{value} was written, the primary gave {from_primary}")
    if cache.endpoint.reader_host is None:
        return {"written": value, "from_primary": from_primary, "from_reader": None}
    written = time.monotonic()
    while (from_reader := _text(cache.get(key, from_replica=True))) != value:
        if time.monotonic() - written > _REPLICATION_SECONDS:
            raise CheckFailed(
                f"{value} was written, the reader gave {from_reader} {_REPLICATION_SECONDS:g} s later"
            )
        time.sleep(0.001)
    behind = round((time.monotonic() - written) * 1000, 1)
    _log(f"reader: GET {key} {from_reader} ({behind} ms after the write)")
    return {
        "written": value,
        "from_primary": from_primary,
        "from_reader": from_reader,
        "reader_behind_ms": behind,
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def _log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a function prints is its log, which `aws logs tail` shows
