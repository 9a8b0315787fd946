"""One of the two sockets of a link: reads without waiting, and keeps what the peer does not take yet."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable

from .loop import READ, WRITE, Loop

CHUNK = 65536
# Beyond this the other side is not read until the peer has taken something.
BUFFER_MOST = 1 << 20
RESET = struct.pack("ii", 1, 0)
WOULD_WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Side:
    """Calls `ready` when there is something to read, and `drained` when all was taken after a time of not."""

    def __init__(
        self, loop: Loop, sock: socket.socket, ready: Callable[[], None], drained: Callable[[], None]
    ) -> None:
        self._loop, self._socket = loop, sock
        self._ready, self._drained = ready, drained
        self._unsent = bytearray()
        self._events = READ
        self._ends = False
        sock.setblocking(False)
        loop.watch(sock, READ, self._on_events)

    @property
    def idle(self) -> bool:
        """Whether everything was taken."""
        return not self._unsent

    @property
    def full(self) -> bool:
        """Whether it is time to read no more from the other side."""
        return len(self._unsent) > BUFFER_MOST

    def receive(self) -> bytes | None:
        """What arrived; b"" at the end, None when there is nothing yet. Raises OSError on a broken line."""
        try:
            data = self._socket.recv(CHUNK)
            if isinstance(self._socket, ssl.SSLSocket):
                # Deciphered bytes wait in the library, where no poll sees them.
                while waiting := self._socket.pending():
                    data += self._socket.recv(waiting)
            return data
        except WOULD_WAIT:
            return None

    def send(self, data: bytes) -> None:
        """Send, now or when the peer takes it. Raises OSError on a broken line."""
        if not self._unsent:
            try:
                sent = self._socket.send(data)
            except WOULD_WAIT:
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        self._unsent += data
        self._watch_for(self._events | WRITE)

    def end(self) -> None:
        """Nothing more will be sent: say so to the peer when all is out."""
        self._ends = True
        if not self._unsent:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def read(self, wanted: bool) -> None:
        """Look for arriving data, or leave it where it is."""
        self._watch_for((self._events & WRITE) | (READ if wanted else 0))

    def close(self, reset: bool = False) -> None:
        """Close, in order or as a broken line is."""
        self._loop.forget(self._socket)
        with contextlib.suppress(OSError, ValueError):
            if reset:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            elif isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()  # says goodbye, and does not wait for the answer
        self._socket.close()

    def _watch_for(self, events: int) -> None:
        if events != self._events and self._socket.fileno() >= 0:
            self._events = events
            self._loop.change(self._socket, events)

    def _on_events(self, events: int) -> None:
        if events & WRITE and self._unsent:
            self._flush()
        if events & ~WRITE:
            self._ready()

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except WOULD_WAIT:
            return
        except OSError:
            self._ready()  # reading tells the link that the line is broken
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._watch_for(self._events & ~WRITE)
            if self._ends:
                self.end()
            self._drained()
