"""A single get and set, against every way in which an answer can arrive, be cut, or be none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.deadline import Deadline
from client.memcached_connection import FAULTS, MemcachedConnection
from client.memcached_single import fetch, store

KEY = b"city"


@contextmanager
def answered(pieces: list[bytes], seconds: float = 5) -> Iterator[MemcachedConnection]:
    """A connection to a node that sends these pieces and then closes it."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with theirs:
            theirs.recv(4096)
            for piece in pieces:
                theirs.sendall(piece)

    thread = threading.Thread(target=answer)
    thread.start()
    connection = MemcachedConnection(ours, "node:11211", ("127.0.0.1", 1), Deadline(seconds))
    try:
        yield connection
    finally:
        connection.close()
        thread.join()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place for place in places if place <= len(data))})
    return [data[start:end] for start, end in pairwise(edges)]


def held(value: bytes) -> bytes:
    return b"VALUE city 0 %d\r\n%b\r\nEND\r\n" % (len(value), value)


@given(st.binary(max_size=60), st.lists(st.integers(0, 100), max_size=4))
def test_a_value_is_read_whatever_it_holds_and_however_it_is_split(value, places):
    with answered(cut(held(value), places)) as connection:
        assert fetch(connection, KEY) == value


@given(st.binary(max_size=20), st.data())
def test_a_value_cut_short_is_never_given(value, data):
    whole = held(value)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with answered([part]) as connection, pytest.raises(FAULTS):
        fetch(connection, KEY)


garbage = st.binary(max_size=60).filter(lambda data: data not in (b"STORED\r\n", b"END\r\n"))


@given(garbage, st.lists(st.integers(0, 60), max_size=3))
def test_garbage_is_neither_a_value_nor_an_acknowledgement(data, places):
    with answered(cut(data, places)) as connection, pytest.raises(FAULTS):
        fetch(connection, KEY)
    with answered(cut(data, places)) as connection, pytest.raises(FAULTS):
        store(connection, KEY, b"Oslo", 0)


@pytest.mark.parametrize("pieces", [[b"END\r\n"], [b"E", b"ND\r", b"\n"]])
def test_a_miss_is_none_however_it_is_split(pieces):
    with answered(pieces) as connection:
        assert fetch(connection, KEY) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"VALUE other 0 4\r\nOslo\r\nEND\r\n",
        b"VALVE city 0 4\r\nOslo\r\nEND\r\n",
        b"VALUE city 0 4 77\r\nOslo\r\nEND\r\n",
        b"VALUE city 0 -4\r\nOslo\r\nEND\r\n",
        b"VALUE city 0 four\r\nOslo\r\nEND\r\n",
        b"VALUE city 0 4\r\nOslo\r\nENDING\r\n",
        b"VALUE city 0 3\r\nOslo\r\nEND\r\n",
        b"VALUE city 0 4\r\nOslo\r\nEND\r\nEND\r\n",
        b"SERVER_ERROR out of memory\r\n",
        b"CLIENT_ERROR bad\r\n",
        b"ERROR\r\n",
        b"STORED\r\n",
    ],
)
def test_another_answer_than_this_keys_value_is_refused(answer):
    with answered([answer]) as connection, pytest.raises(FAULTS):
        fetch(connection, KEY)


def test_a_value_is_stored_once_the_node_says_so_and_not_before():
    with answered([b"STO", b"RED\r", b"\n"]) as connection:
        store(connection, KEY, b"Oslo", 0)
        assert connection.sent
    for answer in (
        b"NOT_STORED\r\n",
        b"STORED",
        b"STORED\r\nSTORED\r\n",
        b"SERVER_ERROR object too large\r\n",
    ):
        with answered([answer]) as connection, pytest.raises(FAULTS):
            store(connection, KEY, b"Oslo", 0)


def test_an_answer_that_never_comes_ends_with_the_deadline():
    silent, _peer = socket.socketpair()
    with _peer:
        connection = MemcachedConnection(silent, "node:11211", ("127.0.0.1", 1), Deadline(0.05))
        with pytest.raises(TimeoutError):
            fetch(connection, KEY)
        connection.close()
