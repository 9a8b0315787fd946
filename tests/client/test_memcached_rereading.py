"""A Memcached client whose configuration endpoint is gone or wrong reads where it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from client import CacheRefused, CacheUnreachable, Endpoint, connect
from client.errors import CacheError
from client.memcached_client import MemcachedClient

from .memcached_servers import MemcachedCluster, MemcachedServer
from .redis_servers import free_port, wait_until


@pytest.fixture
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(["a.test", "b.test"])
    yield started
    started.stop()


@pytest.fixture
def another() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(["c.test", "d.test"], host="another.cfg.test")
    yield started
    started.stop()


def resolver_of(*clusters: MemcachedCluster) -> Callable[[str, int], list[tuple[str, int]]]:
    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        for each in clusters:
            if host == each.host or host in each.nodes:
                return each.resolve(host, port)
        return clusters[0].resolve(host, port)

    return resolve


def values_of(client: MemcachedClient) -> bool:
    """Whether a value can be stored now."""
    try:
        client.set("city", "Oslo")
    except CacheError:
        return False
    return client.get("city") == b"Oslo"


def test_a_replaced_cluster_is_found_by_reading_the_endpoint_again(cluster, another):
    words: list[str] = []
    with connect(
        cluster.endpoint,
        2,
        resolver=resolver_of(cluster, another),
        poll_seconds=0.2,
        reread=lambda: another.endpoint,
        observe=lambda word, details: words.append(word),
    ) as cache:
        cache.set("city", "Oslo")
        cluster.stop()

        wait_until(lambda: values_of(cache), 20)

        assert cache.endpoint == another.endpoint
        assert {node.host for node in cache.status.nodes} == {"c.test", "d.test"}
        assert words.count("reread") == 1


@pytest.mark.parametrize("wrong", ["gone", "unknown", "plain"])
def test_the_first_call_with_an_old_endpoint_is_served_by_the_one_that_holds_now(cluster, wrong):
    plain = MemcachedServer()
    old = {
        "gone": Endpoint("memcached", "127.0.0.1", free_port(), tls=False),
        "unknown": replace(cluster.endpoint, host="old.cfg.test"),
        "plain": Endpoint("memcached", "127.0.0.1", plain.port, tls=False),
    }[wrong]
    try:
        with connect(old, 5, resolver=cluster.resolve, reread=lambda: cluster.endpoint) as cache:
            wait_until(lambda: values_of(cache), 20)
            assert cache.endpoint == cluster.endpoint
    finally:
        plain.stop()


def test_with_the_same_endpoint_read_again_the_fault_is_told(cluster):
    plain = MemcachedServer()
    endpoint = Endpoint("memcached", "127.0.0.1", plain.port, tls=False)
    try:
        with (
            connect(endpoint, 1, reread=lambda: endpoint) as cache,
            pytest.raises(CacheRefused, match="plain Memcached"),
        ):
            cache.get("city")
    finally:
        plain.stop()


def test_an_endpoint_that_cannot_be_read_leaves_the_client_as_it_is(cluster):
    asked = threading.Event()

    def reread() -> Endpoint:
        asked.set()
        raise CacheUnreachable("Systems Manager does not answer", "parameter")

    with connect(cluster.endpoint, 2, resolver=cluster.resolve, poll_seconds=0.1, reread=reread) as cache:
        cache.set("city", "Oslo")
        cluster.configuration.answer = b"ERROR\r\n"
        assert asked.wait(20)
        assert cache.get("city") == b"Oslo"
        assert cache.endpoint == cluster.endpoint


def test_a_parameter_that_names_another_engine_by_now_is_not_followed(cluster):
    asked = threading.Event()

    def reread() -> Endpoint:
        asked.set()
        return Endpoint("redis", "master.test", 6379)

    with connect(cluster.endpoint, 2, resolver=cluster.resolve, poll_seconds=0.1, reread=reread) as cache:
        cache.set("city", "Oslo")
        cluster.configuration.answer = b"ERROR\r\n"
        assert asked.wait(20)
        assert cache.get("city") == b"Oslo"
        assert cache.endpoint.engine == "memcached"


def test_nodes_that_another_endpoint_names_too_keep_their_values(cluster):
    alias = replace(cluster.endpoint, host="alias.cfg.test")

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        return cluster.resolve(cluster.host if host == alias.host else host, port)

    with connect(alias, 2, resolver=resolve, poll_seconds=0.1, reread=lambda: cluster.endpoint) as cache:
        cache.set_many({str(number): "x" for number in range(20)})
        alias_is_gone = cluster.configuration.answer
        cluster.configuration.answer = b"ERROR\r\n"
        wait_until(lambda: cache.endpoint == cluster.endpoint, 20)
        cluster.configuration.answer = alias_is_gone
        wait_until(lambda: cache.status.last_fault is None, 20)

        assert len(cache.get_many([str(number) for number in range(20)])) == 20


def test_a_client_from_a_parameter_reads_that_parameter_again(cluster, monkeypatch):
    old = Endpoint("memcached", "127.0.0.1", free_port(), tls=False, parameter="/app/connection")
    read: list[str] = []

    def from_parameter(name: str, region: str | None = None) -> Endpoint:
        read.append(name)
        return cluster.endpoint

    monkeypatch.setattr(Endpoint, "from_parameter", from_parameter)
    with connect(old, 5, resolver=cluster.resolve) as cache:
        wait_until(lambda: values_of(cache), 20)

    assert read[0] == "/app/connection"
