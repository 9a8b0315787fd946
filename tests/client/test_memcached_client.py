"""The Memcached client on real servers: the words, the refusals, TLS, batches, and every call within its deadline."""

from __future__ import annotations

import os
import threading
import time

import pytest

from client import CacheRefused, CacheUnreachable, DeadlineExceeded, Endpoint, InvalidEndpoint, connect
from client.memcached_client import MemcachedClient
from client.ring import Ring

from .faults import silent_port
from .links import MeetingProxy
from .memcached_servers import MemcachedCluster

NAMES = ["0001.test", "0002.test", "0003.test"]


@pytest.fixture(scope="module")
def cluster():
    started = MemcachedCluster(NAMES)
    yield started
    started.stop()


@pytest.fixture
def cache(cluster):
    with connect(cluster.endpoint, 2, resolver=cluster.resolve) as client:
        yield client


def test_connect_chooses_by_the_engine_and_names_the_library(cache):
    assert isinstance(cache, MemcachedClient)
    assert cache.library.startswith("pymemcache 4.")


def test_a_value_is_stored_read_counted_and_removed(cache):
    cache.set("city", "Oslo")
    assert cache.get("city") == cache.get(b"city") == b"Oslo"
    assert cache.delete("city") is True
    assert cache.delete("city") is False
    assert cache.get("city") is None


def test_add_stores_only_where_nothing_is(cache):
    cache.delete("town")
    assert [cache.add("town", "Oslo", ttl_seconds=60), cache.add("town", "Bergen")] == [True, False]
    assert cache.get("town") == b"Oslo"


def test_a_counter_begins_at_0_and_goes_up_and_down(cache):
    cache.delete("visits")
    assert [cache.increment("visits"), cache.increment("visits", 41), cache.increment("visits", -2)] == [
        1,
        42,
        40,
    ]
    cache.delete("visits")
    assert cache.increment("visits", -2) == 0


def test_counting_what_is_no_number_is_refused(cache):
    cache.set("word", "Oslo")
    with pytest.raises(CacheRefused, match="non-numeric") as refusal:
        cache.increment("word")
    assert refusal.value.code == "CLIENT_ERROR"
    assert cache.get("word") == b"Oslo"


def test_a_value_expires(cache):
    cache.set("brief", "1", ttl_seconds=0.2)
    cache.set_many({"brief 1".replace(" ", "-"): "1"}, ttl_seconds=1)
    cache.set("long", "1", ttl_seconds=40 * 24 * 3600)
    deadline = time.monotonic() + 5
    while cache.get("brief") is not None or cache.get("brief-1") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert cache.get("long") == b"1"


@pytest.mark.parametrize("key", ["", "a b", "a\n", "a\x7f", "x" * 251, "æ" * 126, "a\r\ndelete b"])
@pytest.mark.parametrize("call", ["get", "set", "delete", "increment", "set_many", "get_many", "node_for"])
def test_a_key_that_memcached_cannot_hold_is_refused_before_anything_is_sent(cache, call, key):
    arguments = {"set": (key, "1"), "set_many": ({"fine": "1", key: "2"},), "get_many": (["fine", key],)}
    cache.delete("fine")
    with pytest.raises(CacheRefused) as refusal:
        getattr(cache, call)(*arguments.get(call, (key,)))
    assert (refusal.value.code, refusal.value.stage) == ("CLIENT_ERROR", "key")
    assert cache.get("fine") is None


def test_keys_of_250_bytes_and_of_other_alphabets_are_stored(cache):
    keys = ["x" * 250, "æ" * 125, "ключ", b"\xff\xfe"]
    for key in keys:
        cache.set(key, key)
    assert cache.get_many(keys) == {key: key if isinstance(key, bytes) else key.encode() for key in keys}


def test_keys_and_values_of_other_types_are_refused(cache):
    with pytest.raises(TypeError, match="key must be str or bytes, got int"):
        cache.get(1)
    with pytest.raises(TypeError, match="value must be str or bytes, got float"):
        cache.set("key", 1.5)
    with pytest.raises(ValueError, match=r"ttl_seconds must be at least 0\.001"):
        cache.set("key", "1", ttl_seconds=0)


def test_a_value_over_the_limit_is_refused_and_the_next_call_works(cache):
    with pytest.raises(CacheRefused, match="too large") as refusal:
        cache.set("large", b"x" * 1_100_000)
    assert refusal.value.code == "SERVER_ERROR"
    assert cache.get("large") is None
    cache.set("large", b"x" * 1_000_000)
    assert cache.get("large") == b"x" * 1_000_000
    assert cache.status.out == ()


def test_in_a_batch_the_value_over_the_limit_is_named_and_all_others_are_stored(cache):
    values = {f"batch:{number}": b"%d" % number for number in range(100)}
    with pytest.raises(CacheRefused, match=r"'batch:50' at .*too large") as refusal:
        cache.set_many({**values, "batch:50": b"x" * 1_100_000})
    assert refusal.value.code == "SERVER_ERROR"
    del values["batch:50"]
    assert cache.get_many([*values, "batch:50"]) == values


def test_batches_hold_empty_and_binary_and_many_and_large_values(cache):
    values = {f"many:{number}": b"END\r\n\x00" * (number % 5) for number in range(20_000)}
    values |= {f"large:{number}": os.urandom(900_000) for number in range(6)}
    cache.set_many(values)
    assert cache.get_many([*values, "absent"]) == values
    assert cache.get_many([]) == {}
    cache.set_many({})


def test_every_key_lives_on_the_node_that_the_ring_names_and_there_alone(cluster, cache):
    keys = [f"placed:{number}" for number in range(300)]
    cache.set_many({key: key for key in keys[:150]})
    for key in keys[150:]:
        cache.set(key, key)
    ring = Ring(f"{name}:11211" for name in NAMES)
    assert [cache.node_for(key) for key in keys] == [ring.node_for(key.encode()) for key in keys]
    for name, server in cluster.nodes.items():
        with server.administrator() as administrator:
            there = set(administrator.get_many(keys))
        assert there == {key for key in keys if cache.node_for(key) == f"{name}:11211"}
    assert cache.status.fingerprint == ring.fingerprint


def test_the_nodes_of_a_batch_work_at_the_same_time(cluster):
    # No node is asked before all were: one after the other they would wait for each other until the barrier breaks.
    barrier = threading.Barrier(len(NAMES), timeout=10)
    proxies = {name: MeetingProxy(server.address, barrier) for name, server in cluster.nodes.items()}

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        return [proxies[host].address] if host in proxies else cluster.resolve(host, port)

    values = {f"at-once:{number}": b"%d" % number for number in range(60)}
    try:
        with connect(cluster.endpoint, 30, resolver=resolve) as cache:
            cache.set_many(values)  # over connections that are opened for it
            assert cache.get_many(values) == values  # over idle ones
    finally:
        for proxy in proxies.values():
            proxy.stop()


def test_threads_share_a_client_and_each_gets_its_own_answers(cache):
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(150):
            key = f"thread:{number}:{turn}"
            cache.set(key, key)
            if cache.get(key) != key.encode() or cache.get_many([key]) != {key: key.encode()}:
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_child_of_a_fork_makes_connections_of_its_own(cache):
    cache.set("parent", "1")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, cache.get("parent") or b"?")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"1"
    assert os.waitpid(child, 0)[1] == 0
    assert cache.get("parent") == b"1"


def test_with_tls_the_nodes_are_connected_to_by_name(certificates):
    cluster = MemcachedCluster(["master.test", "replica.test"], certificates, host="localhost")
    try:
        with connect(cluster.endpoint, 5, resolver=cluster.resolve) as cache:
            values = {f"tls:{number}": os.urandom(1000) for number in range(400)}
            cache.set_many(values)
            assert cache.get_many(values) == values
            assert cache.increment("tls") == 1
            assert {cache.node_for(key) for key in values} == {"master.test:11211", "replica.test:11211"}
    finally:
        cluster.stop()


def test_an_old_connection_is_replaced(cluster):
    seen: list[tuple[str, str]] = []
    options = {"resolver": cluster.resolve, "observe": lambda word, details: seen.append((word, details))}
    with connect(cluster.endpoint, 5, maximum_connection_age_seconds=0.02, **options) as cache:
        cache.get("city")
        time.sleep(0.03)
        node, before = cache.node_for("city"), len(seen)
        cache.get("city")
        assert seen[before:] == [("dropped", f"{node} (old)"), ("connected", node)]


def test_it_says_what_happens_to_its_connections(cluster):
    seen: list[tuple[str, str]] = []
    options = {"resolver": cluster.resolve, "observe": lambda word, details: seen.append((word, details))}
    with connect(cluster.endpoint, 5, **options) as cache:
        cache.set("city", "Oslo")
        cache.get("city")
        node = cache.node_for("city")
    assert seen == [
        ("discovered", "version 1: 3 nodes"),
        ("connected", node),
        ("dropped", f"{node} (closed by the client)"),
    ]


def test_a_node_whose_certificate_is_for_another_name_is_refused(certificates):
    cluster = MemcachedCluster(["other.test"], certificates, host="localhost")
    try:
        with connect(cluster.endpoint, 5, resolver=cluster.resolve) as cache:
            with pytest.raises(CacheRefused, match=r"other\.test.*not accepted") as refusal:
                cache.set("key", "1")
            assert refusal.value.code == "TLS"
    finally:
        cluster.stop()


def test_plain_on_a_tls_port_is_no_miss_but_an_error(certificates):
    cluster = MemcachedCluster(["master.test"], certificates)
    cluster.configuration.stop()
    plain = MemcachedCluster(["master.test"])
    plain.nodes["master.test"].stop()
    plain.nodes["master.test"].port = cluster.nodes["master.test"].port
    try:
        with connect(plain.endpoint, 1, resolver=plain.resolve) as cache, pytest.raises(CacheUnreachable):
            cache.get("key")
    finally:
        plain.stop()
        cluster.stop()


def test_a_silent_configuration_endpoint_costs_a_call_its_deadline_and_no_more(cluster):
    with silent_port() as listener:
        endpoint = Endpoint("memcached", "127.0.0.1", listener.getsockname()[1], tls=False)
        started = time.monotonic()
        with connect(endpoint, 0.3) as cache, pytest.raises(CacheUnreachable):
            cache.get("key")
        assert time.monotonic() - started < 0.3 + 1


def test_a_name_that_does_not_resolve_is_told():
    def unknown(host, port):
        raise OSError("Name or service not known")

    with connect(Endpoint("memcached", "cfg.test", 11211), 0.2, resolver=unknown) as cache:
        with pytest.raises(CacheUnreachable, match=r"cfg\.test does not resolve") as failure:
            cache.get("key")
        assert not isinstance(failure.value, DeadlineExceeded)


def test_another_engine_and_a_deadline_of_nothing_are_refused():
    with pytest.raises(InvalidEndpoint, match="redis endpoint"):
        MemcachedClient(Endpoint("redis", "localhost", 6379))
    with pytest.raises(ValueError, match="deadline_seconds"):
        connect(Endpoint("memcached", "localhost", 11211), 0)


def test_after_closing_a_call_starts_again(cache):
    cache.set("key", "1")
    cache.close()
    assert cache.get("key") == b"1"
