"""Many connections over one data channel: the frames of smux, version 1, as AWS's agent speaks them.

A frame is version, command, length, number of the stream (all little-endian), and data. A stream begins with SYN and
ends with FIN; NOP only shows that the other side lives.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Callable

from .errors import CacheUnreachable

_FRAME = struct.Struct("<BBHI")
_VERSION = 1
_SYN, _FIN, _PSH, _NOP = range(4)
_PIECE_BYTES = 16_384
_END = b""

Send = Callable[[bytes], None]


class Streams:
    """The streams of one channel; `send` takes bytes for the other side, `feed` gets those from there.

    `accepted` gets a new stream of the other side, in the thread that feeds.
    """

    def __init__(self, send: Send, accepted: Callable[[Stream], None] | None = None) -> None:
        self._send = send
        self._accepted = accepted
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._number = 1
        self._rest = b""

    def open(self) -> Stream:
        """Begin a stream. Raises CacheUnreachable when the channel is closed."""
        with self._lock:
            self._number += 2  # those of whoever began the session are odd
            stream = self._streams[self._number] = Stream(self._number, self)
        self.write(_SYN, stream.number)
        return stream

    def feed(self, data: bytes) -> None:
        """Take bytes of the other side, cut wherever they may be. Raises ValueError when they are no frames."""
        self._rest += data
        while len(self._rest) >= _FRAME.size:
            version, command, length, number = _FRAME.unpack_from(self._rest)
            if version != _VERSION or command > _NOP:
                raise ValueError(f"a frame of version {version}, command {command}")
            if len(self._rest) < _FRAME.size + length:
                return
            content = self._rest[_FRAME.size : _FRAME.size + length]
            self._rest = self._rest[_FRAME.size + length :]
            self._take(command, number, content)

    def write(self, command: int, number: int, data: bytes = b"") -> None:
        """Send one frame, whole before the next."""
        with self._writing:
            self._send(_FRAME.pack(_VERSION, command, len(data), number) + data)

    def alive(self) -> None:
        """Show the other side that this one lives."""
        self.write(_NOP, 0)

    def forget(self, number: int) -> None:
        """A stream has ended."""
        with self._lock:
            self._streams.pop(number, None)

    def end(self) -> None:
        """The channel is closed: end every stream."""
        with self._lock:
            streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            stream.received.put(_END)

    def _take(self, command: int, number: int, content: bytes) -> None:
        if command == _SYN and self._accepted is not None:
            with self._lock:
                stream = self._streams[number] = Stream(number, self)
            self._accepted(stream)
            return
        with self._lock:
            known = self._streams.get(number)
        if known is not None and command in (_PSH, _FIN):
            known.received.put(content if command == _PSH else _END)


class Stream:
    """One connection through the channel."""

    def __init__(self, number: int, streams: Streams) -> None:
        self.number = number
        self.received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._streams = streams

    def carry(self, connection: socket.socket) -> None:
        """Carry a socket's bytes both ways until one side ends; in two threads of its own."""
        for target in (self._carry_out, self._carry_in):
            threading.Thread(target=target, args=(connection,), name="tunnel", daemon=True).start()

    def close(self) -> None:
        """End the stream."""
        self._streams.forget(self.number)
        with contextlib.suppress(CacheUnreachable):  # with the channel, all its streams have ended
            self._streams.write(_FIN, self.number)

    def _carry_out(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, CacheUnreachable):
            while data := connection.recv(_PIECE_BYTES):
                self._streams.write(_PSH, self.number, data)
        self.close()
        self.received.put(_END)

    def _carry_in(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := self.received.get():
                connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)
