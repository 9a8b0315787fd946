"""What a call has to make before it can be sent takes of its time too: a large batch ends with its deadline."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

import pytest
import redis

from client import DeadlineExceeded, connect
from client.deadline import Deadline
from client.memcached_batch import Fetches, Part, Stores, exchange
from client.memcached_connection import MemcachedConnection
from client.redis_connection import RedisConnection

from .memcached_servers import MemcachedCluster

MANY = 100_000
ADDRESS = ("127.0.0.1", 1)


class Values(Mapping):
    """A value of 100 bytes under every key; counts how often it was asked, and does then what a test says."""

    def __init__(self, then=lambda: None) -> None:
        self.asked = 0
        self._then = then

    def __getitem__(self, key: bytes) -> bytes:
        self.asked += 1
        self._then()
        return b"v" * 100

    def __iter__(self) -> Iterator[bytes]:
        return (b"%d" % number for number in range(MANY))

    def __len__(self) -> int:
        return MANY


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection, of which the second one reads nothing unless a test does."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def connection_over(ours: socket.socket) -> MemcachedConnection:
    return MemcachedConnection(ours, "node", ADDRESS, Deadline(60))


def test_of_a_batch_no_more_is_made_than_a_memcached_node_takes(ends):
    values = Values()
    part = Part(connection_over(ends[0]), Stores([*values], values, 0))
    exchange([part], Deadline(0.5))
    assert isinstance(part.error, TimeoutError)
    assert part.has_sent
    assert values.asked < MANY / 4


def test_of_a_batch_no_more_is_made_than_a_redis_node_takes(ends):
    connection = RedisConnection("node", ends[0], ADDRESS, Deadline(60))
    connection._link.connect()
    pack, packed = connection._link.pack_commands, []
    connection._link.pack_commands = lambda commands: packed.extend(commands) or pack(commands)
    with pytest.raises(redis.TimeoutError):
        connection.call_all([("SET", "key", "v" * 100)] * MANY, Deadline(0.5))
    assert not connection.sent
    assert 0 < len(packed) < MANY / 4


def test_a_deadline_that_passes_while_pieces_are_made_ends_the_sending(ends):
    deadline = Deadline(60)

    def pass_after_some() -> None:
        if values.asked == 500:
            deadline.ends_at = 0

    values = Values(pass_after_some)
    part = Part(connection_over(ends[0]), Stores([*values], values, 0))
    exchange([part], deadline)
    assert isinstance(part.error, TimeoutError)
    assert values.asked < 1_300, "the piece that was begun, and no other"


def test_small_values_travel_together_and_a_large_one_alone():
    values = {b"large": bytes(20_000), **{b"small:%03d" % number: bytes(100) for number in range(100)}}
    sizes = [len(piece) for piece in Stores([*values], values, 0).pieces(8_000)]
    assert sizes == [len(b"set large 0 0 20000\r\n\r\n") + 20_000, 64 * 125, 36 * 125]


def test_a_line_of_keys_is_never_longer_than_a_node_reads_at_once():
    keys = [b"key:%05d" % number for number in range(2_000)]
    lines = b"".join(Fetches(keys).pieces(65_536)).split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 8_004 and line.startswith(b"get key:") for line in lines)
    assert sorted(key for line in lines for key in line.split()[1:]) == keys
    assert len(lines) == 3


@pytest.mark.parametrize(
    "question", [Stores([b"key"], {b"key": b"value"}, 0), Fetches([b"key"])], ids=["set_many", "get_many"]
)
def test_after_the_deadline_no_batch_is_sent(ends, question):
    ours, theirs = ends
    part = Part(connection_over(ours), question)
    exchange([part], Deadline(0))
    assert (type(part.error), part.has_sent) == (TimeoutError, False)
    ours.close()
    assert theirs.recv(100) == b""


def test_after_the_deadline_no_command_is_sent(ends):
    ours, theirs = ends
    connection = connection_over(ours)
    connection.begin(Deadline(0))
    with pytest.raises(TimeoutError):
        connection.sock.sendall(b"delete key\r\n")
    assert not connection.sent
    ours.close()
    assert theirs.recv(100) == b""


def test_a_deadline_that_passes_between_two_sends_ends_a_long_command(ends):
    ours, theirs = ends
    connection = connection_over(ours)
    deadline = Deadline(60)
    connection.begin(deadline)

    class Slow:
        """Takes a byte, which lasts until the deadline."""

        def send(self, data: bytes) -> int:
            deadline.ends_at = 0
            return ours.send(data[:1])

    connection.wire._sock = Slow()
    with pytest.raises(TimeoutError):
        connection.sock.sendall(b"set key 0 0 5\r\nvalue\r\n")
    assert not connection.sent
    assert theirs.recv(100) == b"s"


@pytest.fixture(scope="module")
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(["0001.test", "0002.test"])
    yield started
    started.stop()


@pytest.fixture
def caches(cluster, node, connect_to):
    with connect(cluster.endpoint, 30, resolver=cluster.resolve) as memcached:
        yield {"redis": connect_to(node, 30), "memcached": memcached}


@pytest.mark.parametrize("engine", ["redis", "memcached"])
@pytest.mark.parametrize("call", ["set_many", "get_many"])
def test_the_time_of_a_batch_begins_before_its_keys_are_looked_at(caches, monkeypatch, engine, call):
    seen: list[str] = []

    class Keys(dict):
        def __iter__(self) -> Iterator[str]:
            seen.append("keys")
            return super().__iter__()

        def keys(self):
            seen.append("keys")
            return super().keys()

        def items(self):
            seen.append("keys")
            return super().items()

    def begin(seconds: float) -> Deadline:
        seen.append("deadline")
        return Deadline(seconds)

    monkeypatch.setattr(f"client.{engine}_client.Deadline", begin)
    getattr(caches[engine], call)(Keys(a="1", b="2"))
    assert seen[:2] == ["deadline", "keys"]


@pytest.mark.parametrize("call", ["set_many", "get_many"])
def test_a_batch_whose_time_is_over_before_it_is_sent_concerns_no_node(caches, monkeypatch, call):
    cache = caches["memcached"]
    cache.set_many({"a": "1", "b": "2"})
    with monkeypatch.context() as patch:
        patch.setattr("client.memcached_client.Deadline", lambda seconds: Deadline(0))
        with pytest.raises(DeadlineExceeded, match=rf"^{call}: no answer within 0 s$"):
            getattr(cache, call)({"a": "3", "b": "4"})
    assert cache.status.out == ()
    assert cache.get_many(["a", "b"]) == {"a": b"1", "b": b"2"}
