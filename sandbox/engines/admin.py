"""The sandbox's own line to a node: RESP over the node's Unix socket, which needs no network."""

from __future__ import annotations

import os
import socket
from typing import BinaryIO

from .access import ADMIN_USER
from .errors import EngineError

# sun_path holds 108 bytes; longer ones are reached through the directory's descriptor.
LONGEST_PATH = 100


class AdminConnection:
    """A logged-in connection. Every call has a deadline; after an error the connection is of no use."""

    def __init__(self, path: str, password: str, timeout: float) -> None:
        self._socket = unix_connection(path, timeout)
        self._file: BinaryIO = self._socket.makefile("rb")
        try:
            self.command("AUTH", ADMIN_USER, password)
        except BaseException:
            self.close()
            raise

    def command(self, *words: str | int) -> object:
        """Send one command and read its reply; raises EngineError on an error reply, OSError on a dead line."""
        self.send(*words)
        return self.receive()

    def send(self, *words: str | int) -> None:
        """Send without waiting."""
        encoded = [str(word).encode() for word in words]
        parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
        self._socket.sendall(b"*%d\r\n%s" % (len(encoded), b"".join(parts)))

    def receive(self) -> object:
        """Read one reply."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the node closed its admin connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise EngineError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return None if rest == b"-1" else [self.receive() for _ in range(int(rest))]
        return rest.decode(errors="replace")

    def set_timeout(self, seconds: float) -> None:
        """Bound each of the next reads and writes."""
        self._socket.settimeout(max(seconds, 0.001))

    def close(self) -> None:
        """Close; safe to call twice."""
        self._file.close()
        self._socket.close()


def parse_info(text: str) -> dict[str, str]:
    """The `name:value` lines of an INFO reply."""
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))


def unix_connection(path: str, timeout: float) -> socket.socket:
    """Connect to a Unix socket, however long its path is."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        if len(path) <= LONGEST_PATH:
            connection.connect(path)
            return connection
        directory = os.open(os.path.dirname(path), os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
        finally:
            os.close(directory)
    except BaseException:
        connection.close()
        raise
    return connection
