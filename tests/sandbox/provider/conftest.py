"""A provider against the sandbox's API, and a driver that treats it as an engine does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.api import databases, elasticache
from sandbox.api.context import Context
from sandbox.api.server import ApiServer
from sandbox.provider import AwsProvider
from tests.sandbox.elasticache.conftest import RememberedEngines
from tests.sandbox.provider.driver import REGION, Driver
from tests.sandbox.provider.network import Network


@pytest.fixture(scope="session")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API without hosts; caches are remembered, not run."""
    context = Context(tmp_path_factory.mktemp("cloud"), engines=RememberedEngines())
    parts: list[elasticache.ElastiCache] = []
    server = ApiServer(
        context, installers=[lambda context: parts.append(elasticache.install(context)), databases.install]
    )
    server.start()
    yield server.url
    parts[0].stop()
    server.stop()


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, against which relative paths of assets are read."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def driver(api_url: str, assets: Path) -> Iterator[Driver]:
    """A provider whose settings no test may change."""
    provider = AwsProvider(api_url, REGION, assets)
    yield Driver(provider, api_url)
    provider.close()


@pytest.fixture(scope="session")
def network(driver: Driver, assets: Path) -> Network:
    """What most resources need around them, made once."""
    return Network.make(driver, assets)
