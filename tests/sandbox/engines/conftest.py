"""Real server processes on loopback addresses, one address per node."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.engines import Engines
from sandbox.engines.errors import EngineUnavailable
from sandbox.engines.keeper import Keeper
from sandbox.engines.launcher import LocalLauncher
from sandbox.engines.server import find_server
from sandbox.hosts.certificates import CertificateAuthority
from sandbox.hosts.errors import OperationFailed

PORT = 26379
ADDRESSES = itertools.count(1)
TOKEN = "correct-horse-battery-staple"

# A range of loopback addresses for each process that runs tests at the same time.
_NETWORK = 9 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


class LocalCaller:
    """The daemon's `engines.*` operations without a daemon: the keeper in this process."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def call(self, op: str, call_timeout: float | None = None, **arguments: object) -> object:
        try:
            return getattr(self._keeper, op.removeprefix("engines."))(**arguments)
        except Exception as error:
            raise OperationFailed(type(error).__name__, str(error)) from error


@dataclass
class Bench:
    """Engines over a keeper of this process, and what a test needs to build specifications and clients."""

    keeper: Keeper
    engines: Engines
    authority: CertificateAuthority
    directory: Path
    cache_id: str = "cache"
    spec: dict = field(default_factory=dict)

    def specify(self, nodes: int = 1, **changes: object) -> dict:
        """A specification with fresh addresses; the first node is the primary."""
        names = [f"node-{number}" for number in range(1, nodes + 1)]
        self.spec = {
            "engine": "redis",
            "version": "7.1",
            "port": PORT,
            "transit_encryption": "off",
            "auth_tokens": [],
            "parameters": {},
            "maxmemory_bytes": 64 << 20,
            "primary": names[0],
            "nodes": {name: self.node() for name in names},
            "certificate_names": ["localhost", "*.cache.abc123.euw1.cache.amazonaws.com"],
            **changes,
        }
        return self.spec

    def node(self) -> dict:
        """A place for a node: a loopback address nobody else has."""
        number = next(ADDRESSES)
        return {"host_id": f"eni-{number}", "address": f"127.{_NETWORK}.{number // 250}.{number % 250 + 1}"}

    def apply(self, **changes: object) -> None:
        """Change the specification and apply it."""
        self.spec.update(changes)
        self.engines.apply(self.cache_id, self.spec)

    def client(self, node: str = "node-1", token: str | None = None, tls: bool = False) -> redis.Redis:
        """A plain or TLS client of one node."""
        address = self.spec["nodes"][node]["address"]
        options: dict = {
            "ssl": True,
            "ssl_ca_data": self.authority.certificate_pem,
            "ssl_check_hostname": False,
        }
        return redis.Redis(
            address, PORT, password=token, socket_timeout=3, protocol=2, retry=Retry(NoBackoff(), 0),
            **(options if tls else {}),
        )  # fmt: skip

    def state(self, node: str) -> dict[str, object]:
        """What the keeper says of one node."""
        return self.engines.state(self.cache_id)[node]


@pytest.fixture(scope="session")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create()


@pytest.fixture
def bench(short_path: Path, authority: CertificateAuthority) -> Iterator[Bench]:
    try:
        find_server("redis")
    except EngineUnavailable as reason:
        pytest.skip(str(reason))
    keeper = Keeper(str(short_path / "engines"), LocalLauncher())
    yield Bench(keeper, Engines(LocalCaller(keeper), authority), authority, short_path)
    keeper.close()


@pytest.fixture
def secure(bench: Bench) -> Callable[..., Bench]:
    """Applies a cache with TLS and a token."""

    def build(nodes: int = 1, **changes: object) -> Bench:
        bench.specify(nodes, transit_encryption="required", auth_tokens=[TOKEN], **changes)
        bench.apply()
        return bench

    return build
