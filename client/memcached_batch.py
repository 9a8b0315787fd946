"""Batches: one round trip per node, all nodes at once, in one thread.

pymemcache asks one node after the other, and on one refused value gives up the answers to all that follow; so the
batches' two commands are spoken here, over the same connections.

Questions are made of pieces that end with a command. With TLS each is sent as a record of its own: a node that reads
a value out of one record, and finds the next command in the rest of it, waits for more from the network before it
looks (seen with 1.6.18), so that a batch of more than 16 kB in one write would never be answered. Values become pieces
only as the node takes them: a large batch's pieces take longer to make than a call may last.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .deadline import Deadline
from .errors import CacheRefused
from .memcached_connection import WAIT, MemcachedConnection

_RECORD_BYTES = 8_000  # a TLS record holds 16,384 bytes, as does what a node reads at once
_PIECE_BYTES = 65_536
_RECEIVE_BYTES = 65_536  # memory of 128 kB or more would be fetched from the system anew each time
_STORED = b"STORED\r\n"


class Refusal(NamedTuple):
    """A value that a node would not store, and its words."""

    key: bytes
    line: bytes


class Stores:
    """Values for one node, those of its keys; reads one line for each."""

    def __init__(self, keys: Sequence[bytes], values: Mapping[bytes, bytes], expire: int) -> None:
        self._keys = keys
        self._answered = 0
        self._commands = (
            b"set %b 0 %d %d\r\n%b\r\n" % (key, expire, len(values[key]), values[key]) for key in keys
        )
        self.refusals: list[Refusal] = []

    def pieces(self, size: int) -> Iterator[bytes]:
        """The commands in pieces of about this size; to be asked for once."""
        return _gathered(self._commands, size)

    def read(self, data: bytes) -> int:
        """Take whole lines; how many bytes they were."""
        stored = data.count(_STORED)
        if stored * len(_STORED) == len(data) and self._answered + stored <= len(self._keys):
            self._answered += stored
            return len(data)
        *lines, rest = data.split(b"\r\n")
        for line in lines:
            if self.is_complete:
                raise ValueError("more answers than questions")
            if line.startswith(b"SERVER_ERROR"):
                self.refusals.append(Refusal(self._keys[self._answered], line))
            elif line != b"STORED":
                raise ValueError(line[:60].decode("ascii", "backslashreplace"))
            self._answered += 1
        return len(data) - len(rest)

    @property
    def is_complete(self) -> bool:
        """Whether every value was answered."""
        return self._answered == len(self._keys)


class Fetches:
    """Keys of one node; reads the values that it has."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = set(keys)
        self.found: dict[bytes, bytes] = {}
        line = b" " + b" ".join(self._keys)
        lines = [line]
        if len(line) > _RECORD_BYTES:
            lines = [*_gathered((b" " + key for key in self._keys), _RECORD_BYTES)]
        self._commands = [b"get%b\r\n" % line for line in lines]
        self._unanswered = len(lines)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The commands in pieces of about this size; to be asked for once."""
        return _gathered(self._commands, size)

    def read(self, data: bytes) -> int:
        """Take whole values; how many bytes they were."""
        place, size, keys, found = 0, len(data), self._keys, self.found
        while (end := data.find(b"\r\n", place)) >= 0:
            words = data[place:end].split(b" ")
            if len(words) == 4 and words[0] == b"VALUE" and words[1] in keys and self._unanswered:
                start = end + 2
                stop = start + int(words[3])
                if size < stop + 2:
                    break
                found[words[1]] = data[start:stop]
                place = stop + 2
            elif words == [b"END"] and self._unanswered:
                self._unanswered -= 1
                place = end + 2
            else:
                raise ValueError(data[place : min(end, place + 60)].decode("ascii", "backslashreplace"))
        return place

    @property
    def is_complete(self) -> bool:
        """Whether every line of keys was answered."""
        return not self._unanswered


def _gathered(commands: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The commands in pieces of at most so many bytes; a longer command is a piece of its own."""
    gathered: list[bytes] = []
    size = 0
    for command in commands:
        if gathered and size + len(command) > most:
            yield b"".join(gathered)
            gathered, size = [], 0
        gathered.append(command)
        size += len(command)
    yield b"".join(gathered)


class Part:
    """What one node does of a batch: its connection, its question, and how far both ways are."""

    def __init__(self, connection: MemcachedConnection, question: Stores | Fetches) -> None:
        self.connection = connection
        self.question = question
        self.has_sent = False
        self.error: Exception | None = None
        self._tls = isinstance(connection.raw, ssl.SSLSocket)
        self._pieces = question.pieces(_RECORD_BYTES if self._tls else _PIECE_BYTES)
        self._unsent = self._next_piece()
        self._rest = b""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.error is not None or self.question.is_complete

    @property
    def wants(self) -> int:
        """What to wait for, as `poll` says it."""
        return select.POLLIN | (select.POLLOUT if self._unsent else 0)

    def advance(self, deadline: Deadline) -> None:
        """Send and receive what goes without waiting."""
        try:
            if self._unsent:
                self._send(deadline)
            self._receive(deadline)
        except (OSError, ValueError) as error:
            self.error = error

    def begin(self, deadline: Deadline) -> None:
        """Send what goes without waiting; the answer cannot be there yet."""
        try:
            self._send(deadline)
        except OSError as error:
            self.error = error

    def _send(self, deadline: Deadline) -> None:
        try:
            while self._unsent and deadline.remaining():
                sent = self.connection.raw.send(self._unsent)
                self.has_sent = True
                self._unsent = self._unsent[sent:] or self._next_piece()
        except WAIT:
            return

    def _next_piece(self) -> memoryview:
        """The next piece, empty after the last one."""
        return memoryview(next(self._pieces, b""))

    def _receive(self, deadline: Deadline) -> None:
        pieces = [self._rest] if self._rest else []
        try:
            while piece := self.connection.raw.recv(_RECEIVE_BYTES):
                pieces.append(piece)
                # TLS may hold decrypted bytes that no poll shows: then this goes on until nothing comes.
                if not self._tls or not deadline.remaining():
                    break
            else:
                raise ConnectionResetError("closed by the node")
        except WAIT:
            pass
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._rest = data[self.question.read(data) :]


def exchange(parts: Sequence[Part], deadline: Deadline) -> None:
    """Put all the questions, and read all the answers that come by the deadline; failures are in `Part.error`."""
    poll = select.poll()
    waiting: dict[int, Part] = {}
    wanted: dict[int, int] = {}
    for part in parts:
        part.begin(deadline)
        if not part.is_done:
            number = part.connection.raw.fileno()
            waiting[number], wanted[number] = part, part.wants
            poll.register(number, part.wants)
    while waiting:
        for number, _ in poll.poll(deadline.remaining() * 1000):
            part = waiting[number]
            part.advance(deadline)
            if part.is_done:
                del waiting[number]
                poll.unregister(number)
            elif part.wants != wanted[number]:
                wanted[number] = part.wants
                poll.modify(number, part.wants)
        if not deadline.remaining():
            break
    for part in waiting.values():
        part.error = TimeoutError("the deadline has passed")


def refused(refusals: Sequence[Refusal], name: str) -> CacheRefused:
    """Our error for values that a node would not store; all others of the batch were stored."""
    key, line = refusals[0]
    word, _, text = line.decode("ascii", "backslashreplace").partition(" ")
    more = f", and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    return CacheRefused(
        f"set of {key.decode(errors='backslashreplace')!r}{more} at {name}: {text}", word, "reply"
    )
