"""Redis and Valkey with one hard deadline per call, and never a write made twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import redis
from redis.utils import HIREDIS_AVAILABLE

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import InvalidEndpoint
from .names import Resolver, system_resolver
from .redis_calls import RedisCalls
from .redis_connection import Command
from .redis_route import Observer

Key = str | bytes
Value = str | bytes
AnyKey = TypeVar("AnyKey", str, bytes)


class RedisClient:
    """One Redis cache: its primary, and its reader as the same object.

    Every call ends within `deadline_seconds`: name, connection, TLS, login, repetitions and reply together. It is
    repeated, as long as there is time, when the cache certainly did not execute it (not connected, not sent
    completely, refused by a replica or a loading node), and when it only reads. A write that was sent and whose
    answer was lost raises OutcomeUnknown and is never repeated. That holds for `set` and `delete` too: a late
    second SET would put an old value over one that somebody else wrote between.

    Safe to use from threads: a connection serves one call at a time, and there are as many as calls at once.
    After a fork the child makes connections of its own. Arguments:

    resolver: looks names up (host, port → addresses); for tunnels and tests. Default: the system's.
    maximum_connection_age_seconds: a connection is replaced after this time, give or take a fifth.
    observe: called with a word (connected, left, dropped, reread) and details; must not raise or wait.
    reread: reads the endpoint again after a refused login or an unreachable host. Default: its parameter, if any.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        deadline_seconds: float = 0.25,
        *,
        resolver: Resolver = system_resolver,
        maximum_connection_age_seconds: float = 300.0,
        observe: Observer = lambda word, details: None,
        reread: Callable[[], Endpoint] | None = None,
    ) -> None:
        if endpoint.engine == "memcached":
            raise InvalidEndpoint(
                f"{endpoint.address} is a Memcached endpoint; this client is for Redis and Valkey"
            )
        if not deadline_seconds > 0:
            raise ValueError(f"deadline_seconds must be more than 0, got {deadline_seconds}")
        self._seconds = deadline_seconds
        reread = reread or (endpoint.refreshed if endpoint.parameter else None)
        self._calls = RedisCalls(endpoint, resolver, maximum_connection_age_seconds, observe, reread)

    def __enter__(self) -> RedisClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint in use; another one than at the start once its parameter has changed."""
        return self._calls.endpoint

    @property
    def library(self) -> str:
        """What carries the bytes: redis-py and its parser, with their versions."""
        if not HIREDIS_AVAILABLE:
            return f"redis-py {redis.__version__}, Python parser"
        import hiredis

        return f"redis-py {redis.__version__}, hiredis {hiredis.__version__}"

    def get(self, key: Key, from_replica: bool = False) -> bytes | None:
        """The value, None on a miss; from the primary, or from the reader, which may be milliseconds behind.

        Raises CacheUnreachable or CacheRefused.
        """
        return self._calls.run(("GET", _checked("key", key)), Deadline(self._seconds), True, from_replica)

    def set(self, key: Key, value: Value, ttl_seconds: float | None = None) -> None:
        """Store the value, for ever or for `ttl_seconds`, which counts to the millisecond.

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused.
        """
        command = ("SET", _checked("key", key), _checked("value", value), *_expiry(ttl_seconds))
        self._calls.run(command, Deadline(self._seconds), False)

    def add(self, key: Key, value: Value, ttl_seconds: float | None = None) -> bool:
        """Store the value if there is none under the key; whether it was stored.

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused.
        """
        command = ("SET", _checked("key", key), _checked("value", value), *_expiry(ttl_seconds), "NX")
        return self._calls.run(command, Deadline(self._seconds), False) is not None

    def delete(self, key: Key) -> bool:
        """Remove the key; whether it was there. Raises OutcomeUnknown, CacheUnreachable or CacheRefused."""
        return self._calls.run(("DEL", _checked("key", key)), Deadline(self._seconds), False) == 1

    def increment(self, key: Key, amount: int = 1) -> int:
        """Add to the whole number under the key, 0 when there is none, and return the sum.

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused (ERR for what is no number).
        """
        return self._calls.run(("INCRBY", _checked("key", key), amount), Deadline(self._seconds), False)

    def set_many(self, values: Mapping[AnyKey, Value], ttl_seconds: float | None = None) -> None:
        """Store all the values in one round trip, all of them or none.

        Raises OutcomeUnknown, CacheUnreachable or CacheRefused.
        """
        deadline = Deadline(self._seconds)
        _check_all("key", values.keys())
        _check_all("value", values.values())
        expiry = _expiry(ttl_seconds)
        if not values:
            return
        command = [("SET", *pair, *expiry) for pair in values.items()] if expiry else _mset(values)
        self._calls.run(command, deadline, False)

    def get_many(self, keys: Iterable[AnyKey], from_replica: bool = False) -> dict[AnyKey, bytes]:
        """The values that are there, under their keys as given, in one round trip.

        Raises CacheUnreachable or CacheRefused.
        """
        deadline = Deadline(self._seconds)
        wanted = list(keys)
        _check_all("key", wanted)
        if not wanted:
            return {}
        found = self._calls.run(("MGET", *wanted), deadline, True, from_replica)
        return {key: value for key, value in zip(wanted, found, strict=True) if value is not None}

    def node_for(self, key: Key) -> str:
        """`host:port` that owns the key: the primary, whatever the key, as cluster mode is disabled."""
        _checked("key", key)
        return self.endpoint.address

    def role(self, from_replica: bool = False) -> str:
        """`master` or `slave`, as the node itself says. Raises CacheUnreachable or CacheRefused."""
        return self.execute("ROLE", repeatable=True, from_replica=from_replica)[0].decode()

    def execute(
        self,
        *command: str | bytes | int | float,
        repeatable: bool = False,
        from_replica: bool = False,
        deadline_seconds: float | None = None,
    ) -> Any:
        """Any other command; its reply as bytes, int, list or None.

        `repeatable` says that it only reads: it may be sent again, and a node of any role may answer. Raises
        OutcomeUnknown unless it is repeatable, CacheUnreachable, or CacheRefused with the server's code when the
        server answers with an error. `deadline_seconds` counts for this call alone.
        """
        deadline = Deadline(self._seconds if deadline_seconds is None else deadline_seconds)
        return self._calls.run(command, deadline, repeatable, from_replica)

    def close(self) -> None:
        """Close all connections."""
        self._calls.close()


def _checked(what: str, value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        return value
    raise TypeError(f"{what} must be str or bytes, got {type(value).__name__}")


def _check_all(what: str, values: Collection[Any]) -> None:
    if not set(map(type, values)) <= {str, bytes}:  # one look at all of them: a batch has hundreds
        for value in values:
            _checked(what, value)


def _mset(values: Mapping[Any, Any]) -> Command:
    return ("MSET", *itertools.chain.from_iterable(values.items()))


def _expiry(ttl_seconds: float | None) -> tuple[str, int] | tuple[()]:
    if ttl_seconds is None:
        return ()
    milliseconds = round(ttl_seconds * 1000)
    if milliseconds < 1:
        raise ValueError(f"ttl_seconds must be at least 0.001, got {ttl_seconds}")
    return ("PX", milliseconds)
