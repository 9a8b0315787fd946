"""A small world for tests: a client, an outsider, two cache nodes and an endpoint in one VPC."""

from __future__ import annotations

import copy
from typing import Any

REGION = "eu-west-1"
VPC, CLIENT, OUTSIDER, CACHE, REPLICA = "vpc-1", "eni-client", "eni-outsider", "eni-cache", "eni-replica"
CLIENT_IP, OUTSIDER_IP, CACHE_IP, REPLICA_IP = "10.20.0.10", "10.20.1.11", "10.20.0.20", "10.20.1.20"
SERVICES = ["s3", "ssm", "sts"]


def rule(protocol: str, first: int, last: int, **peer: str) -> dict[str, Any]:
    return {"protocol": protocol, "from": first, "to": last, **peer}


TO_CACHE = rule("tcp", 6379, 6379, group="sg-cache")
FROM_CLIENTS = rule("tcp", 6379, 6379, group="sg-client")
EVERYTHING = rule("-1", 0, 0, cidr="0.0.0.0/0")

GROUPS = {
    "sg-client": {"ingress": [], "egress": [EVERYTHING]},
    "sg-open": {"ingress": [EVERYTHING], "egress": [EVERYTHING]},
    "sg-cache": {"ingress": [FROM_CLIENTS], "egress": []},
    "sg-endpoint": {"ingress": [rule("tcp", 443, 443, group="sg-client")], "egress": []},
}


def host(address: str, kind: str, *groups: str, **more: Any) -> dict[str, Any]:
    subnet = "subnet-a" if address.split(".")[2] == "0" else "subnet-b"
    return {"address": address, "subnet": subnet, "groups": list(groups), "kind": kind, **more}


def instance(address: str, number: int, *groups: str, **metadata: Any) -> dict[str, Any]:
    about = {
        "instance_id": f"i-{number}",
        "instance_type": "t4g.nano",
        "ami": "ami-1",
        "name": "app",
        **metadata,
    }
    return host(address, "instance", *groups, metadata=about)


def vpc(prefix: str = "10.20") -> dict[str, Any]:
    """A VPC without hosts: two subnets without internet or gateway endpoints."""
    subnets = {
        f"subnet-{letter}": {
            "cidr": f"{prefix}.{number}.0/24",
            "zone": REGION + letter,
            "internet": False,
            "gateway_services": [],
        }
        for number, letter in enumerate("ab")
    }
    return {
        "cidr": f"{prefix}.0.0/16",
        "subnets": subnets,
        "groups": copy.deepcopy(GROUPS),
        "hosts": {},
        "names": {},
    }


def small_world() -> dict[str, Any]:
    """The client may reach the cache's 6379; the outsider accepts all and may send all."""
    one = vpc()
    one["hosts"] = {
        CLIENT: instance(CLIENT_IP, 1, "sg-client", role="app"),
        OUTSIDER: instance(OUTSIDER_IP, 2, "sg-open"),
        CACHE: host(CACHE_IP, "cache", "sg-cache"),
        REPLICA: host(REPLICA_IP, "cache", "sg-cache"),
    }
    one |= {"cut": [], "replication": []}
    return {"vpcs": {VPC: one}, "services": list(SERVICES)}
