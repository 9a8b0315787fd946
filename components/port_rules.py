"""Rules of security groups: a TCP port, inwards or outwards, and who is at the other end."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

HTTPS_PORT = 443
Peer = Mapping[str, pulumi.Input[str] | None]
"""The property of a rule that says who is at the other end, with its value."""


def port_rule(
    name: str,
    group_id: pulumi.Input[str],
    port: int,
    description: str,
    peer: Peer,
    tags: Mapping[str, pulumi.Input[str]] | None,
    opts: pulumi.ResourceOptions,
    *,
    outwards: bool = False,
) -> None:
    """Open a port of the group's members to the peer; outwards, one of the peer to the members."""
    kind = aws.vpc.SecurityGroupEgressRule if outwards else aws.vpc.SecurityGroupIngressRule
    kind(
        name,
        security_group_id=group_id,
        description=description,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        tags=tags,
        opts=opts,
        **peer,
    )
