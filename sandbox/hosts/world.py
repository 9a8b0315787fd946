"""The world as it arrives: checked before anything is touched, and one host of it as extensions see it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import HostsError

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}\Z")
FUNCTION_URLS = "lambda-url"
KINDS = ("instance", "cache", "database", "function", "endpoint")


@dataclass(frozen=True)
class Host:
    """One host. Its network namespace is named by its id."""

    id: str
    vpc_id: str
    kind: str
    address: str
    prefix_length: int
    gateway: str
    zone: str
    resolver: str
    metadata: Mapping[str, Any]


def describe_host(host_id: str, vpc_id: str, vpc: Mapping[str, Any]) -> Host:
    """The host as its VPC's description has it."""
    spec = vpc["hosts"][host_id]
    subnet = vpc["subnets"][spec["subnet"]]
    network = ipaddress.ip_network(subnet["cidr"])
    return Host(
        id=host_id,
        vpc_id=vpc_id,
        kind=spec["kind"],
        address=spec["address"],
        prefix_length=network.prefixlen,
        gateway=str(network[1]),
        zone=subnet["zone"],
        resolver=resolver_address(vpc),
        metadata=spec.get("metadata", {}),
    )


def resolver_address(vpc: Mapping[str, Any]) -> str:
    """AWS's place for it: the VPC's network address plus two."""
    return str(ipaddress.ip_network(vpc["cidr"])[2])


def service_domain(service: str, region: str) -> str:
    """The public name of a service of AWS, below which some have more names."""
    parent = "on.aws" if service == FUNCTION_URLS else "amazonaws.com"
    return f"{service}.{region}.{parent}"


def check_world(world: Mapping[str, Any]) -> None:
    """Raise HostsError with everything that is wrong; names end up in commands and rules, so they are checked too."""
    problems: list[str] = []
    seen: set[str] = set()
    for vpc_id, vpc in world["vpcs"].items():
        names = [vpc_id, *vpc["subnets"], *vpc["groups"], *vpc["hosts"]]
        problems += [f"{name!r} is not an identifier" for name in names if not IDENTIFIER.match(name)]
        namespaces = [vpc_id, *vpc["hosts"]]
        problems += [f"{name} stands there twice" for name in namespaces if name in seen]
        seen.update(namespaces)
        problems += _host_problems(vpc)
    if problems:
        raise HostsError("the network cannot be built: " + "; ".join(problems))


def _host_problems(vpc: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    owners: dict[str, str] = {}
    for host_id, host in vpc["hosts"].items():
        subnet = vpc["subnets"].get(host["subnet"])
        if subnet is None:
            problems.append(f"{host_id}: there is no subnet {host['subnet']}")
        elif ipaddress.ip_address(host["address"]) not in ipaddress.ip_network(subnet["cidr"]):
            problems.append(f"{host_id}: {host['address']} is outside {subnet['cidr']}")
        if host["kind"] not in KINDS:
            problems.append(f"{host_id}: unknown kind {host['kind']!r}")
        if host["address"] in owners:
            problems.append(f"{host_id}: {host['address']} belongs to {owners[host['address']]}")
        owners[host["address"]] = host_id
    return problems
