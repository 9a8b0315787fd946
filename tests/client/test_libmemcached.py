"""pylibmc on the nodes of a cluster: the same keys as the client's, and a refusal where it cannot speak."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client import CacheUnreachable, Endpoint, InvalidEndpoint, connect
from client.libmemcached import open_libmemcached

from .memcached_servers import ConfigurationEndpoint, MemcachedServer
from .test_load import discovery_reply

pytest.importorskip("pylibmc", reason="pylibmc has no wheels for this Python")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A cluster of one node."""
    server, configuration = MemcachedServer(), ConfigurationEndpoint()
    configuration.answer = discovery_reply(server.port)
    yield Endpoint("memcached", "127.0.0.1", configuration.port, tls=False)
    configuration.stop()
    server.stop()


def test_what_one_library_writes_the_other_reads(endpoint: Endpoint):
    theirs = open_libmemcached(endpoint)
    with connect(endpoint, deadline_seconds=2.0) as ours:
        assert theirs.set("City", b"Oslo")
        assert ours.get("City") == b"Oslo"
        ours.set("City", "Lima")
        assert theirs.get("City") == b"Lima"


def test_it_speaks_binary_on_a_weighted_ketama_ring_without_delay(endpoint: Endpoint):
    theirs = open_libmemcached(endpoint, deadline_seconds=1.5)
    behaviors = theirs.behaviors

    assert theirs.binary is True
    assert (behaviors["ketama_weighted"], behaviors["tcp_nodelay"]) == (1, 1)
    assert (behaviors["connect_timeout"], behaviors["_poll_timeout"]) == (1500, 1500)


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        (Endpoint("memcached", "cache.test", 11211, tls=True), "memcached with TLS"),
        (Endpoint("redis", "cache.test", 6379, tls=False), "redis"),
    ],
)
def test_a_cache_that_it_cannot_speak_to_is_refused(endpoint: Endpoint, what: str):
    with pytest.raises(InvalidEndpoint, match=f"without TLS only; {endpoint.address} is {what}$"):
        open_libmemcached(endpoint)


def test_a_cluster_that_does_not_answer_is_unreachable():
    with pytest.raises(CacheUnreachable):
        open_libmemcached(Endpoint("memcached", "127.0.0.1", 1, tls=False))
