"""How a call to Redis is carried out: which connection, what is repeated, and when the endpoint is read again."""

from __future__ import annotations

import os
import random
import time
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import redis

from .connecting import tls_context
from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused, CacheUnreachable, OutcomeUnknown
from .names import Names, Resolver
from .redis_connection import NOT_NOW, Command, RedisConnection, ServerError, failure_of
from .redis_route import Observer, RedisRoute
from .rereading import Rereading

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.1  # a third of the recovery that is promised after a name has changed


class _Routes(NamedTuple):
    endpoint: Endpoint
    primary: RedisRoute
    reader: RedisRoute


class RedisCalls:
    """Carries calls out on the primary or the reader of an endpoint, which may change meanwhile."""

    def __init__(
        self,
        endpoint: Endpoint,
        resolver: Resolver,
        maximum_connection_age_seconds: float,
        observe: Observer,
        reread: Callable[[], Endpoint] | None,
    ) -> None:
        self._resolver = resolver
        self._maximum_age_seconds = maximum_connection_age_seconds
        self._observe = observe
        self._reread = reread
        self._start(endpoint)
        _live.add(self)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint in use now."""
        return self._routes.endpoint

    def run(
        self,
        command: Command | list[Command],
        deadline: Deadline,
        repeatable: bool,
        from_replica: bool = False,
    ) -> Any:
        """The reply; a list of commands is a transaction. Repeated where that is safe, until the deadline."""
        pause, attempts = _FIRST_PAUSE_SECONDS, 0
        while True:
            routes = self._routes
            attempts += 1
            try:
                return self._attempt(
                    routes.reader if from_replica else routes.primary,
                    command,
                    deadline,
                    repeatable,
                    from_replica,
                )
            except CacheRefused as refusal:
                if refusal.stage != "login" or not self._rereading.differs_from(routes.endpoint, deadline):
                    raise
            except CacheUnreachable as failure:
                if failure.stage in {"name", "connect"}:
                    self._rereading.start()
                if deadline.remaining() <= pause:
                    raise _last_failure(failure, attempts, deadline) from failure.__cause__
            time.sleep(min(deadline.remaining(), pause * random.uniform(0.5, 1)))  # noqa: S311 - spreads clients
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        routes = self._routes
        self._start(routes.endpoint)
        routes.primary.close()
        routes.reader.close()

    def restart_in_child(self) -> None:
        """After a fork: connections, locks and threads belong to the parent."""
        self._start(self.endpoint)

    def _start(self, endpoint: Endpoint) -> None:
        self._names = Names(self._resolver)
        self._routes = self._routes_to(endpoint)
        self._rereading = Rereading(endpoint, self._reread, self._adopt)

    def _routes_to(self, endpoint: Endpoint) -> _Routes:
        context = tls_context(endpoint.ca_file) if endpoint.tls else None
        shared = (context, self._names, self._observe, self._maximum_age_seconds)
        primary = RedisRoute(endpoint, endpoint.host, *shared, watched=True)
        if endpoint.reader_host is None or endpoint.reader_host == endpoint.host:
            return _Routes(endpoint, primary, primary)
        return _Routes(endpoint, primary, RedisRoute(endpoint, endpoint.reader_host, *shared, watched=False))

    def _adopt(self, endpoint: Endpoint) -> None:
        before, self._routes = self._routes, self._routes_to(endpoint)
        before.primary.close()
        before.reader.close()
        self._observe("reread", f"the cache is at {endpoint.address}")

    def _attempt(
        self,
        route: RedisRoute,
        command: Command | list[Command],
        deadline: Deadline,
        repeatable: bool,
        from_replica: bool,
    ) -> Any:
        connection = route.take(deadline)
        needs_master = not (repeatable or from_replica)
        if needs_master and connection.role == "slave":
            raise _leads_to_replica(route, connection)
        try:
            if isinstance(command, list):
                reply = connection.call_transaction(command, deadline)
            else:
                reply = connection.call(command, deadline)
        except ServerError as error:
            raise _refused(route, connection, error, command, from_replica) from error
        except redis.RedisError as error:
            route.drop(connection, "no answer" if connection.sent else "not sent")
            failure = failure_of(error, _doing(route, command), "reply", deadline)
            if connection.sent and not repeatable:
                raise OutcomeUnknown(f"{failure}; it was sent, and may or may not have happened") from error
            raise failure from error
        except BaseException:
            # Interrupted between question and answer: the answer would be taken for that of the next call.
            route.drop(connection, "interrupted")
            raise
        route.give_back(connection)
        return reply


def _refused(
    route: RedisRoute,
    connection: RedisConnection,
    error: ServerError,
    command: Command | list[Command],
    from_replica: bool,
) -> CacheError:
    """Our error for an answer that says no, and what becomes of the connection. Nothing was executed."""
    doing = _doing(route, command)
    if error.code == "READONLY" and not from_replica:
        return _leads_to_replica(route, connection)
    if error.code in NOT_NOW:
        route.drop(connection, error.code)
        return CacheUnreachable(f"{doing}: {error}", "reply")
    if error.code == "NOAUTH":
        route.drop(connection, error.code)
        return CacheRefused(f"{doing}: {error}", error.code, "login")
    if connection.is_open:
        route.give_back(connection)
    else:
        route.drop(connection, error.code)
    return CacheRefused(f"{doing}: {error}", error.code, "reply")


def _last_failure(failure: CacheUnreachable, attempts: int, deadline: Deadline) -> CacheUnreachable:
    if attempts == 1:
        return failure
    return type(failure)(
        f"{failure} (the last of {attempts} attempts in {deadline.seconds:g} s)", failure.stage
    )


def _leads_to_replica(route: RedisRoute, connection: RedisConnection) -> CacheUnreachable:
    """The end of a connection to a demoted primary: the next attempt looks the name up again."""
    route.drop(connection, "a replica")
    return CacheUnreachable(f"{route.host} leads to a replica, which takes no writes", "role")


def _doing(route: RedisRoute, command: Command | list[Command]) -> str:
    first = command[0]
    return f"{first[0] if isinstance(first, tuple) else first} at {route.host}"


_live: weakref.WeakSet[RedisCalls] = weakref.WeakSet()


def _restart_all() -> None:
    for calls in list(_live):
        calls.restart_in_child()


os.register_at_fork(after_in_child=_restart_all)
