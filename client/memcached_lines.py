"""Memcached's text protocol as a person at a terminal speaks it: whatever the command, one whole answer."""

from __future__ import annotations

from collections.abc import Iterator

from .connecting import DeadlineSocket
from .deadline import Deadline
from .errors import CacheRefused, CacheUnreachable

ANSWER_SECONDS = 5.0
_UNFINISHED = (b"STAT ", b"ITEM ")
_DATA = (b"VALUE ", b"CONFIG ", b"VA ")
_LONGEST_LINE = 1 << 20


class Lines:
    """One connection to a node, for people: any command out, one whole answer in."""

    def __init__(self, name: str, wire: DeadlineSocket) -> None:
        self._name = name
        self._wire = wire
        self._rest = b""

    def exchange(self, question: bytes) -> bytes:
        """Send the question and return the answer. Raises CacheUnreachable or CacheRefused."""
        self._wire.deadline = Deadline(ANSWER_SECONDS)
        try:
            self._wire.sendall(question)
            return b"".join(self._answer())
        except TimeoutError as error:
            raise self._wire.deadline.exceeded(f"asking {self._name}", "reply") from error
        except OSError as error:
            raise CacheUnreachable(f"{self._name}: the connection was lost", "reply") from error

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _answer(self) -> Iterator[bytes]:
        """The answer's lines and blocks of data, up to the line that ends it."""
        while True:
            line = self._line()
            yield line
            if line.startswith(_DATA):
                yield self._block(_size(line))
                if line.startswith(b"VA "):
                    return
            elif not line.startswith(_UNFINISHED):
                return

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > _LONGEST_LINE:
                raise CacheRefused(f"{self._name}: not an answer of Memcached", "PROTOCOL", "reply")
            self._receive()
        line, self._rest = self._rest[: end + 1], self._rest[end + 1 :]
        return line

    def _block(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._receive()
        block, self._rest = self._rest[:size], self._rest[size:]
        return block

    def _receive(self) -> None:
        piece = self._wire.recv(65536)
        if not piece:
            raise ConnectionResetError("closed by the node")
        self._rest += piece


def _size(line: bytes) -> int:
    """How many bytes of data follow the line, with their line end."""
    words = line.split()
    number = words[1 if words[0] == b"VA" else 3]
    return int(number) + 2
