"""Ports that misbehave on purpose: one that says nothing, one that takes nobody."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


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
