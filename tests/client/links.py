"""What stands between a client and a server: it passes on, and can be slow, lossy, cut, or wait for others."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time


class Proxy:
    """Passes questions and answers on, one at a time per connection."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        for sock in [self._listener, *self._clients]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def answer(self, question: bytes, server: socket.socket) -> bytes | None:
        """What the client gets, after which it may ask again; None closes its connection."""
        server.sendall(question)
        return server.recv(65536) or None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(self.server) as server:
            while question := client.recv(65536):
                answer = self.answer(question, server)
                if answer is None:
                    return
                client.sendall(answer)


class Link(Proxy):
    """`delay_seconds` holds every answer back. `lose_share` of the answers are swallowed, and the connection closed.

    Cut, it takes no further connection and passes nothing; healed, it goes on with what it holds, as packets that are
    sent again do.
    """

    def __init__(self, server: tuple[str, int], seed: int = 7) -> None:
        self.delay_seconds = 0.0
        self.lose_share = 0.0
        self.lost = 0
        self._chance = random.Random(seed)
        self._whole = threading.Event()
        self._whole.set()
        self._fillers: list[socket.socket] = []
        super().__init__(server)

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
        super().stop()

    def answer(self, question: bytes, server: socket.socket) -> bytes | None:
        self._whole.wait()
        answer = super().answer(question, server)
        self._whole.wait()
        time.sleep(self.delay_seconds)
        if answer is not None and self._chance.random() < self.lose_share:
            self.lost += 1
            return None
        return answer


class LosingProxy(Proxy):
    """Swallows the answer to a request that holds given bytes, and closes that connection.

    With `hang` it is left open in silence.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.lose_answer_to: bytes | None = None
        self.hang = False
        self.lost = 0
        super().__init__(server)

    def answer(self, question: bytes, server: socket.socket) -> bytes | None:
        answer = super().answer(question, server)
        if self.lose_answer_to is None or self.lose_answer_to not in question:
            return answer
        self.lost += 1
        return b"" if self.hang else None


class MeetingProxy(Proxy):
    """Asks its server only when all the proxies of a barrier were asked; closes the connection when one never is."""

    def __init__(self, server: tuple[str, int], barrier: threading.Barrier) -> None:
        self._barrier = barrier
        super().__init__(server)

    def answer(self, question: bytes, server: socket.socket) -> bytes | None:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return None
        answer = super().answer(question, server)
        if not question.startswith((b"set ", b"get ")):
            return answer
        # The answers to a batch may come in several pieces.
        wanted = max(1, question.count(b"set "))
        while answer and answer.count(b"STORED\r\n") + answer.count(b"END\r\n") < wanted:
            more = server.recv(65536)
            answer = answer + more if more else None
        return answer
