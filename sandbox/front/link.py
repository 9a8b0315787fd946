"""One client's connection, and the one to the server that belongs to it."""

from __future__ import annotations

import random
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable

from .loop import Loop
from .requests import Requests
from .settings import Settings
from .side import Side


class Link:
    """Passes both ways. Begins when the first bytes of the client are there, as they say to where.

    A question that the front answers waits until the server has answered all before it: a request of which it is
    known how the server answers it goes first, and nothing after it until that answer has come.
    """

    def __init__(
        self,
        loop: Loop,
        settings: Settings,
        client: socket.socket,
        peer: str,
        connect: Callable[[bytes], socket.socket],
    ) -> None:
        self._loop, self._settings, self._connect, self._peer = loop, settings, connect, peer
        self._client = Side(loop, client, self._from_client, self._client_drained)
        self._server: Side | None = None
        self._requests = Requests() if settings.discovery else None
        self._held = b""
        self._client_ended = False
        self._asked = False
        self._awaited, self._answer, self._tail = b"", b"", b""
        self._late: deque[tuple[float, bytes]] = deque()
        self._server_ended = False
        self.closed = False

    def close(self, reset: bool = True) -> None:
        """End both sides."""
        if not self.closed:
            self.closed = True
            self._client.close(reset)
            if self._server:
                self._server.close(reset)

    def _from_client(self) -> None:
        try:
            data = self._client.receive()
            if data is None:
                return
            if not data:
                self._client_ended = True
                self._client.read(False)
            self._forward(data)
        except OSError:
            self.close()

    def _forward(self, data: bytes) -> None:
        if self._server is None:
            if not data:
                self.close(reset=False)
                return
            self._server = Side(self._loop, self._connect(data), self._from_server, self._server_drained)
        if self._requests is None:
            self._to_server(data)
        else:
            self._held += data
            self._sort()
        if self._client_ended and not self._awaited:
            if self._held:
                self._to_server(self._held)
                self._held = b""
            self._server.end()

    def _sort(self) -> None:
        """Pass what is the server's, and answer what is not, until something has to be waited for."""
        while self._held and not self._awaited:
            passed, dropped, answer = self._requests.take(self._held, self._settings.discovery)
            if passed:
                self._asked = True
                self._to_server(self._held[:passed])
            self._held = self._held[passed + dropped :]
            if answer and self._asked:
                self._ask_for_quiet(answer)
            elif answer:
                self._to_client(answer)
            elif not passed and not dropped:
                return

    def _ask_for_quiet(self, answer: bytes) -> None:
        token = secrets.token_hex(8).encode()
        self._answer, self._awaited = answer, b"NF O%s\r\n" % token
        self._to_server(b"md sandbox-front O%s\r\n" % token)
        self._client.read(False)

    def _to_server(self, data: bytes) -> None:
        self._server.send(data)
        if self._server.full:
            self._client.read(False)

    def _from_server(self) -> None:
        try:
            data = self._server.receive()
            if data is None:
                return
            if not data:
                self._server_ended = True
                self._server.read(False)
                self._finish()
            elif self._awaited:
                self._in_quiet(data)
            else:
                self._to_client(data)
        except OSError:
            self.close()

    def _in_quiet(self, data: bytes) -> None:
        """Pass what comes before the awaited answer, and then the front's own instead of it."""
        data = self._tail + data
        if data.endswith(self._awaited):
            data, self._tail = data[: -len(self._awaited)] + self._answer, b""
            self._awaited, self._asked = b"", False
            self._to_client(data)
            self._client.read(not self._client_ended)
            self._forward(b"") if self._client_ended else self._sort()
            return
        kept = len(self._awaited) - 1
        self._tail = data[-kept:]
        if len(data) > kept:
            self._to_client(data[:-kept])

    def _to_client(self, data: bytes) -> None:
        harm = self._settings.disturbance
        spared = not (harm.loss_percent or harm.delay_milliseconds) or self._peer in harm.spared
        if not spared and random.random() * 100 < harm.loss_percent:  # noqa: S311 - no secret hangs on it
            self.close()
        elif self._late or (harm.delay_milliseconds and not spared):
            due = time.monotonic() + (0 if spared else harm.delay_milliseconds / 1000)
            self._late.append((due, data))
            self._loop.at(due, self._deliver)
        else:
            self._client.send(data)
            if self._client.full and self._server:
                self._server.read(False)

    def _deliver(self) -> None:
        """Send what was delayed, in order: one that came later is not sent earlier, whatever was changed between."""
        now = time.monotonic()
        try:
            while not self.closed and self._late and self._late[0][0] <= now:
                self._client.send(self._late.popleft()[1])
        except OSError:
            self.close()
        self._finish()

    def _finish(self) -> None:
        """Close in order once the server has ended and the client has everything."""
        if self._server_ended and not self.closed and not self._late and self._client.idle:
            self.close(reset=False)

    def _client_drained(self) -> None:
        if self._server_ended:
            self._finish()
        elif self._server:
            self._server.read(True)

    def _server_drained(self) -> None:
        if not self._client_ended and not self._awaited:
            self._client.read(True)
