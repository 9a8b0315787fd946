"""What the operations of RedisClient do, on one healthy server."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable

import pytest

from client import CacheRefused, InvalidEndpoint, connect
from client.deadline import Deadline
from client.memcached_client import MemcachedClient
from client.redis_client import RedisClient
from client.redis_connection import RedisConnection

from .conftest import endpoint_of
from .redis_servers import RedisNode, RedisPair, wait_until


@pytest.fixture
def cache(node: RedisNode, connect_to: Callable[..., RedisClient]) -> RedisClient:
    node.command("FLUSHALL")
    return connect_to(node)


def test_a_value_comes_back_as_bytes(cache):
    cache.set("city", "Tromsø")
    assert cache.get("city") == "Tromsø".encode()


def test_a_key_of_bytes_is_the_same_key(cache):
    cache.set("city", b"\x00\xff")
    assert cache.get(b"city") == b"\x00\xff"


def test_a_miss_is_none(cache):
    assert cache.get("nothing") is None


def test_a_value_without_a_lifetime_stays(cache):
    cache.set("city", "Oslo", ttl_seconds=60)
    cache.set("city", "Bergen")
    assert cache.execute("PTTL", "city", repeatable=True) == -1


def test_a_lifetime_counts_to_the_millisecond(cache):
    cache.set("city", "Oslo", ttl_seconds=0.05)
    assert 0 < cache.execute("PTTL", "city", repeatable=True) <= 50
    wait_until(lambda: cache.get("city") is None, 2)


def test_delete_says_whether_the_key_was_there(cache):
    cache.set("city", "Oslo")
    assert [cache.delete("city"), cache.delete("city")] == [True, False]


def test_add_stores_only_where_nothing_is(cache):
    assert [cache.add("city", "Oslo", ttl_seconds=60), cache.add("city", "Bergen")] == [True, False]
    assert cache.get("city") == b"Oslo"
    assert 0 < cache.execute("PTTL", "city", repeatable=True) <= 60_000


def test_increment_begins_at_nothing_and_returns_the_sum(cache):
    assert [cache.increment("visits"), cache.increment("visits", 10), cache.increment("visits", -1)] == [
        1,
        11,
        10,
    ]


def test_many_values_are_stored_and_read_without_the_missing_ones(cache):
    cache.set_many({"a": "1", "b": b"2"})
    assert cache.get_many(["a", "b", "c"]) == {"a": b"1", "b": b"2"}
    assert cache.execute("PTTL", "a", repeatable=True) == -1


def test_many_values_with_a_lifetime_all_have_it(cache):
    cache.set_many({"a": "1", "b": "2"}, ttl_seconds=60)
    lifetimes = [cache.execute("PTTL", key, repeatable=True) for key in ("a", "b")]
    assert all(59_000 < lifetime <= 60_000 for lifetime in lifetimes)


@pytest.mark.parametrize(
    ("call", "argument", "what"),
    [
        ("set_many", {"a": "1", "b": 2}, "value"),
        ("set_many", {"a": "1", 2: "b"}, "key"),
        ("get_many", ["a", 2], "key"),
    ],
)
def test_in_a_batch_what_is_not_text_is_refused_before_anything_is_sent(cache, call, argument, what):
    with pytest.raises(TypeError, match=f"{what} must be str or bytes, got int"):
        getattr(cache, call)(argument)
    assert cache.get("a") is None


def test_nothing_to_store_or_to_read_sends_nothing(connect_to, node):
    cache = connect_to(node)
    before = node.command("INFO", "stats")["total_connections_received"]
    cache.set_many({})
    assert cache.get_many([]) == {}
    assert node.command("INFO", "stats")["total_connections_received"] == before + 1  # the question itself


def test_a_megabyte_survives(cache):
    value = bytes(range(256)) * 4096
    cache.set("large", value)
    assert cache.get("large") == value


def test_another_command_returns_its_reply(cache):
    cache.execute("RPUSH", "list", "a", "b")
    assert cache.execute("LRANGE", "list", 0, -1, repeatable=True) == [b"a", b"b"]


def test_an_error_of_the_server_keeps_its_code_and_the_connection(cache, node):
    cache.set("city", "Oslo")
    before = node.command("INFO", "stats")["total_connections_received"]
    with pytest.raises(CacheRefused, match=r"INCRBY at 127.0.0.1: ERR value is not an integer") as refused:
        cache.increment("city")
    assert refused.value.code == "ERR"
    with pytest.raises(CacheRefused) as refused:
        cache.execute("LPUSH", "city", "x")
    assert refused.value.code == "WRONGTYPE"
    assert cache.get("city") == b"Oslo"
    assert node.command("INFO", "stats")["total_connections_received"] == before + 1


def test_a_transaction_gives_the_replies_to_its_commands(node):
    connection = RedisConnection.open("127.0.0.1", [node.address], None, node.token, Deadline(5))
    try:
        commands = [("SET", "visits", "1"), ("INCR", "visits"), ("GET", "visits")]
        assert connection.call_transaction(commands, Deadline(5)) == [b"OK", 2, b"2"]
    finally:
        connection.close()


def test_a_refused_transaction_stores_nothing(cache, node):
    node.command("CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(CacheRefused) as refused:
            cache.set_many({"a": "1", "b": "2"}, ttl_seconds=60)
    finally:
        node.command("CONFIG", "SET", "maxmemory", 0)
    assert refused.value.code == "OOM"
    assert cache.get_many(["a", "b"]) == {}


@pytest.mark.parametrize("value", [None, 1, 1.5, ["x"]])
def test_a_value_that_is_not_text_is_refused_before_it_is_sent(cache, value):
    with pytest.raises(TypeError, match="value must be str or bytes, got"):
        cache.set("city", value)
    with pytest.raises(TypeError, match="key must be str or bytes, got"):
        cache.get(value)


@pytest.mark.parametrize("ttl_seconds", [0, -1, 0.0001])
def test_a_lifetime_of_nothing_is_refused(cache, ttl_seconds):
    with pytest.raises(ValueError, match=r"ttl_seconds must be at least 0.001"):
        cache.set("city", "Oslo", ttl_seconds=ttl_seconds)


def test_the_node_of_a_key_is_the_primary(cache, node):
    assert cache.node_for("city") == f"127.0.0.1:{node.port}"


def test_it_says_which_library_and_parser_carry_the_bytes(cache):
    assert cache.library.startswith("redis-py 8.")
    assert ", hiredis " in cache.library


def test_calls_share_one_connection_when_they_follow_each_other(connect_to, node):
    before = node.command("INFO", "stats")["total_connections_received"]
    cache = connect_to(node)
    for _ in range(20):
        cache.increment("visits")
    assert node.command("INFO", "stats")["total_connections_received"] == before + 2  # and the question


def test_threads_never_get_each_others_answers(cache):
    wrong: list[object] = []

    def work(number: int) -> None:
        for step in range(100):
            text = f"{number}:{step}".encode()
            cache.set(f"thread:{number}", text)
            cache.increment("together")
            found = cache.get(f"thread:{number}")
            if found != text:
                wrong.append((text, found))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.get("together") == b"800"


def test_an_old_connection_is_replaced(connect_to, node):
    seen: list[tuple[str, str]] = []
    cache = connect_to(
        node, maximum_connection_age_seconds=0.02, observe=lambda word, details: seen.append((word, details))
    )
    cache.get("city")
    time.sleep(0.03)
    cache.get("city")
    address = f"127.0.0.1:{node.port}"
    assert seen == [
        ("connected", f"{address} (master)"),
        ("dropped", f"{address} (old)"),
        ("connected", f"{address} (master)"),
    ]


def test_a_connection_that_the_server_closed_meanwhile_costs_nobody_a_write(cache, node):
    cache.set("city", "Oslo")
    node.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert cache.increment("visits") == 1


def test_closing_ends_the_connections_and_a_later_call_makes_new_ones(node):
    with connect(endpoint_of(node), deadline_seconds=2) as cache:
        cache.set("city", "Oslo")
    wait_until(lambda: len(node.command("CLIENT", "LIST").splitlines()) == 1, 2)
    assert cache.get("city") == b"Oslo"
    cache.close()


def test_the_reader_is_the_same_object(pair: RedisPair, connect_to):
    cache = connect_to(pair)
    cache.set("city", "Oslo")
    wait_until(lambda: cache.get("city", from_replica=True) == b"Oslo", 2)
    assert cache.get_many(["city"], from_replica=True) == {"city": b"Oslo"}
    assert [cache.role(), cache.role(from_replica=True)] == ["master", "slave"]


def test_unless_asked_otherwise_the_primary_answers(pair: RedisPair, connect_to):
    cache = connect_to(pair)
    pair.cut_replication()
    cache.set("city", "Oslo")
    assert cache.get("city") == b"Oslo"
    assert cache.get_many(["city"]) == {"city": b"Oslo"}
    assert cache.execute("GET", "city", repeatable=True) == b"Oslo"
    assert cache.role() == "master"


def test_closing_drops_the_connections_to_both_nodes_and_ends_the_watch(pair, connect_to, monkeypatch):
    monkeypatch.setattr("client.redis_route._WATCH_ENDS_AFTER_SECONDS", 600.0)
    seen: list[tuple[str, str]] = []
    cache = connect_to(pair, observe=lambda word, details: seen.append((word, details)))
    cache.set("city", "Oslo")
    cache.get("city", from_replica=True)
    seen.clear()
    cache.close()
    assert {details for word, details in seen if word == "dropped"} == {
        f"127.0.0.1:{node.port} (closed by the client)" for node in pair.nodes
    }
    wait_until(lambda: not any(thread.name == "watch master.test" for thread in threading.enumerate()), 10)


def test_a_write_to_the_reader_is_refused_as_read_only(pair: RedisPair, connect_to):
    with pytest.raises(CacheRefused) as refused:
        connect_to(pair).execute("SET", "city", "Oslo", from_replica=True)
    assert refused.value.code == "READONLY"


def test_a_memcached_endpoint_is_refused_by_name(node):
    with pytest.raises(InvalidEndpoint, match="is a Memcached endpoint"):
        RedisClient(endpoint_of(node, engine="memcached"))


@pytest.mark.parametrize("made_by", [connect, RedisClient, MemcachedClient])
def test_a_call_may_take_a_quarter_of_a_second_unless_told_otherwise(made_by):
    assert inspect.signature(made_by).parameters["deadline_seconds"].default == 0.25


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_deadline_must_be_positive(node, seconds):
    with pytest.raises(ValueError, match="deadline_seconds must be more than 0"):
        connect(endpoint_of(node), deadline_seconds=seconds)
