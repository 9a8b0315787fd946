"""Sockets within a deadline: what is sent is sent whole, or not at all."""

from __future__ import annotations

import socket
import threading

import pytest

from client.connecting import DeadlineSocket
from client.deadline import Deadline

LARGE = bytes(range(256)) * 65_536  # 16 MiB, which no kernel takes at once


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_what_the_kernel_does_not_take_at_once_is_sent_whole_and_once(ends):
    ours, theirs = ends
    received = bytearray()

    def read() -> None:
        while piece := theirs.recv(1 << 20):
            received.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    DeadlineSocket(ours, Deadline(30)).sendall(LARGE)
    ours.shutdown(socket.SHUT_WR)
    reader.join()
    assert received == LARGE


def test_a_peer_that_takes_nothing_more_costs_the_deadline(ends):
    with pytest.raises(TimeoutError):
        DeadlineSocket(ends[0], Deadline(0.05)).sendall(LARGE)


@pytest.mark.parametrize(
    "call",
    [
        lambda wire: wire.sendall(b"GET"),
        lambda wire: wire.recv(10),
        lambda wire: wire.recv_into(bytearray(10)),
    ],
    ids=["sendall", "recv", "recv_into"],
)
def test_after_the_deadline_nothing_is_sent_or_received(ends, call):
    ours, theirs = ends
    theirs.sendall(b"there already")
    with pytest.raises(TimeoutError, match="the deadline has passed"):
        call(DeadlineSocket(ours, Deadline(0)))
    ours.shutdown(socket.SHUT_WR)
    assert theirs.recv(10) == b""
    assert ours.recv(20) == b"there already"
