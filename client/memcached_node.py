"""The connections to one node of a Memcached cluster, and its quarantine after it was out."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable

from .deadline import Deadline
from .discovery import Node
from .errors import CacheError, CacheRefused, CacheUnreachable
from .memcached_connection import FAULTS, MemcachedConnection, failure_of
from .names import Names

Observer = Callable[[str, str], None]
"""Told what happens: a word (connected, dropped, out, returned, discovered, undiscovered) and its details."""

_TRY_EVERY_SECONDS = 0.1
_CONNECT_SECONDS = 0.3  # a packet that was dropped is sent again after 1 s: too late for a node that is back
_ANSWER_SECONDS = 1.0  # a frozen node accepts connections, and answers as soon as it goes on
_SETTLE_SECONDS = 0.05  # for commands of closed connections that the returning node still holds
_BUSY_SECONDS = 0.1  # a connection used just now is not examined: it costs a tenth of a call
_AGE_JITTER = 0.2


class MemcachedNode:
    """Opens, keeps and drops the connections to one node; one connection serves one call at a time.

    A node is out once it could not be connected to, or did not acknowledge a write: then what it holds may be older
    than what the application knows. Calls fail at once until a thread has reached it and flushed it. Safe to use from
    threads.
    """

    def __init__(
        self,
        node: Node,
        context: ssl.SSLContext | None,
        names: Names,
        observe: Observer,
        maximum_age_seconds: float,
        flush_on_return: bool,
    ) -> None:
        self.node = node
        self.name = node.name
        self.tls = context is not None
        self._context = context
        self._names = names
        self._observe = observe
        self._maximum_age_seconds = maximum_age_seconds
        self._flush_on_return = flush_on_return
        self._lock = threading.Lock()
        self._idle: list[MemcachedConnection] = []
        self._out_because = ""
        self._term = 0  # raised each time the node goes out: connections of an earlier term are not kept
        self._closed = threading.Event()

    @property
    def is_out(self) -> bool:
        """Whether the node serves no calls for now."""
        return bool(self._out_because)

    def take(self, deadline: Deadline) -> MemcachedConnection:
        """A connection for one call: an idle one, else a new one. Give it back, or drop it."""
        return self.take_idle(deadline) or self._open(deadline)

    def take_idle(self, deadline: Deadline) -> MemcachedConnection | None:
        """An idle connection that is still good, if there is one; raises CacheUnreachable while the node is out."""
        if self._out_because:
            raise CacheUnreachable(f"{self.name} is out: {self._out_because}", "connect")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if deadline.started_at > connection.retire_at:
                self.drop(connection, "old")
            elif deadline.started_at - connection.used_at > _BUSY_SECONDS and not connection.is_quiet():
                self.drop(connection, "closed by the node")
            else:
                connection.begin(deadline)
                return connection

    def give_back(self, connection: MemcachedConnection) -> None:
        """Keep the connection for the next call, if it can serve one."""
        if connection.term == self._term and connection.is_open and not self._closed.is_set():
            self._idle.append(connection)
        else:
            self.drop(connection, "not needed")

    def drop(self, connection: MemcachedConnection, reason: str) -> None:
        """Close the connection."""
        connection.close()
        self._observe("dropped", f"{self.name} ({reason})")

    def leave(self, reason: str) -> None:
        """Let the node serve no more calls until it has been flushed."""
        with self._lock:
            if self._out_because or self._closed.is_set() or not self._flush_on_return:
                return
            self._out_because = reason
            self._term += 1
        self._drop_idle("the node is out")
        self._observe("out", f"{self.name} ({reason})")
        threading.Thread(target=self._bring_back, name=f"bring back {self.name}", daemon=True).start()

    def close(self) -> None:
        """Drop the idle connections, those in use when their call ends, and stop trying to bring the node back."""
        self._closed.set()
        self._drop_idle("closed by the client")

    def _open(self, deadline: Deadline) -> MemcachedConnection:
        term = self._term
        try:
            connection = self._dial(deadline)
        except CacheUnreachable as failure:
            if failure.stage == "connect":
                self.leave(str(failure))
            raise type(failure)(f"{self.name}: {failure}", failure.stage) from failure
        connection.term = term
        connection.begin(deadline)
        self._observe("connected", self.name)
        return connection

    def _dial(self, deadline: Deadline, connect_seconds: float | None = None) -> MemcachedConnection:
        addresses = self._names.look_up(self.node.host, self.node.port, deadline)
        within = deadline if connect_seconds is None else deadline.part(connect_seconds)
        connection = MemcachedConnection.open(self.node.host, self.name, addresses, self._context, within)
        jitter = 1 + random.uniform(-_AGE_JITTER, _AGE_JITTER)  # noqa: S311 - only to spread reconnections
        connection.retire_at = connection.opened_at + self._maximum_age_seconds * jitter
        return connection

    def _drop_idle(self, reason: str) -> None:
        while self._idle:
            try:
                self.drop(self._idle.pop(), reason)
            except IndexError:
                break

    def _bring_back(self) -> None:
        while not self._closed.is_set():
            try:
                self._flush(Deadline(_ANSWER_SECONDS))
            except CacheRefused as refusal:
                self._out_because = f"it cannot be flushed: {refusal}"
            except CacheError as failure:
                self._out_because = str(failure)
            else:
                return
            self._closed.wait(_TRY_EVERY_SECONDS)

    def _flush(self, deadline: Deadline) -> None:
        connection = self._dial(deadline, _CONNECT_SECONDS)
        try:
            connection.begin(deadline)
            connection.version()
            self._closed.wait(_SETTLE_SECONDS)
            connection.begin(Deadline(_ANSWER_SECONDS))
            connection.flush_all()
        except FAULTS as error:
            self.drop(connection, "no answer")
            raise failure_of(error, f"flush_all at {self.name}", self.tls, deadline) from error
        connection.term = self._term
        self._out_because = ""
        self.give_back(connection)
        self._observe("returned", f"{self.name}, flushed")
