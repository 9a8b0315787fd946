"""Elastic IP addresses and NAT gateways."""

from __future__ import annotations

from typing import Any

from ..fields import dig, request, text
from ..resource_type import (
    Properties,
    ResourceType,
    creating,
    deleting,
    describing,
    finding_by_mark,
    table,
)
from ..tagging import ec2_tagging
from ..work import Work

_ADDRESS_FIELDS = {"domain": text("Domain", computed=True, replaces=True)}


def _allocate(work: Work, given: Properties) -> str:
    return work.call(
        "allocate_address", **{"Domain": "vpc", **request(_ADDRESS_FIELDS, given)}, **work.tag_request
    )["AllocationId"]


def _public_name(work: Work, address: str, description: Properties) -> str:
    return f"ec2-{description['PublicIp'].replace('.', '-')}.{work.region}.compute.amazonaws.com"


_ADDRESS = ResourceType(
    "aws:ec2/eip:Eip",
    "ec2",
    _ADDRESS_FIELDS,
    create=_allocate,
    describe=describing("describe_addresses", "AllocationIds", "Addresses.0"),
    delete=deleting("release_address", "AllocationId"),
    outputs={
        "arn": lambda work, each, _: work.arn(f"elastic-ip/{each}"),
        "allocationId": "AllocationId",
        "publicIp": "PublicIp",
        "publicDns": _public_name,
    },
    find=finding_by_mark("describe_addresses", "Addresses", "AllocationId"),
    marked=True,
    tagging=ec2_tagging("elastic-ip"),
)

_NAT_FIELDS = {
    "subnetId": text("SubnetId", required=True, replaces=True),
    "allocationId": text(
        "AllocationId", read="NatGatewayAddresses.0.AllocationId", computed=True, replaces=True
    ),
    "connectivityType": text("ConnectivityType", default="public", replaces=True),
    "privateIp": text(
        "PrivateIpAddress", read="NatGatewayAddresses.0.PrivateIp", computed=True, replaces=True
    ),
}


def _nat_state(work: Work, gateway: str) -> Any:
    return dig(work.call("describe_nat_gateways", NatGatewayIds=[gateway]), "NatGateways.0")


def _describe_nat(work: Work, gateway: str, state: Properties) -> Properties | None:
    description = _nat_state(work, gateway)
    return None if description is None or description["State"] in ("deleted", "deleting") else description


def _nat_ready(work: Work, gateway: str, given: Properties) -> None:
    work.wait(
        f"{gateway} is available", lambda: (_nat_state(work, gateway) or {}).get("State") == "available"
    )


def _delete_nat(work: Work, gateway: str, state: Properties) -> None:
    work.call("delete_nat_gateway", NatGatewayId=gateway)
    work.wait(
        f"{gateway} is deleted",
        lambda: (_nat_state(work, gateway) or {}).get("State", "deleted") == "deleted",
    )


_NAT_GATEWAY = ResourceType(
    "aws:ec2/natGateway:NatGateway",
    "ec2",
    _NAT_FIELDS,
    create=creating(_NAT_FIELDS, "create_nat_gateway", "NatGateway.NatGatewayId"),
    describe=_describe_nat,
    delete=_delete_nat,
    outputs={
        "associationId": "NatGatewayAddresses.0.AssociationId",
        "networkInterfaceId": "NatGatewayAddresses.0.NetworkInterfaceId",
        "publicIp": "NatGatewayAddresses.0.PublicIp",
    },
    ready=_nat_ready,
    find=finding_by_mark("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    marked=True,
    tagging=ec2_tagging("natgateway"),
)

TYPES = table(_ADDRESS, _NAT_GATEWAY)
