"""The clients of the league: each makes a function that adds one under a key, and says which errors are refusals."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import NamedTuple

from _name_world import NAME

Increment = Callable[[str], object]


class Contestant(NamedTuple):
    """`open` connects and gives the call; `refusals` are the errors after which nothing can have happened."""

    open: Callable[[], Increment]
    refusals: tuple[type[Exception], ...]


def contestants() -> dict[str, Contestant]:
    """Those that are installed; bench/requirements.txt says how."""
    found = {"client": _ours(), "redis-py": _redis_py(), "redis-py tuned": _redis_py(tuned=True)}
    if importlib.util.find_spec("valkey"):
        found["valkey-py"] = _valkey_py()
    if importlib.util.find_spec("glide_sync"):
        found["GLIDE"] = _glide()
    return found


def _ours() -> Contestant:
    from client import CacheRefused, CacheUnreachable, Endpoint, connect

    def start() -> Increment:
        cache = connect(Endpoint("redis", NAME, 6379, tls=False), 0.25)
        return cache.increment

    return Contestant(start, (CacheRefused, CacheUnreachable))


def _redis_py(tuned: bool = False) -> Contestant:
    import redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    options = {}
    if tuned:  # as its documentation and the issues about failovers advise
        options = {
            "socket_timeout": 0.25,
            "socket_connect_timeout": 0.25,
            "health_check_interval": 1,
            "retry": Retry(ExponentialBackoff(cap=0.1, base=0.01), 3),
            "retry_on_error": [redis.ReadOnlyError],
        }

    def start() -> Increment:
        return redis.Redis(host=NAME, **options).incr

    return Contestant(start, (redis.ResponseError,))


def _valkey_py() -> Contestant:
    import valkey

    def start() -> Increment:
        return valkey.Valkey(host=NAME).incr

    return Contestant(start, (valkey.ResponseError,))


def _glide() -> Contestant:
    from glide_sync import GlideClient, GlideClientConfiguration, Logger, LogLevel, NodeAddress

    Logger.set_logger_config(LogLevel.OFF)

    def start() -> Increment:
        return GlideClient.create(GlideClientConfiguration([NodeAddress(NAME, 6379)])).incr

    return Contestant(start, ())  # it has one error for all that fails, refused or in doubt
