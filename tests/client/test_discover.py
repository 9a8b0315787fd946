"""`discover` shows the nodes of a Memcached cluster as every client finds them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from client.cluster_view import ClusterView, NodeView, view_cluster
from client.endpoint import Endpoint
from client.errors import InvalidEndpoint
from client.remote import Place
from client.ring import Ring

from .memcached_servers import MemcachedCluster, MemcachedServer, listing
from .test_command_line import Result, environment, run  # noqa: F401 - fixtures
from .test_schema import fits

OUTPUTS = json.dumps({"engine": "memcached", "host": "c.cfg.test", "port": 11211, "tls": False})


@pytest.fixture
def servers() -> Iterator[list[MemcachedServer]]:
    """Two nodes that can be looked up, behind a configuration endpoint on 127.0.0.1."""
    started = [MemcachedServer(), MemcachedServer()]
    yield started
    for each in started:
        each.stop()


@pytest.fixture
def cluster(
    servers: list[MemcachedServer],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],  # noqa: F811
) -> Iterator[MemcachedCluster]:
    made = MemcachedCluster([])
    made.configuration.answer = listing(3, [("127.0.0.1", server.port) for server in servers])
    monkeypatch.setenv("CACHE_ENGINE", "memcached")
    monkeypatch.setenv("CACHE_PORT", str(made.configuration.port))
    yield made
    made.stop()


def test_the_nodes_their_keys_and_shares_are_shown(cluster, servers, run):  # noqa: F811
    for number in range(20):
        assert run("put", f"city{number}", "Oslo").returncode == 0

    result = run("discover", "--json")

    found = json.loads(result.stdout)
    fits(found, "discovery")
    assert (result.returncode, found["ok"]) == (0, True)
    view = ClusterView.from_mapping(found["clients"]["here"])
    names = [f"127.0.0.1:{server.port}" for server in servers]
    assert view.version == 3
    assert view.fingerprint == Ring(names).fingerprint
    assert [(node.name, node.address) for node in view.nodes] == [(name, "127.0.0.1") for name in names]
    assert sum(node.keys for node in view.nodes) == 20
    assert sum(node.share for node in view.nodes) == pytest.approx(1)
    text = run("discover").stdout.decode()
    assert f"here: version 3, 2 nodes, ring {view.fingerprint}" in text


def test_a_node_that_is_down_is_shown_with_the_reason_and_ends_with_1(cluster, servers, run):  # noqa: F811
    servers[1].kill()

    result = run("discover")

    assert result.returncode == 1
    assert "connection refused" in result.stdout.decode()


def test_a_redis_cache_is_refused(run):  # noqa: F811
    result = run("discover")

    assert result.returncode == 2
    assert "which has no Auto Discovery" in result.stderr.decode()
    with pytest.raises(InvalidEndpoint):
        view_cluster(Endpoint("redis", "x", 1), 1)


def seen(*names: str) -> dict[str, Any]:
    nodes = tuple(NodeView(name, "10.0.0.1", 0.5, 1, "1.6.22") for name in names)
    return {"cluster": dataclasses.asdict(ClusterView(1, Ring(names).fingerprint, nodes))}


@pytest.mark.parametrize(
    ("other", "code", "words"),
    [
        (seen("a:11211", "b:11211"), 0, "app, function: version 1, 2 nodes"),
        (seen("a:11211", "c:11211"), 1, "the clients place keys in different ways"),
        ({"error": {"type": "CacheUnreachable", "message": "no answer"}}, 3, "error: function: no answer\n"),
    ],
)
def test_what_all_clients_see_is_compared(run, monkeypatch, other: Mapping[str, Any], code, words):  # noqa: F811
    places = [
        Place("app", lambda *_: seen("a:11211", "b:11211")),
        Place("function", lambda *_: dict(other)),
    ]
    monkeypatch.setattr("client.commands._reporting.places", lambda *_: places)

    result: Result = run("discover", "--outputs", "-", text=OUTPUTS)

    assert result.returncode == code
    assert words in (result.stdout + result.stderr).decode()
    fits(json.loads(run("discover", "--json", "--outputs", "-", text=OUTPUTS).stdout), "discovery")


def test_replicas_of_memcached_are_refused(cluster, run):  # noqa: F811
    result = run("get", "x", "--replica")

    assert (result.returncode, result.stderr) == (
        2,
        b"error: --replica: Memcached has no replicas to read from\n",
    )
