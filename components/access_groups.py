"""Permission as two groups: that of what listens on ports, and the one to join to reach it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from .port_rules import Peer, port_rule


class AccessGroups(NamedTuple):
    """The two groups of what listens."""

    own: "aws.ec2.SecurityGroup"
    """Its own; nothing in it may open a connection."""
    client: "aws.ec2.SecurityGroup"
    """The one whose members may connect."""


def access_groups(
    parent: pulumi.Resource,
    name: str,
    args: Mapping[str, Any],
    *,
    what: str,
    clients: str,
    ports: Iterable[int],
    admitted: Mapping[str, Peer] | None = None,
) -> AccessGroups:
    """Return the groups of `what` (`cache`) in args' vpc_id, with a rule each way per port.

    `clients` is how the rule inwards calls who joined; admitted has name -> whom else it lets in.
    """
    tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=parent)
    common = {"vpc_id": args["vpc_id"], "opts": child}
    # A group's description cannot be changed: without the name in it a renamed component keeps its groups.
    told, label = f"The {what}: its port from its clients, nothing outwards", f"{name}-client"
    own = aws.ec2.SecurityGroup(name, description=told, tags={**tags, "Name": name}, **common)
    told = f"Members may reach the {what}"
    client = aws.ec2.SecurityGroup(label, description=told, tags={**tags, "Name": label}, **common)
    sources = [("client", clients, {"referenced_security_group_id": client.id})]
    sources += [(key, key, source) for key, source in (admitted or {}).items()]
    for port in ports:
        for key, who, source in sources:
            told = f"{what.capitalize()} port from {who}"
            port_rule(f"{name}-{key}-{port}", own.id, port, told, source, tags, child)
        told, peer = f"{what.capitalize()} port of {name}", {"referenced_security_group_id": own.id}
        port_rule(f"{name}-client-{port}", client.id, port, told, peer, tags, child, outwards=True)
    return AccessGroups(own, client)
