"""An API server in this process, with hosts that only remember the worlds they were given."""

from __future__ import annotations

import threading

import boto3
import pytest
from botocore.config import Config

from sandbox.api.context import Context
from sandbox.api.server import ApiServer

REGION = "eu-west-1"


class RecordingHosts:
    """Hosts that keep each world; `failure` makes the next ones fail."""

    def __init__(self):
        self.worlds = []
        self.failure = None
        self.gate = threading.Event()
        self.gate.set()

    def apply(self, world):
        self.gate.wait(5)
        if self.failure:
            raise self.failure
        self.worlds.append(world)

    @property
    def world(self):
        return self.worlds[-1]


class Api:
    """A server, its context and clients for it."""

    def __init__(self, folder):
        self.hosts = RecordingHosts()
        self.context = Context(folder, REGION, hosts=self.hosts)
        self.server = ApiServer(self.context, key="the-key")
        self._clients = {}

    def client(self, service, region=REGION):
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(
                service,
                endpoint_url=self.server.url,
                region_name=region,
                aws_access_key_id="id",
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service, region]

    @property
    def ec2(self):
        return self.client("ec2")

    def close(self):
        for client in self._clients.values():
            client.close()
        self.server.stop()


@pytest.fixture(scope="session")
def running_api(tmp_path_factory):
    """One server for all tests: moto takes a second for a region's first call."""
    running = Api(tmp_path_factory.mktemp("api"))
    running.server.start()
    yield running
    running.close()


@pytest.fixture
def api(running_api):
    yield running_api
    running_api.hosts.failure = None
    running_api.hosts.gate.set()
    running_api.context.cut.clear()


@pytest.fixture
def network(api):
    """A VPC with two subnets in two zones, and a group, as ids."""
    ec2 = api.ec2
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for number, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="clients", Description="clients", VpcId=vpc)["GroupId"]
    return Network(vpc, [subnet["Subnet"]["SubnetId"] for subnet in subnets], group)


class Network:
    def __init__(self, vpc, subnets, group):
        self.vpc, self.subnets, self.group = vpc, subnets, group
