"""Fixtures: a MariaDB with the data set in small, a Redis, and the application on both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from client import Endpoint, connect
from client.redis_client import RedisClient
from tests.client.certificates import make_certificates
from tests.client.redis_servers import Certificates, RedisNode
from webapp import data_set
from webapp.application import create_application
from webapp.database import Database
from webapp.loading import load
from webapp.secret import Secret
from webapp.settings import Settings
from webapp.shelf import Shelf

from .mariadb import NAME, PASSWORD, USER, MariaDB


class Secrets:
    """A Secrets Manager with one secret."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.text = json.dumps({"username": USER, "password": password})
        self.reads = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        assert SecretId == "the-secret"
        self.reads += 1
        return {"SecretString": self.text}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _a_small_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_set, "STATIONS", 80)
    monkeypatch.setattr(data_set, "DAYS", 60)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    """As on an instance: the machine trusts the authority of the database's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[MariaDB]:
    started = MariaDB(tmp_path_factory.mktemp("mariadb"), certificates)
    yield started
    started.kill()


@pytest.fixture
def emptied(server: MariaDB) -> MariaDB:
    """The server with an empty database, running."""
    if server.process.poll() is not None:
        server.start()
    server.administer(f"DROP DATABASE {NAME}", f"CREATE DATABASE {NAME}")
    return server


@pytest.fixture
def settings(server: MariaDB) -> Settings:
    return Settings("localhost", server.port, NAME, "the-secret", ttl_seconds=60, row_limit=500)


@pytest.fixture
def database(emptied: MariaDB, settings: Settings, trusted: None) -> Database:
    """The application's database, without tables."""
    return Database(settings, Secret(settings.database_secret, Secrets()))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RedisNode]:
    started = RedisNode(tmp_path / "redis")
    yield started
    started.stop()


@pytest.fixture
def cache(node: RedisNode) -> Iterator[RedisClient]:
    host, port = node.address
    endpoint = Endpoint("redis", host, port, tls=False, auth_token=node.token)
    with connect(endpoint, deadline_seconds=1.0) as client:
        yield client


@pytest.fixture
def browser(database: Database, settings: Settings, cache: Any) -> FlaskClient:
    """The application with its data set, asked without a browser."""
    load(database)
    return create_application(settings, database, Shelf(cache, settings)).test_client()
