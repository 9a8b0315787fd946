"""The connections to one name of a Redis cache: idle ones, those in use, and a watch on where the name leads."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable
from time import monotonic

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheUnreachable
from .names import Names, is_address
from .redis_connection import RedisConnection

Observer = Callable[[str, str], None]
"""Told what happens to connections: a word (connected, left, dropped, reread) and its details."""

WATCH_SECONDS = 0.15
"""How often the primary's name is looked up while the client is used: half of the promised 0.3 s."""

_WATCH_ENDS_AFTER_SECONDS = 10.0  # without a call; then the next call looks the name up before it starts
_TRUST_SECONDS = 2 * WATCH_SECONDS  # how old the last look-up may be before a call relies on it
_LOOK_UP_SECONDS = 0.1  # what such a look-up may take; a slow resolver must not spend the call's time
_STUCK_SECONDS = 0.05  # a call on a node that has lost the name, without an answer for so long, is ended
_DIAL_SECONDS = (
    0.3  # to connect; then the name is looked up again, as it may have moved from a dead host meanwhile
)
_AGE_JITTER = 0.2
_CLOSED = "closed by the client"


class RedisRoute:
    """Opens, keeps and drops the connections to one host; one connection serves one call at a time.

    Safe to use from threads. `watched` is for the primary's name, which means one node at a time; a reader name may
    answer with another replica each time, which does not make the connected one wrong.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        host: str,
        context: ssl.SSLContext | None,
        names: Names,
        observe: Observer,
        maximum_age_seconds: float,
        watched: bool,
    ) -> None:
        self.host = host
        self.port = endpoint.port
        self._token = endpoint.auth_token
        self._context = context
        self._names = names
        self._observe = observe
        self._maximum_age_seconds = maximum_age_seconds
        self._watched = watched and not is_address(host)
        self._lock = threading.Lock()
        self._idle: list[RedisConnection] = []
        self._all: set[RedisConnection] = set()
        self._watcher: threading.Thread | None = None
        self._closed = threading.Event()
        self._looked_up_at = 0.0
        self._used_at = 0.0

    def take(self, deadline: Deadline) -> RedisConnection:
        """A connection for one call: an idle one that is still right, else a new one. Give it back, or drop it."""
        self._used_at = deadline.started_at
        if self._watched and deadline.started_at - self._looked_up_at > _TRUST_SECONDS:
            self._resume_watch(deadline)
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open(deadline)
            if connection.left_because:
                self.drop(connection, connection.left_because)
            elif deadline.started_at > connection.retire_at:
                self.drop(connection, "old")
            elif not connection.is_quiet():
                self.drop(connection, "closed by the server")
            else:
                return connection

    def give_back(self, connection: RedisConnection) -> None:
        """Keep the connection for the next call."""
        if connection.left_because:
            self.drop(connection, connection.left_because)
        else:
            self._idle.append(connection)

    def drop(self, connection: RedisConnection, reason: str) -> None:
        """Close the connection and forget it."""
        with self._lock:
            self._all.discard(connection)
        connection.close()
        self._observe("dropped", f"{_text(connection)} ({reason})")

    def close(self) -> None:
        """Drop the idle connections; those in use when their call ends, at once if it hangs."""
        self._closed.set()
        self._leave(lambda connection: True, _CLOSED)
        while self._idle:
            try:
                self.drop(self._idle.pop(), _CLOSED)
            except IndexError:
                break

    def _open(self, deadline: Deadline) -> RedisConnection:
        addresses = self._names.look_up(self.host, self.port, deadline)
        self._looked_up_at = monotonic()
        connection = RedisConnection.dial(self.host, addresses, self._context, deadline.part(_DIAL_SECONDS))
        jitter = 1 + random.uniform(-_AGE_JITTER, _AGE_JITTER)  # noqa: S311 - only to spread reconnections
        connection.retire_at = connection.opened_at + self._maximum_age_seconds * jitter
        with self._lock:
            self._all.add(connection)
            connection.left_because = _CLOSED if self._closed.is_set() else ""
        # Watched from here on: a login may hang on a frozen node, and the name move meanwhile.
        self._watch()
        try:
            connection.log_in(self._token, deadline)
        except BaseException as error:
            self.drop(connection, str(error) or type(error).__name__)
            raise
        self._observe("connected", f"{_text(connection)} ({connection.role or 'no role'})")
        return connection

    def _resume_watch(self, deadline: Deadline) -> None:
        """After a long pause nobody watched: see where the name leads before a connection is used."""
        if not self._is_watching():
            self._check_name(deadline.part(_LOOK_UP_SECONDS))
            self._watch()

    def _is_watching(self) -> bool:
        return self._watcher is not None and self._watcher.is_alive()

    def _watch(self) -> None:
        with self._lock:
            if not self._watched or not self._all or self._closed.is_set() or self._is_watching():
                return
            self._watcher = threading.Thread(target=self._run_watch, name=f"watch {self.host}", daemon=True)
            self._watcher.start()

    def _run_watch(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            if monotonic() - self._used_at > _WATCH_ENDS_AFTER_SECONDS:
                return
            self._check_name(Deadline(_WATCH_ENDS_AFTER_SECONDS))

    def _check_name(self, deadline: Deadline) -> None:
        """Mark the connections that lead to where the name no longer does; end calls that hang on them."""
        if not self._all:
            return
        try:
            addresses = self._names.look_up(self.host, self.port, deadline)
        except CacheUnreachable:
            return  # a resolver's fault says nothing about connections that work
        finally:
            self._looked_up_at = monotonic()
        self._leave(
            lambda connection: connection.address not in addresses, f"{self.host} leads elsewhere now"
        )

    def _leave(self, concerns: Callable[[RedisConnection], bool], reason: str) -> None:
        """Use these connections no more; end the calls that hang on them."""
        with self._lock:
            concerned = [connection for connection in self._all if concerns(connection)]
        for connection in concerned:
            if not connection.left_because:
                connection.left_because = reason
                self._observe("left", f"{_text(connection)} ({reason})")
            call = connection.busy
            if call is not None and monotonic() - call.started_at > _STUCK_SECONDS:
                connection.wake()


def _text(connection: RedisConnection) -> str:
    host, port = connection.address
    return f"{host}:{port}"
