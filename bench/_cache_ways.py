"""One cache declared in three ways that make the same resources of AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}}


def through_components(name: str) -> None:
    """Declare one cache by its component."""
    from components.redis_cache import RedisCache

    RedisCache(name, dict(PLACE))


def declared(name: str, group: Any = None) -> None:
    """Declare what the component makes of the same arguments, resource by resource, below this group if there is."""
    import pulumi
    import pulumi_aws as aws

    child = pulumi.ResourceOptions(parent=group)
    cache, client = (
        aws.ec2.SecurityGroup(
            each,
            vpc_id=PLACE["vpc_id"],
            description=text,
            tags={"Name": each},
            opts=child,
        )
        for each, text in (
            (name, "The cache: its port from its clients, nothing outwards"),
            (f"{name}-client", "Members may reach the cache"),
        )
    )
    port: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 6379, "to_port": 6379, "tags": {}}
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-client-6379",
        security_group_id=cache.id,
        description="Cache port from client",
        referenced_security_group_id=client.id,
        opts=child,
        **port,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-client-6379",
        security_group_id=client.id,
        description=f"Cache port of {name}",
        referenced_security_group_id=cache.id,
        opts=child,
        **port,
    )
    token = pulumi.Stash(
        f"{name}-token",
        input=pulumi.Output.secret("0" * 48),
        opts=pulumi.ResourceOptions(parent=group, ignore_changes=["input"]),
    )
    subnets = aws.elasticache.SubnetGroup(
        name,
        description=f"Subnets of cache {name}",
        subnet_ids=list(PLACE["subnet_ids"].values()),
        tags={},
        opts=child,
    )
    logs = {
        kind: aws.cloudwatch.LogGroup(f"{name}-{kind}", retention_in_days=14, tags={}, opts=child)
        for kind in ("slow-log", "engine-log")
    }
    aws.elasticache.ReplicationGroup(
        name,
        description=f"Cache {name} of stack {pulumi.get_stack()} of {pulumi.get_project()}",
        engine="redis",
        engine_version="7.1",
        node_type="cache.t4g.micro",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        port=6379,
        subnet_group_name=subnets.name,
        security_group_ids=[cache.id],
        parameter_group_name="default.redis7",
        log_delivery_configurations=[
            {
                "destination": group.name,
                "destination_type": "cloudwatch-logs",
                "log_format": "json",
                "log_type": kind,
            }
            for kind, group in logs.items()
        ],
        auth_token=token.output,
        auth_token_update_strategy="ROTATE",
        transit_encryption_enabled=True,
        at_rest_encryption_enabled=True,
        snapshot_retention_limit=1,
        auto_minor_version_upgrade=True,
        apply_immediately=True,
        tags={"Name": name},
        opts=pulumi.ResourceOptions(parent=group, ignore_changes=["replicationGroupId", "engineVersion"]),
    )


def flat(name: str) -> None:
    """Declare one cache without any component."""
    declared(name)


def grouped(name: str) -> None:
    """Declare one cache below a component that does nothing itself."""
    import pulumi

    group = pulumi.ComponentResource("aws-cache:index:RedisCache", name)
    declared(name, group)
    group.register_outputs({})


WAYS: dict[str, Callable[[str], None]] = {
    "flat": flat,
    "grouped": grouped,
    "components": through_components,
}
