"""Calls a provider in an engine's order, with values as they come over the wire."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.provider import AwsProvider
from sandbox.provider.values import plain_bag, wrap

REGION = "eu-west-1"

Bag = Mapping[str, PropertyValue]


def token_of(short: str) -> str:
    """`ec2/Vpc` as Pulumi writes it, `aws:ec2/vpc:Vpc`."""
    module, name = short.split("/")
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


def over_the_wire(bag: Bag) -> dict[str, PropertyValue]:
    """A bag as the other side gets it: through protobuf's JSON, in which every number is a float."""
    text = json_format.MessageToJson(PropertyValue.marshal_map(dict(bag)))
    return PropertyValue.unmarshal_map(json_format.Parse(text, struct_pb2.Struct()))


def secret(value: Any) -> PropertyValue:
    """A secret property value."""
    return wrap(value, secret=True)


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


class Driver:
    """Check, diff, then create, update or replace."""

    def __init__(self, provider: AwsProvider, url: str) -> None:
        self.provider, self.url = provider, url

    def client(self, service: str) -> Any:
        """A client of the API, for what happens past the provider."""
        return self.provider.aws.client(service)

    def check(self, short: str, logical: str, inputs: Mapping[str, Any], old: Bag | None = None) -> Any:
        bag = {
            key: value if isinstance(value, PropertyValue) else wrap(value) for key, value in inputs.items()
        }
        seed = uuid.uuid4().bytes
        request = protocol.CheckRequest(urn(short, logical), dict(old or {}), over_the_wire(bag), seed)
        return asyncio.run(self.provider.check(request))

    def checked(
        self, short: str, logical: str, inputs: Mapping[str, Any], old: Bag | None = None
    ) -> dict[str, PropertyValue]:
        answer = self.check(short, logical, inputs, old)
        assert not answer.failures, [failure.reason for failure in answer.failures]
        return over_the_wire(answer.inputs)

    def reasons(self, short: str, **inputs: Any) -> list[str]:
        return sorted(failure.reason for failure in self.check(short, "it", inputs).failures)

    def create(self, short: str, logical: str = "it", /, **inputs: Any) -> Resource:
        return self.make(short, logical, self.checked(short, logical, inputs))

    def make(
        self, short: str, logical: str, checked: dict[str, PropertyValue], timeout: float = 0
    ) -> Resource:
        request = protocol.CreateRequest(urn(short, logical), checked, timeout, False)
        made = asyncio.run(self.provider.create(request))
        return Resource(request.urn, made.resource_id, checked, over_the_wire(made.properties))

    def preview(self, short: str, logical: str = "it", /, **inputs: Any) -> dict[str, Any]:
        request = protocol.CreateRequest(urn(short, logical), self.checked(short, logical, inputs), 0, True)
        return plain_bag(asyncio.run(self.provider.create(request)).properties)

    def diff(self, resource: Resource, /, **inputs: Any) -> protocol.DiffResponse:
        checked = self.checked(*names(resource), inputs, resource.inputs)
        request = protocol.DiffRequest(resource.urn, resource.id, resource.state, checked, [])
        return asyncio.run(self.provider.diff(request))

    def update(self, resource: Resource, /, preview: bool = False, **inputs: Any) -> Resource:
        checked = self.checked(*names(resource), inputs, resource.inputs)
        request = protocol.UpdateRequest(resource.urn, resource.id, resource.state, checked, 0, [], preview)
        done = asyncio.run(self.provider.update(request))
        return Resource(resource.urn, resource.id, checked, over_the_wire(done.properties))

    def read(self, resource: Resource) -> Resource | None:
        request = protocol.ReadRequest(resource.urn, resource.id, resource.state, resource.inputs)
        seen = asyncio.run(self.provider.read(request))
        if not seen.resource_id:
            return None
        return Resource(
            resource.urn, seen.resource_id, over_the_wire(seen.inputs), over_the_wire(seen.properties)
        )

    def delete(self, resource: Resource, timeout: float = 0) -> None:
        request = protocol.DeleteRequest(resource.urn, resource.id, resource.state, timeout)
        asyncio.run(self.provider.delete(request))

    def adopt(self, short: str, logical: str, inputs: Bag) -> tuple[str, dict[str, PropertyValue]] | None:
        return asyncio.run(self.provider.adopt(token_of(short), dict(inputs), urn(short, logical)))

    def invoke(self, token: str, /, **arguments: Any) -> protocol.InvokeResponse:
        bag = over_the_wire({key: wrap(value) for key, value in arguments.items()})
        return asyncio.run(self.provider.invoke(protocol.InvokeRequest(token, bag)))


def urn(short: str, logical: str) -> str:
    return f"urn:pulumi:test::aws-cache::{token_of(short)}::{logical}"


def names(resource: Resource) -> tuple[str, str]:
    token, logical = resource.urn.split("::")[2:]
    module, kind = token.split(":")[1].split("/")[0], token.split(":")[2]
    return f"{module}/{kind}", logical


def given(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs without those that are None, as a program leaves them out."""
    return {key: value for key, value in inputs.items() if value is not None}
