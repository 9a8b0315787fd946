"""The subnet group and the parameter group of a cache: its own, or existing ones."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from . import engines
from .parameters import as_text


def subnet_group_name(name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions) -> pulumi.Input[str]:
    """Return the name of the existing subnet group, else of one made of the subnets."""
    if "subnet_group_name" in args:
        return args["subnet_group_name"]
    return aws.elasticache.SubnetGroup(
        name,
        description=f"Subnets of cache {name}",
        subnet_ids=[args["subnet_ids"][zone] for zone in sorted(args["subnet_ids"])],
        tags=args.get("tags") or {},
        opts=opts,
    ).name


def parameter_group_name(
    name: str, args: Mapping[str, Any], engine: str, version: str, opts: pulumi.ResourceOptions
) -> pulumi.Input[str]:
    """Return the group's name, always stated: left out, a group no longer wanted would stay attached."""
    family = engines.family(engine, version)
    if not args.get("parameters"):
        return args.get("parameter_group_name", f"default.{family}")
    # A new major version has a new family, hence a new group; automatic names let it exist beside the old one.
    return aws.elasticache.ParameterGroup(
        name,
        family=family,
        description="Parameters of the cache",
        parameters=[
            {"name": key, "value": as_text(value)} for key, value in sorted(args["parameters"].items())
        ],
        tags=args.get("tags") or {},
        opts=opts,
    ).name
