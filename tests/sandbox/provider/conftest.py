"""A provider against moto, and a driver that treats it as an engine does."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from google.protobuf import json_format, struct_pb2
from moto.server import ThreadedMotoServer
from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.provider import AwsProvider
from sandbox.provider.values import plain_bag, wrap

REGION = "eu-west-1"


def over_the_wire(bag: Mapping[str, PropertyValue]) -> dict[str, PropertyValue]:
    """A bag as the other side gets it: through protobuf's JSON, in which every number is a float."""
    text = json_format.MessageToJson(PropertyValue.marshal_map(dict(bag)))
    return PropertyValue.unmarshal_map(json_format.Parse(text, struct_pb2.Struct()))


@dataclass
class Resource:
    """What an engine would keep of one resource."""

    urn: str
    id: str
    inputs: dict[str, PropertyValue]
    state: dict[str, PropertyValue]

    def __getitem__(self, name: str) -> Any:
        return plain_bag(self.state)[name]

    def get(self, name: str) -> Any:
        return plain_bag(self.state).get(name)


@dataclass
class Driver:
    """Calls the provider in the engine's order: check, diff, then create, update or replace."""

    provider: AwsProvider
    url: str
    seeds: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @staticmethod
    def urn(token: str, name: str) -> str:
        return f"urn:pulumi:test::aws-cache::{token}::{name}"

    def check(
        self, token: str, name: str, inputs: Mapping[str, Any], old: Mapping[str, PropertyValue] | None = None
    ) -> protocol.CheckResponse:
        bag = {key: value if isinstance(value, PropertyValue) else wrap(value) for key, value in inputs.items()}
        seed = f"{token}{name}{next(self.seeds)}".encode()
        request = protocol.CheckRequest(self.urn(token, name), dict(old or {}), over_the_wire(bag), seed)
        return asyncio.run(self.provider.check(request))

    def create(self, token: str, logical: str, /, **inputs: Any) -> Resource:
        checked = self.check(token, logical, inputs)
        assert not checked.failures, [failure.reason for failure in checked.failures]
        request = protocol.CreateRequest(self.urn(token, logical), over_the_wire(checked.inputs), 0, False)
        made = asyncio.run(self.provider.create(request))
        return Resource(request.urn, made.resource_id, over_the_wire(checked.inputs), over_the_wire(made.properties))

    def preview(self, token: str, logical: str, /, **inputs: Any) -> dict[str, Any]:
        checked = self.check(token, logical, inputs)
        request = protocol.CreateRequest(self.urn(token, logical), over_the_wire(checked.inputs), 0, True)
        return plain_bag(asyncio.run(self.provider.create(request)).properties)

    def diff(self, resource: Resource, /, **inputs: Any) -> protocol.DiffResponse:
        token, name = resource.urn.split("::")[2:]
        checked = self.check(token, name, inputs, resource.inputs)
        assert not checked.failures, [failure.reason for failure in checked.failures]
        request = protocol.DiffRequest(
            resource.urn, resource.id, resource.state, over_the_wire(checked.inputs), []
        )
        return asyncio.run(self.provider.diff(request))

    def update(self, resource: Resource, preview: bool = False, **inputs: Any) -> Resource:
        token, name = resource.urn.split("::")[2:]
        checked = over_the_wire(self.check(token, name, inputs, resource.inputs).inputs)
        request = protocol.UpdateRequest(resource.urn, resource.id, resource.state, checked, 0, [], preview)
        done = asyncio.run(self.provider.update(request))
        return Resource(resource.urn, resource.id, checked, over_the_wire(done.properties))

    def read(self, resource: Resource) -> Resource | None:
        request = protocol.ReadRequest(resource.urn, resource.id, resource.state, resource.inputs)
        seen = asyncio.run(self.provider.read(request))
        if not seen.resource_id:
            return None
        return Resource(resource.urn, seen.resource_id, over_the_wire(seen.inputs), over_the_wire(seen.properties))

    def delete(self, resource: Resource, timeout: float = 0) -> None:
        request = protocol.DeleteRequest(resource.urn, resource.id, resource.state, timeout)
        asyncio.run(self.provider.delete(request))

    def adopt(self, token: str, name: str, inputs: Mapping[str, PropertyValue]) -> tuple[str, dict[str, Any]] | None:
        found = asyncio.run(self.provider.adopt(token, dict(inputs), self.urn(token, name)))
        return found and (found[0], plain_bag(found[1]))

    def invoke(self, token: str, /, **arguments: Any) -> protocol.InvokeResponse:
        bag = over_the_wire({key: wrap(value) for key, value in arguments.items()})
        return asyncio.run(self.provider.invoke(protocol.InvokeRequest(token, bag)))


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def driver(moto_url: str) -> Iterator[Driver]:
    provider = AwsProvider(moto_url, REGION)
    yield Driver(provider, moto_url)
    provider.close()
