"""The API over HTTP with boto3, on engines that only remember, or on real ones on loopback addresses."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.api import elasticache
from sandbox.api.context import Context
from sandbox.api.server import ApiServer
from sandbox.engines import Engines
from sandbox.engines.errors import EngineError, EngineUnavailable
from sandbox.engines.keeper import Keeper
from sandbox.engines.launcher import LocalLauncher
from sandbox.engines.server import find_server
from sandbox.hosts.certificates import CertificateAuthority
from tests.sandbox.engines.conftest import LocalCaller

REGION = "eu-west-1"
ZONES = ("eu-west-1a", "eu-west-1b")


class RememberedEngines:
    """Engines without processes: they remember specifications and act as asked."""

    def __init__(self) -> None:
        self.specs: dict[str, dict[str, Any]] = {}
        self.ended: set[str] = set()
        self.silent: set[str] = set()
        self.data: dict[str, str] = {}
        self.disturbed: dict[str, tuple[float, float]] = {}
        self.failure: Exception | None = None
        self.hold = 0.0
        self.on_apply: Callable[[dict[str, Any]], object] = lambda spec: None

    def check(self, engine: str) -> dict[str, Any]:
        if isinstance(self.failure, EngineUnavailable):
            raise self.failure
        return {"server": "none", "stands_in": False}

    def apply(self, cache_id: str, spec: dict[str, Any]) -> None:
        time.sleep(self.hold)
        if self.failure is not None:
            raise self.failure
        self.specs[cache_id] = spec
        self.on_apply(spec)
        self.ended -= {node_id for node_id, node in spec["nodes"].items() if not node.get("fenced")}

    def remove(self, cache_id: str) -> None:
        self.specs.pop(cache_id, None)

    def state(self, cache_id: str) -> dict[str, dict[str, Any]]:
        spec = self.specs.get(cache_id, {"nodes": {}})
        return {node_id: self._state(node_id, spec.get("primary")) for node_id in spec["nodes"]}

    def _state(self, node_id: str, primary: str | None) -> dict[str, Any]:
        if node_id in self.ended or node_id in self.silent:
            return {"running": node_id not in self.ended, "responding": False}
        role = "primary" if node_id == primary else "replica"
        return {"running": True, "responding": True, "role": role, "offset": 0, "link": "up"}

    def states(self, cache_ids: list[str] | None = None) -> dict[str, Any]:
        return {cache_id: self.state(cache_id) for cache_id in (cache_ids or list(self.specs))}

    def describe(self, cache_id: str) -> dict[str, Any]:
        return {"server": "none"}

    def signal(self, node_id: str, name: str) -> None:
        if not any(node_id in spec["nodes"] for spec in self.specs.values()):
            raise EngineError(f"there is no node {node_id}")
        if name in ("KILL", "CONT"):
            self.silent.discard(node_id)
        {"KILL": self.ended.add, "STOP": self.silent.add, "CONT": self.silent.discard}[name](node_id)

    def disturb(self, node_id: str, delay_milliseconds: float = 0, loss_percent: float = 0) -> None:
        self.disturbed[node_id] = (delay_milliseconds, loss_percent)

    def save(self, cache_id: str, node_id: str, snapshot_id: str) -> int:
        self.data[snapshot_id] = node_id
        return 3 << 20

    def forget(self, snapshot_id: str) -> None:
        del self.data[snapshot_id]


@dataclass
class Api:
    """A served API, its boto3 clients, and a network to put caches in."""

    context: Context
    part: elasticache.ElastiCache
    client: Any
    ec2: Any
    vpc_id: str
    subnet_ids: list[str]
    group_id: str

    @property
    def engines(self) -> RememberedEngines:
        return self.context.engines

    def create_group(self, name: str = "cache", **changes: Any) -> dict[str, Any]:
        """Ask for a group with a replica; arguments set to None are left out."""
        wanted = {
            "ReplicationGroupId": name,
            "ReplicationGroupDescription": "a cache",
            "CacheNodeType": "cache.t4g.micro",
            "NumCacheClusters": 2,
            "AutomaticFailoverEnabled": True,
            "MultiAZEnabled": True,
            "CacheSubnetGroupName": "subnets",
            "SecurityGroupIds": [self.group_id],
            **changes,
        }
        answer = self.client.create_replication_group(**{k: v for k, v in wanted.items() if v is not None})
        return answer["ReplicationGroup"]

    def group(self, name: str = "cache") -> dict[str, Any]:
        return self.client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]

    def cluster(self, name: str = "cache-001") -> dict[str, Any]:
        return self.client.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)[
            "CacheClusters"
        ][0]

    def available(self, name: str = "cache") -> dict[str, Any]:
        """Wait until a group is available."""
        eventually(lambda: self.group(name)["Status"] not in ("creating", "modifying", "snapshotting"))
        found = self.group(name)
        assert found["Status"] == "available", self.events()
        return found

    def interfaces(self) -> list[dict[str, Any]]:
        filters = [{"Name": "vpc-id", "Values": [self.vpc_id]}]
        return self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]

    def events(self, **filters: Any) -> list[str]:
        """Messages, oldest first."""
        return [event["Message"] for event in reversed(self.client.describe_events(**filters)["Events"])]

    def refusal(self, operation: str, **parameters: Any) -> tuple[str, str]:
        """Code and message of a call that must be refused."""
        with pytest.raises(ClientError) as caught:
            getattr(self.client, operation)(**parameters)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    def creation_refusal(self, **changes: Any) -> tuple[str, str]:
        """Code and message of a refused create of a group."""
        with pytest.raises(ClientError) as caught:
            self.create_group(**changes)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


def eventually(claim: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Poll until a claim holds; its value."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
    return value


class Server:
    """One served API for all tests; each test gets engines, records and a network of its own."""

    def __init__(self, folder: Path) -> None:
        self.context = Context(folder, region=REGION)
        parts: list[elasticache.ElastiCache] = []
        self._server = ApiServer(
            self.context, installers=[lambda one: parts.append(elasticache.install(one))]
        )
        self._server.start()
        self.client, self.ec2 = self._connect("elasticache"), self._connect("ec2")
        self.ec2.describe_vpcs()
        (self.part,) = parts

    def _connect(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._server.url,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name=REGION,
        )

    @contextlib.contextmanager
    def lend(self, engines: Any, network: str) -> Iterator[Api]:
        """The API on these engines, with one VPC of two zones, and a subnet group `subnets` in it."""
        self.context.engines = engines
        ec2 = self.ec2
        vpc_id = ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"{network}.{number}.0/24", AvailabilityZone=zone)
            for number, zone in enumerate(ZONES, 1)
        ]
        subnet_ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
        group_id = ec2.create_security_group(GroupName="cache", Description="cache", VpcId=vpc_id)["GroupId"]
        self.client.create_cache_subnet_group(
            CacheSubnetGroupName="subnets", CacheSubnetGroupDescription="two zones", SubnetIds=subnet_ids
        )
        try:
            yield Api(self.context, self.part, self.client, ec2, vpc_id, subnet_ids, group_id)
        finally:
            self.part._service.finish()
            for cache in self.part._service.caches:
                with cache.busy:
                    cache.status = "deleting"
                    engines.remove(cache.engine_id)
            self.part._service._stores.clear()
            self.context.cut.clear()

    def stop(self) -> None:
        self.part.stop()
        self._server.stop()
        self.client.close()
        self.ec2.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("api"))
    yield served
    served.stop()


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    """An API whose engines only remember."""
    with server.lend(RememberedEngines(), "10.7") as lent:
        yield lent


@pytest.fixture
def real(server: Server, short_path: Path, worker_number: int) -> Iterator[Api]:
    """An API with real engines: the VPC's range is one of loopback addresses."""
    try:
        find_server("redis")
    except EngineUnavailable as reason:
        pytest.skip(str(reason))
    keeper = Keeper(str(short_path / "engines"), LocalLauncher())
    engines = Engines(LocalCaller(keeper), CertificateAuthority.create())
    with server.lend(engines, f"127.{88 + worker_number}") as lent:
        yield lent
    keeper.close()
