"""One connection to one Redis node: redis-py's protocol and parser on a socket that keeps the call's deadline."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from time import monotonic
from typing import Any, cast

import redis

from .connecting import DeadlineSocket, open_socket, shake_hands, wrap_tls
from .deadline import Deadline
from .errors import CacheError, CacheRefused, CacheUnreachable
from .names import Address

Command = tuple[Any, ...]

_PACKED_AT_ONCE = 500

NOT_NOW = {"LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "BUSY"}
"""Refusals of a node that may be gone a moment later; nothing was executed."""


class ServerError(Exception):
    """An error that the server sent in answer to one command; its text as sent, beginning with a code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code} {text}" if text else code)
        self.code = code

    @property
    def is_full(self) -> bool:
        """Whether the server has no connection left to give: no answer to the command, and soon over perhaps."""
        return "max number of clients reached" in str(self)


class RedisConnection:
    """A socket, the address it leads to, and the node's role when the connection was made.

    A call that raises leaves the connection unusable: close it. `sent` then says whether the commands had left
    completely; if not, the node cannot have executed the last of them.
    """

    def __init__(self, host: str, sock: socket.socket, address: Address, deadline: Deadline) -> None:
        self.host = host
        self.address = address
        self.opened_at = self.retire_at = monotonic()
        self.role = ""
        self.sent = False
        self.left_because = ""
        self.busy: Deadline | None = deadline
        self._raw = sock
        self._socket = DeadlineSocket(sock, deadline)
        self._link: Any = _Link(self._socket, host, address)  # redis-py types few of its own methods
        self._send = self._link.send_packed_command
        self._pack = self._link.pack_command

    @classmethod
    def open(
        cls,
        host: str,
        addresses: Sequence[Address],
        context: ssl.SSLContext | None,
        token: str | None,
        deadline: Deadline,
    ) -> RedisConnection:
        """Connect, shake hands and log in."""
        connection = cls.dial(host, addresses, context, deadline)
        try:
            connection.log_in(token, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    @classmethod
    def dial(
        cls, host: str, addresses: Sequence[Address], context: ssl.SSLContext | None, deadline: Deadline
    ) -> RedisConnection:
        """Connect only; `log_in` has to follow."""
        sock, address = open_socket(addresses, deadline)
        if context is not None:
            sock = wrap_tls(sock, host, context)
        return cls(host, sock, address, deadline)

    def log_in(self, token: str | None, deadline: Deadline) -> None:
        """Shake hands, log in and ask for the role: one round trip after the handshake."""
        tls = False
        if isinstance(self._raw, ssl.SSLSocket):
            tls = True
            shake_hands(self._raw, self.host, deadline)
        commands: list[Command] = [("ROLE",)] if token is None else [("AUTH", token), ("ROLE",)]
        doing = f"login at {self.host}"
        try:
            self._link.connect()
            replies = self.call_all(commands, deadline)
        except redis.RedisError as error:
            hint = "" if tls else "; perhaps the port expects TLS"
            raise failure_of(error, doing, "login", deadline, hint) from error
        if isinstance(replies[0], ServerError) and replies[0].is_full:
            raise CacheUnreachable(f"{doing}: {replies[0]}", "login")
        if token is not None and isinstance(replies[0], ServerError):
            raise CacheRefused(f"{doing}: {replies[0]}", replies[0].code, "login")
        role = replies[-1]
        if not isinstance(role, ServerError):
            self.role = role[0].decode()
        elif role.code == "NOAUTH":
            raise CacheRefused(f"{doing}: {role}", role.code, "login")
        elif role.code in NOT_NOW:
            raise CacheUnreachable(f"{doing}: {role}", "login")
        # A user without the right to ask for the role may still read and write: then READONLY tells.

    def call(self, command: Command, deadline: Deadline) -> Any:
        """The reply to one command. Raises ServerError, or redis-py's errors of a lost connection."""
        self.sent = False
        self._socket.deadline = deadline
        self.busy = deadline
        try:
            self._send(self._pack(*command), check_health=False)
            self.sent = True
            return self._link.read_response()
        except redis.RedisError as error:
            raise _server_error(error) or error from None
        finally:
            self.busy = None

    def call_all(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        """The replies to several commands in one round trip; a ServerError in its place, and perhaps as the last."""
        self.sent = False
        self._socket.deadline = deadline
        self.busy = deadline
        try:
            # Thousands take longer to pack than a call may last: each send looks at the deadline.
            for start in range(0, len(commands), _PACKED_AT_ONCE):
                packed = self._link.pack_commands(commands[start : start + _PACKED_AT_ONCE])
                self._send(packed, check_health=False)
            self.sent = True
            replies: list[Any] = []
            for _ in commands:
                replies.append(self._read())
                if not self.is_open:
                    break  # redis-py closes the connection on some of the server's errors, a wrong token for one
            return replies
        finally:
            self.busy = None

    def call_transaction(self, commands: Sequence[Command], deadline: Deadline) -> Any:
        """The list of replies to commands of which all are executed, or none, in one round trip."""
        *queued, executed = self.call_all([("MULTI",), *commands, ("EXEC",)], deadline)
        made: list[Any] = cast("list[Any]", executed) if isinstance(executed, list) else [executed]
        # The first refusal is the reason; EXEC then only says that there was one.
        for reply in [*queued, *made]:
            if isinstance(reply, ServerError):
                raise reply
        return made

    @property
    def is_open(self) -> bool:
        """Whether the connection can serve another call; redis-py closes it on some of the server's errors."""
        return self._link.is_connected

    def is_quiet(self) -> bool:
        """Whether the idle connection is open and no reply is left in it."""
        return self._socket.is_quiet()

    def wake(self) -> None:
        """End the call that another thread is waiting in."""
        self._socket.wake()

    def close(self) -> None:
        """Close the socket; never waits."""
        self._link.disconnect()
        self._socket.close()  # redis-py does not know of it before the login

    def _read(self) -> Any:
        try:
            return self._link.read_response()
        except redis.RedisError as error:
            server_error = _server_error(error)
            if server_error is None:
                raise
            return server_error


class _Link(redis.Connection):
    """redis-py's connection over a socket that is already open; it never opens another one."""

    def __init__(self, sock: DeadlineSocket, host: str, address: Address) -> None:
        # RESP2 without driver information: not one round trip but our own login before the first command.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            host=host,
            port=address[1],
            protocol=2,
            driver_info=None,
            socket_timeout=None,
        )
        self._open: DeadlineSocket | None = sock

    def _connect(self) -> DeadlineSocket:  # type: ignore[override]  # all that redis-py uses of a socket
        sock, self._open = self._open, None
        if sock is None:
            raise OSError("the connection was closed")
        return sock


def failure_of(
    error: redis.RedisError, doing: str, stage: str, deadline: Deadline, hint: str = ""
) -> CacheError:
    """Our error for a connection that redis-py lost."""
    if isinstance(error, redis.TimeoutError):
        return deadline.exceeded(doing, stage)
    if isinstance(error, redis.InvalidResponse):
        return CacheRefused(f"{doing}: not an answer of Redis: {error}{hint}", "PROTOCOL", stage)
    return CacheUnreachable(f"{doing}: the connection was lost{hint}", stage)


def _server_error(error: redis.RedisError) -> ServerError | None:
    """The server's own words, taken out of redis-py's several classes for them, or None for a lost connection."""
    text = str(error)
    if error.status_code:
        return ServerError(error.status_code, text)
    if isinstance(error, redis.ResponseError):
        code, _, rest = text.partition(" ")
        return ServerError(code, rest) if code.isupper() else ServerError("ERR", text)
    return None
