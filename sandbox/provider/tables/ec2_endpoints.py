"""VPC endpoints: gateways on route tables, interfaces in subnets."""

from __future__ import annotations

from typing import Any

from ..errors import ProviderError
from ..fields import dig, document, flag, text, texts
from ..resource_type import Change, Properties, ResourceType, creating, finding_by_mark, table
from ..tagging import ec2_tagging
from ..work import Work

_FIELDS = {
    "vpcId": text("VpcId", required=True, replaces=True),
    "serviceName": text("ServiceName", required=True, replaces=True),
    "vpcEndpointType": text(
        "VpcEndpointType", default="Gateway", replaces=True, choices=("Gateway", "Interface")
    ),
    "routeTableIds": texts("RouteTableIds", computed=True, group="endpoint"),
    "subnetIds": texts("SubnetIds", computed=True, group="endpoint"),
    "securityGroupIds": texts("SecurityGroupIds", computed=True, group="endpoint"),
    "privateDnsEnabled": flag("PrivateDnsEnabled", computed=True, group="endpoint"),
    "policy": document("PolicyDocument", computed=True, group="endpoint"),
    "ipAddressType": text("IpAddressType", computed=True, group="endpoint"),
    "autoAccept": flag(),
}


def _current(work: Work, endpoint: str) -> Any:
    """The endpoint's description, also while it is being deleted."""
    return dig(work.call("describe_vpc_endpoints", VpcEndpointIds=[endpoint]), "VpcEndpoints.0")


def _describe(work: Work, endpoint: str, state: Properties) -> Properties | None:
    description = _current(work, endpoint)
    if description is None or description["State"].lower() == "deleted":
        return None
    groups = [group["GroupId"] for group in description.get("Groups", [])]
    return {**description, "SecurityGroupIds": groups}


def _ready(work: Work, endpoint: str, given: Properties) -> None:
    work.wait(
        f"{endpoint} is available",
        lambda: (_current(work, endpoint) or {}).get("State", "").lower() == "available",
    )


def _modify(work: Work, endpoint: str, change: Change) -> None:
    request: dict[str, Any] = {}
    for name, member in (
        ("routeTableIds", "RouteTable"),
        ("subnetIds", "Subnet"),
        ("securityGroupIds", "SecurityGroup"),
    ):
        old, new = set(change.old.get(name) or ()), set(change.new.get(name) or ())
        if name in change.names and new - old:
            request[f"Add{member}Ids"] = sorted(new - old)
        if name in change.names and old - new:
            request[f"Remove{member}Ids"] = sorted(old - new)
    for name, member in (("privateDnsEnabled", "PrivateDnsEnabled"), ("ipAddressType", "IpAddressType")):
        if name in change.names:
            request[member] = change.new[name]
    if "policy" in change.names:
        request["PolicyDocument"] = change.new["policy"]
    work.call("modify_vpc_endpoint", VpcEndpointId=endpoint, **request)


def _delete(work: Work, endpoint: str, state: Properties) -> None:
    answer = work.call("delete_vpc_endpoints", VpcEndpointIds=[endpoint])
    failed = dig(answer, "Unsuccessful.0.Error")
    if failed and "NotFound" not in failed["Code"]:
        raise ProviderError(f"delete_vpc_endpoints: {failed['Code']}: {failed['Message']}")
    work.wait_until_gone(endpoint, lambda: _describe(work, endpoint, state))


def _prefix_list(path: str) -> Any:
    def output(work: Work, endpoint: str, description: Properties) -> Any:
        if description["VpcEndpointType"] != "Gateway":
            return None
        wanted = [{"Name": "prefix-list-name", "Values": [description["ServiceName"]]}]
        return dig(work.call("describe_prefix_lists", Filters=wanted), f"PrefixLists.0.{path}")

    return output


def _dns_entries(work: Work, endpoint: str, description: Properties) -> list[dict[str, str]]:
    entries = description.get("DnsEntries") or []
    return [
        {"dnsName": each.get("DnsName", ""), "hostedZoneId": each.get("HostedZoneId", "")} for each in entries
    ]


_VPC_ENDPOINT = ResourceType(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "ec2",
    _FIELDS,
    create=creating(_FIELDS, "create_vpc_endpoint", "VpcEndpoint.VpcEndpointId"),
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": lambda work, endpoint, _: work.arn(f"vpc-endpoint/{endpoint}"),
        "state": lambda work, endpoint, description: description["State"].lower(),
        "ownerId": "OwnerId",
        "requesterManaged": "RequesterManaged",
        "networkInterfaceIds": "NetworkInterfaceIds",
        "dnsEntries": _dns_entries,
        "prefixListId": _prefix_list("PrefixListId"),
        "cidrBlocks": _prefix_list("Cidrs"),
    },
    updates={"endpoint": _modify},
    ready=_ready,
    find=finding_by_mark("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    marked=True,
    tagging=ec2_tagging("vpc-endpoint"),
    unsettled={"subnetIds": ("networkInterfaceIds", "dnsEntries")},
    # Two interface endpoints of one service cannot both own the private name.
    delete_before_replace=True,
)

TYPES = table(_VPC_ENDPOINT)
