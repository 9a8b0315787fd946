"""A client's stream of Memcached requests, cut where the front answers itself. Pure."""

from __future__ import annotations

from .settings import Discovery

BINARY = 0x80
# Longer than any storage command or question: what has no end by then is passed on as it comes.
LONGEST_LINE = 1024
# A number beyond it is refused without its data being awaited.
LONGEST_DATA = 2**31 - 3
# Where a command says how many bytes of data follow its line.
DATA_WORD = {b"ms": 2, **dict.fromkeys((b"set", b"add", b"replace", b"append", b"prepend", b"cas"), 4)}
CONFIG, LEGACY_LINE = b"config", b"get AmazonElastiCache:cluster"
NOT_MODELLED = b"SERVER_ERROR the sandbox does not let a client change the configuration\r\n"


class Requests:
    """Follows the requests of one connection as they arrive in whatever pieces.

    `take` is fed again and again with what is left over; it never waits for data that need not be looked at.
    """

    def __init__(self) -> None:
        self._blind = False
        self._data = self._dropped = 0
        self._in_line = False
        self._begun = False

    def take(self, stream: bytes, discovery: Discovery) -> tuple[int, int, bytes]:
        """(pass, drop, answer): so many bytes go to the server, then so many are dropped, and answered so if at all.

        Neither pass nor drop: the stream holds the begin of a request only, to be fed again with what follows it.
        """
        if self._dropped:
            step = min(self._dropped, len(stream))
            self._dropped -= step
            return 0, step, b""
        if not self._begun and stream:
            self._begun, self._blind = True, stream[0] == BINARY
        if self._blind:
            return len(stream), 0, b""
        at, size = 0, len(stream)
        while at < size:
            if self._data:
                step = min(self._data, size - at)
                self._data -= step
                at += step
                continue
            end = stream.find(b"\n", at)
            if end < 0:
                return self._unfinished(at, size)
            start, at = at, end + 1
            if self._in_line:
                self._in_line = False
                continue
            answer = self._line(stream[start:end], discovery)
            if answer:
                return start, at - start, answer
        return size, 0, b""

    def _unfinished(self, at: int, size: int) -> tuple[int, int, bytes]:
        if self._in_line or size - at > LONGEST_LINE:
            self._in_line = True
            return size, 0, b""
        return at, 0, b""

    def _line(self, line: bytes, discovery: Discovery) -> bytes:
        """The answer, where the front answers a request line."""
        command = line[: line.find(b" ")] if b" " in line else line.rstrip(b"\r")
        word = DATA_WORD.get(command)
        if word is not None:
            self._data = _length(line, word)
        elif discovery.legacy:
            if line.rstrip() == LEGACY_LINE:
                return discovery.answer()
        elif command == CONFIG:
            return self._config(line, discovery)
        if discovery.refused and command.decode("latin-1") in discovery.refused:
            return b"ERROR\r\n"
        return b""

    def _config(self, line: bytes, discovery: Discovery) -> bytes:
        words = line.split()
        if words[1:] == [b"get", b"cluster"]:
            return discovery.answer()
        if words[1:2] == [b"get"] and len(words) == 3:
            return b"END\r\n"
        if words[1:2] == [b"set"]:
            self._dropped = _length(line, 4)
            return NOT_MODELLED
        return NOT_MODELLED if words[1:2] == [b"delete"] else b"ERROR\r\n"


def _length(line: bytes, word: int) -> int:
    """How many bytes follow a line, its end of line included; none where the server will refuse the line."""
    words = line.split(maxsplit=word + 1)
    if len(words) <= word or not words[word].isdigit() or int(words[word]) > LONGEST_DATA:
        return 0
    return int(words[word]) + 2
