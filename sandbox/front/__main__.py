"""The front's process: listens, and takes changes on its control socket."""

from __future__ import annotations

import contextlib
import errno
import json
import resource
import socket
import ssl
import sys
import time

from .link import Link
from .loop import READ, Loop
from .settings import CONTROL, Settings

HANDSHAKE = 0x16
BACKLOG = 1024
BIND_SECONDS = 2.0
LONGEST_CHANGE = 1 << 20


class Front:
    """Listens on the node's port."""

    def __init__(self, settings: Settings, loop: Loop) -> None:
        self._settings, self._loop = settings, loop
        self._context = _context(settings)
        self._listener = _listener(settings)
        self._listener.setblocking(False)
        self._control = _control_socket()
        loop.watch(self._listener, READ, self._accept)
        loop.watch(self._control, READ, self._take_change)

    def _accept(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    client, peer = self._listener.accept()
                except ConnectionAbortedError:
                    continue
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._context:
                    client = self._context.wrap_socket(
                        client, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
                    )
                Link(self._loop, self._settings, client, peer[0], self._connect)

    def _connect(self, begin: bytes) -> socket.socket:
        """A connection to the server for a client that begins like this."""
        settings = self._settings
        target = settings.tls if begin[0] == HANDSHAKE and not self._context else settings.plain
        if target is None:
            raise ConnectionRefusedError
        if isinstance(target, str):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(target)
            return sock
        sock = socket.create_connection((settings.address, target))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _take_change(self, _: int) -> None:
        connection, _address = self._control.accept()
        with connection, contextlib.suppress(OSError):
            connection.settimeout(1.0)
            with connection.makefile("rb") as lines:
                self._settings.change(json.loads(lines.readline(LONGEST_CHANGE)))
            connection.sendall(b"ok\n")


def _context(settings: Settings) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.certificate, settings.key)
    return context


def _listener(settings: Settings) -> socket.socket:
    """The node's port, as soon as the server has left it."""
    deadline = time.monotonic() + BIND_SECONDS
    while True:
        try:
            return socket.create_server((settings.address, settings.port), backlog=BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(0.001)


def _control_socket() -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    control.bind(CONTROL)
    control.listen()
    control.setblocking(False)
    return control


def main() -> None:
    """Read the settings and serve until the process ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = Loop()
    Front(Settings.parse(json.load(sys.stdin)), loop)
    loop.run()


if __name__ == "__main__":
    main()
