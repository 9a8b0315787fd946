"""One value asked for or stored: these two commands are spoken here, over the same connections.

pymemcache carries the rest. Its own way through a `get` or `set` costs as much again as keeping the deadline does.
"""

from __future__ import annotations

from .memcached_connection import MemcachedConnection

_RECEIVE_BYTES = 65_536
_END = b"\r\nEND\r\n"


def fetch(connection: MemcachedConnection, key: bytes) -> bytes | None:
    """The value under the key, None on a miss. Raises one of FAULTS; then close the connection."""
    connection.wire.sendall(b"get %b\r\n" % key)
    reply = connection.wire.recv(_RECEIVE_BYTES)
    if reply == b"END\r\n":
        return None
    while (place := reply.find(b"\r\n")) < 0:
        reply = _more(connection, reply)
    words = reply[:place].split(b" ")
    if len(words) != 4 or words[0] != b"VALUE" or words[1] != key:
        if reply == b"END\r\n":
            return None
        connection.refuse(reply[:place], b"get")
    starts = place + 2
    ends = starts + int(words[3])
    if len(reply) < ends + len(_END):
        reply = _all(connection, reply, ends + len(_END))
    if reply[ends:] != _END:
        raise ValueError(f"{len(reply) - starts} bytes instead of the {int(words[3])} announced")
    return reply[starts:ends]


def store(connection: MemcachedConnection, key: bytes, value: bytes, expire: int) -> None:
    """Store the value; returns once the node has acknowledged it. Raises one of FAULTS; then close the connection."""
    connection.wire.sendall(b"set %b 0 %d %d\r\n%b\r\n" % (key, expire, len(value), value))
    reply = connection.wire.recv(_RECEIVE_BYTES)
    while reply[-2:] != b"\r\n":
        reply = _more(connection, reply)
    if reply != b"STORED\r\n":
        connection.refuse(reply[:-2], b"set")


def _more(connection: MemcachedConnection, reply: bytes) -> bytes:
    piece = connection.wire.recv(_RECEIVE_BYTES) if reply else b""
    if not piece:
        raise ConnectionResetError("closed by the node")
    return reply + piece


def _all(connection: MemcachedConnection, reply: bytes, length: int) -> bytes:
    pieces, size = [reply], len(reply)
    while size < length:
        piece = connection.wire.recv(max(_RECEIVE_BYTES, length - size))
        if not piece:
            raise ConnectionResetError("closed by the node")
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)
