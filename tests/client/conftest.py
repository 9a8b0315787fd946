"""Fixtures: a redis-server, and a primary with its replica, plain or with TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client import Endpoint
from client.redis_client import RedisClient

from .certificates import make_certificates
from .redis_servers import TOKEN, Certificates, RedisNode, RedisPair


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority and a server certificate for master.test, replica.test, localhost and 127.0.0.1."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNode]:
    """One server without TLS that the module's tests share: they leave it running and unchanged."""
    started = RedisNode(tmp_path_factory.mktemp("redis") / "node")
    yield started
    started.stop()


@pytest.fixture
def own_node(tmp_path: Path) -> Iterator[RedisNode]:
    """One server without TLS for one test, which may do to it what it likes."""
    started = RedisNode(tmp_path / "node")
    yield started
    started.stop()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[RedisPair]:
    """A primary and a replica without TLS."""
    started = RedisPair(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def tls_pair(tmp_path: Path, certificates: Certificates) -> Iterator[RedisPair]:
    """A primary and a replica with TLS."""
    started = RedisPair(tmp_path, certificates)
    yield started
    started.stop()


@pytest.fixture
def connect_to() -> Iterator[Callable[..., RedisClient]]:
    """Make a client for a node or a pair; it is closed after the test."""
    clients: list[RedisClient] = []

    def make(server: RedisNode | RedisPair, deadline_seconds: float = 2.0, **options: object) -> RedisClient:
        if isinstance(server, RedisPair):
            options.setdefault("resolver", server.resolve)
        endpoint = server.endpoint if isinstance(server, RedisPair) else endpoint_of(server)
        clients.append(RedisClient(endpoint, deadline_seconds, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def endpoint_of(node: RedisNode, **changes: object) -> Endpoint:
    """The endpoint of one server, by its address."""
    authority = str(node.certificates.authority) if node.certificates else None
    values = {
        "engine": "redis",
        "host": "127.0.0.1",
        "port": node.port,
        "tls": node.certificates is not None,
        "auth_token": TOKEN,
        "ca_file": authority,
    }
    return Endpoint(**{**values, **changes})
