"""One connection to a Memcached node: pymemcache speaks, the deadline rules, and no answer is left in it.

pylibmc would carry bytes without TLS faster, but libmemcached bounds each wait, not the call: with 250 ms for each, a
value that drips in takes as long as it takes, and a node that is frozen answers as if it had no value. So pymemcache
carries all.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
from collections.abc import Sequence
from time import monotonic
from typing import Any, NoReturn

from pymemcache.client.base import Client
from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
    MemcacheUnknownCommandError,
    MemcacheUnknownError,
)

from .connecting import DeadlineSocket, open_socket, start_tls
from .deadline import Deadline
from .errors import CacheError, CacheRefused, CacheUnreachable
from .names import Address

FAULTS = (OSError, MemcacheError, ValueError, LookupError)
"""What pymemcache raises for a lost connection, for the node's errors, and for answers it cannot read."""

WAIT = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket that does not block raises when it would have to."""

_ABORT = struct.pack("ii", 1, 0)  # on, after 0 s


class MemcachedConnection(Client):
    """pymemcache's client over a socket that is already open; it never opens another one.

    Its `incr`, `decr`, `add`, `delete`, `version` and `flush_all` raise pymemcache's errors, or OSError for a lost
    connection; `sent` says whether the last command left completely. Keys come checked, as bytes.
    """

    def __init__(self, sock: socket.socket, name: str, address: Address, deadline: Deadline) -> None:
        super().__init__(address, default_noreply=False)  # pyright: ignore[reportUnknownMemberType]
        self.name = name
        self.address = address
        self.retire_at = self.used_at = 0.0
        self.term = 0
        self.opened_at = monotonic()
        self.raw = sock
        self.wire = _Wire(sock, deadline)
        self.sock = self.wire  # type: ignore[assignment]  # all that pymemcache uses of a socket

    @classmethod
    def open(
        cls,
        host: str,
        name: str,
        addresses: Sequence[Address],
        context: ssl.SSLContext | None,
        deadline: Deadline,
    ) -> MemcachedConnection:
        """Connect, and shake hands; the certificate has to be for `host`."""
        sock, address = open_socket(addresses, deadline)
        if context is not None:
            sock = start_tls(sock, host, context, deadline)
        return cls(sock, name, address, deadline)

    def begin(self, deadline: Deadline) -> None:
        """Start a call: the deadline bounds all that follows."""
        self.used_at = deadline.started_at
        self.wire.deadline = deadline
        self.wire.sent = False

    @property
    def sent(self) -> bool:
        """Whether the command of the call left completely; one that did not cannot have been executed."""
        return self.wire.sent

    @property
    def is_open(self) -> bool:
        """Whether another call can follow; pymemcache closes the connection on every error."""
        return self.sock is not None

    def is_quiet(self) -> bool:
        """Whether the idle connection is open and no answer is left in it."""
        return self.wire.is_quiet()

    def refuse(self, line: bytes, word: bytes) -> NoReturn:
        """Raise pymemcache's error for a line that is no answer to the command `word`."""
        self._raise_errors(line, word)
        raise MemcacheUnknownError(line[:32])

    def stats(self, *arguments: bytes) -> dict[bytes | str, Any]:
        """The node's figures by their names, or of what the arguments name."""
        return super().stats(*arguments)  # pyright: ignore[reportUnknownMemberType]

    def check_key(self, key: bytes, key_prefix: bytes = b"") -> bytes:  # type: ignore[override]
        """The key as it is: it was checked before its node was chosen."""
        return key

    def _connect(self) -> NoReturn:
        raise OSError("the connection was closed")


class _Wire(DeadlineSocket):
    """Knows whether a command left completely, and takes back on closing what the node has not got yet.

    Otherwise the kernel would go on sending it, and a late write could reach the node after its return.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__(sock, deadline)
        # Not blocking, as a time limit of Python's costs three more calls of the system per command.
        sock.setblocking(False)
        self.sent = False

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise; then the node cannot have got the whole of it."""
        sent = 0
        while True:
            if not self.deadline.remaining():
                raise TimeoutError("the deadline has passed")
            try:
                sent += self._sock.send(memoryview(data)[sent:] if sent else data)
            except WAIT as reason:
                self._wait(select.POLLIN if isinstance(reason, ssl.SSLWantReadError) else select.POLLOUT)
            if sent == len(data):
                self.sent = True
                return

    def recv(self, size: int) -> bytes:
        """Receive at most `size` bytes."""
        if not self._secured:  # TLS may hold what has arrived already
            self._wait_for_reply()
        while True:
            try:
                return self._sock.recv(size)
            except WAIT:
                self._wait_for_reply()

    def _wait_for_reply(self) -> None:
        left = self.deadline.ends_at - monotonic()
        if not self._poll.poll(left * 1000 if left > 0 else 0):
            raise TimeoutError("the deadline has passed")

    def _wait(self, event: int) -> None:
        poll = self._poll
        if event != select.POLLIN:
            poll = select.poll()
            poll.register(self._sock, event)
        if not poll.poll(self.deadline.remaining() * 1000):
            raise TimeoutError("the deadline has passed")

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        super().close()


def failure_of(error: Exception, doing: str, tls: bool, deadline: Deadline) -> CacheError:
    """Our error for one of FAULTS."""
    hint = "" if tls else "; perhaps the port expects TLS"
    if isinstance(error, TimeoutError):
        return deadline.exceeded(doing, "reply")
    if isinstance(error, (OSError, MemcacheUnexpectedCloseError)):
        return CacheUnreachable(f"{doing}: the connection was lost{hint}", "reply")
    if isinstance(error, MemcacheUnknownCommandError):
        return CacheRefused(f"{doing}: the node does not know the command", "ERROR", "reply")
    if isinstance(error, MemcacheClientError):
        return CacheRefused(f"{doing}: {_said(error)}", "CLIENT_ERROR", "reply")
    if isinstance(error, MemcacheServerError):
        return CacheRefused(f"{doing}: {_said(error)}", "SERVER_ERROR", "reply")
    return CacheRefused(
        f"{doing}: not an answer of Memcached: {_said(error)[:60]!r}{hint}", "PROTOCOL", "reply"
    )


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("ascii", "backslashreplace") if isinstance(said, bytes) else str(said)
