"""Peers that misbehave on purpose: a proxy that loses answers, a port that says nothing, one that takes nobody."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class LosingProxy:
    """Passes everything between a client and a server, but for the answer to a request that holds given bytes.

    That answer is swallowed, and the client's connection then closed or, with `hang`, left open in silence.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port = self._listener.getsockname()[1]
        self.lose_answer_to: bytes | None = None
        self.hang = False
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self._server) as server:
            self._sockets.append(client)
            while request := client.recv(65536):
                server.sendall(request)
                answer = server.recv(65536)
                if self.lose_answer_to is None or self.lose_answer_to not in request:
                    client.sendall(answer)
                    continue
                self.lost += 1
                if not self.hang:
                    break
        if not self.hang:
            client.close()


@contextlib.contextmanager
def silent_port() -> Iterator[socket.socket]:
    """A listening socket that lets clients connect, and on which nobody says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port whose queue is full, so that a connection to it gets no answer, as behind a group that drops packets."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
