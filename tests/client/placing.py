"""Ports that show where another client places keys: each answers every get with its own name."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def telling_ports(addresses: Sequence[str]) -> Iterator[list[str]]:
    """Listen on the addresses (port 0 for a free one) and give their `host:port`, which is each one's only value."""
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        names = []
        for address in addresses:
            host, _, port = address.rpartition(":")
            listener = stack.enter_context(socket.create_server((host, int(port)), backlog=64))
            names.append(f"{host}:{listener.getsockname()[1]}")
            selector.register(listener, selectors.EVENT_READ, names[-1])
        waker, sleeper = socket.socketpair()
        stack.enter_context(sleeper)
        selector.register(sleeper, selectors.EVENT_READ, None)
        thread = threading.Thread(target=_serve, args=(selector,), daemon=True)
        thread.start()
        try:
            yield names
        finally:
            waker.close()
            thread.join(timeout=10)


def _serve(selector: selectors.BaseSelector) -> None:
    with contextlib.ExitStack() as stack:
        rest: dict[socket.socket, bytes] = {}
        while True:
            for event, _ in selector.select():
                sock, name = event.fileobj, event.data
                if name is None:
                    return
                if sock not in rest and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    connection = stack.enter_context(sock.accept()[0])
                    rest[connection] = b""
                    selector.register(connection, selectors.EVENT_READ, name)
                elif data := sock.recv(1 << 20):
                    *lines, rest[sock] = (rest[sock] + data).split(b"\r\n")
                    for line in lines:
                        sock.sendall(_answer(line, name.encode()))
                else:
                    selector.unregister(sock)
                    sock.close()


def _answer(line: bytes, name: bytes) -> bytes:
    word, *keys = line.split()
    if word != b"get":
        return b"VERSION 1.6.22\r\n"
    return b"".join(b"VALUE %b 0 %d\r\n%b\r\n" % (key, len(name), name) for key in keys) + b"END\r\n"
