"""The reply of ElastiCache's Auto Discovery to a list of nodes, read to the letter. Pure: bytes in, nodes out."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from .errors import CacheRefused

REQUEST = b"config get cluster\r\n"
LEGACY_REQUEST = b"get AmazonElastiCache:cluster\r\n"
"""For engines before 1.4.14; the same payload in a normal VALUE reply."""

MAXIMUM_BYTES = 64 * 1024  # 60 nodes need about 6 kB
_MAXIMUM_LINE = 512
_HEADERS = {
    (b"CONFIG", b"cluster"),
    (b"VALUE", b"AmazonElastiCache:cluster"),
}
_ERRORS = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?")
_NUMBER = re.compile(r"[0-9]{1,18}")


class Node(NamedTuple):
    """One node of a cluster; `host` is its name, or its address where the reply has no name."""

    host: str
    ip: str
    port: int

    @property
    def name(self) -> str:
        """`host:port`, what the ring hashes; an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Configuration(NamedTuple):
    """The nodes of a cluster as of one version; ElastiCache raises the version with every node added or removed."""

    version: int
    nodes: tuple[Node, ...]

    def supersedes(self, current: Configuration | None) -> bool:
        """Whether to take this one: only ever forwards, as a node that lags behind may answer with an older list."""
        return current is None or self.version > current.version


class ReplyReader:
    """Reads one reply in whatever pieces it arrives, by the length it announces, and never a byte beyond.

    CR LF and LF both end a line. Raises CacheRefused: code PROTOCOL for what is no such reply, NO_CLUSTER where the
    server has no configuration to give (plain Memcached), else the word of the server's own error.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._payload_starts = 0
        self._payload_ends = 0

    @property
    def has_begun(self) -> bool:
        """Whether anything has arrived."""
        return bool(self._data)

    def feed(self, piece: bytes) -> Configuration | None:
        """Take the next piece; the configuration once the reply is complete, else None."""
        self._data += piece
        if len(self._data) > MAXIMUM_BYTES + 2 * _MAXIMUM_LINE:
            raise _garbled(f"more than {MAXIMUM_BYTES} bytes")
        if not self._payload_starts and not self._read_header():
            return None
        if len(self._data) < self._payload_ends:
            return None
        trailer = bytes(self._data[self._payload_ends :]).replace(b"\r\n", b"\n")
        if trailer == b"\nEND\n":
            return parse(bytes(self._data[self._payload_starts : self._payload_ends]))
        if not b"\nEND\n".startswith(trailer.removesuffix(b"\r")) or len(trailer) > len(b"\nEND\n"):
            raise _garbled("it does not end where its length says")
        return None

    def _read_header(self) -> bool:
        end = self._data.find(b"\n", 0, _MAXIMUM_LINE)
        if end < 0:
            if len(self._data) >= _MAXIMUM_LINE:
                raise _garbled("its first line has no end")
            return False
        line = bytes(self._data[:end]).removesuffix(b"\r")
        words = line.split(b" ")
        if line == b"END":
            raise CacheRefused("the server has no configuration of a cluster", "NO_CLUSTER", "discovery")
        if words[0] in _ERRORS:
            raise _refusal(line)
        if len(words) != 4 or (words[0], words[1]) not in _HEADERS:
            raise _garbled(f"its first line is {_shown(line)}")
        length = _number(words[3])
        if _number(words[2]) is None or length is None:
            raise _garbled(f"its first line is {_shown(line)}")
        if length > MAXIMUM_BYTES:
            raise _garbled(f"it announces {length} bytes, more than {MAXIMUM_BYTES}")
        self._payload_starts = end + 1
        self._payload_ends = end + 1 + length
        return True


def parse(payload: bytes) -> Configuration:
    """The version's line and the nodes' line. Raises CacheRefused (PROTOCOL) rather than give a part of the list."""
    try:
        lines = payload.decode("ascii").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise _garbled("it is not ASCII") from None
    if len(lines) != 2:
        raise _garbled(f"it has {len(lines)} lines instead of 2")
    if not _NUMBER.fullmatch(lines[0]):
        raise _garbled(f"its version is {_shown(lines[0].encode())}")
    nodes = tuple(_node(entry) for entry in lines[1].split(" ") if entry)
    if not nodes:
        raise _garbled("it lists no node")
    if len({node.name for node in nodes}) != len(nodes):
        raise _garbled("it lists a node twice")
    return Configuration(int(lines[0]), nodes)


def _node(entry: str) -> Node:
    host, _, rest = entry.partition("|")
    ip, separator, port = rest.rpartition("|")
    if not separator or not _NUMBER.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise _bad_entry(entry)
    if ip and not _is_address(ip):
        raise _bad_entry(entry)
    if host and not _HOST.fullmatch(host) and not _is_address(host):
        raise _bad_entry(entry)
    if not host and not ip:
        raise _bad_entry(entry)
    return Node(host or ip, ip, int(port))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _number(word: bytes) -> int | None:
    return int(word) if re.fullmatch(rb"[0-9]{1,10}", word) else None


def _refusal(line: bytes) -> CacheRefused:
    code = line.split(b" ")[0].decode()
    return CacheRefused(
        f"the server answers {_shown(line)} to the question for the cluster", code, "discovery"
    )


def _bad_entry(entry: str) -> CacheRefused:
    return _garbled(f"{_shown(entry.encode())} is not host|ip|port")


def _garbled(why: str) -> CacheRefused:
    return CacheRefused(f"not a reply of Auto Discovery: {why}", "PROTOCOL", "discovery")


def _shown(text: bytes) -> str:
    return repr(text[:60].decode("ascii", "backslashreplace"))
