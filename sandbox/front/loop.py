"""Waits for many sockets and for moments, and calls back. Less than asyncio, and half as dear per request."""

from __future__ import annotations

import heapq
import itertools
import select
import socket
import time
from collections.abc import Callable

READ, WRITE = select.EPOLLIN, select.EPOLLOUT


class Loop:
    """One thread, level-triggered."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def watch(self, sock: socket.socket, events: int, callback: Callable[[int], None]) -> None:
        """Call back with the events that are there, as long as they are."""
        self._watched[sock.fileno()] = callback
        self._epoll.register(sock, events)

    def change(self, sock: socket.socket, events: int) -> None:
        """Watch for other events."""
        self._epoll.modify(sock, events)

    def forget(self, sock: socket.socket) -> None:
        """Watch no more; call before the socket is closed."""
        del self._watched[sock.fileno()]
        self._epoll.unregister(sock)

    def at(self, moment: float, callback: Callable[[], None]) -> None:
        """Call back at a time of the monotonic clock; earlier calls for the same moment come first."""
        heapq.heappush(self._moments, (moment, next(self._numbers), callback))

    def run(self) -> None:
        """Until the process ends."""
        while True:
            wait = max(0.0, self._moments[0][0] - time.monotonic()) if self._moments else -1
            for descriptor, events in self._epoll.poll(wait):
                # An earlier callback of the same round may have closed this one.
                if callback := self._watched.get(descriptor):
                    callback(events)
            while self._moments and self._moments[0][0] <= time.monotonic():
                heapq.heappop(self._moments)[2]()
