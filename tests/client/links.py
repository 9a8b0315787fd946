"""A link between a client and a server that can be slow, lossy or cut."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time


class Link:
    """Passes questions and answers on, one at a time per connection.

    `delay_seconds` holds every answer back. `lose_share` of the answers are swallowed, after which the connection is
    closed. Cut, it takes no further connection and passes nothing; healed, it goes on with what it holds, as packets
    that are sent again do.
    """

    def __init__(self, server: tuple[str, int], seed: int = 7) -> None:
        self.server = server
        self.delay_seconds = 0.0
        self.lose_share = 0.0
        self.lost = 0
        self._chance = random.Random(seed)
        self._whole = threading.Event()
        self._whole.set()
        self._fillers: list[socket.socket] = []
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Pass nothing from now on; the queue of new connections is full."""
        self._whole.clear()
        self._listener.listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.address)
            self._fillers.append(filler)

    def heal(self) -> None:
        """Pass everything again."""
        while self._fillers:
            self._fillers.pop().close()
        self._listener.listen(64)
        self._whole.set()

    def stop(self) -> None:
        self.heal()
        for sock in [self._listener, *self._clients]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(self.server) as server:
            while question := client.recv(65536):
                self._whole.wait()
                server.sendall(question)
                answer = server.recv(65536)
                if not answer:
                    return
                self._whole.wait()
                time.sleep(self.delay_seconds)
                if self._chance.random() < self.lose_share:
                    self.lost += 1
                    return
                client.sendall(answer)
