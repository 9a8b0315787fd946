"""What a preview says of a component besides its resources: what bills by the hour, what is fixed, what waits.

No prices, which differ by region and change: what is billed is told, not how much.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from . import engines, node_types
from .instance_arguments import DEFAULT_INSTANCE_TYPE
from .memcached_arguments import DEFAULT_NODE_COUNT, MemcachedCacheArgs
from .network_arguments import NetworkArgs, interface_services, subnet_plan
from .redis_arguments import DEFAULT_NODE_TYPE, RedisCacheArgs
from .wording import one_of

_RESTORES = ("restore_snapshot_name", "restore_snapshot_arns")
_FIXED_WHEN_STATED = ("kms_key_arn", "subnet_group_name", *_RESTORES)
_FIRST_WITH_TLS_IN_PLACE = "7.0"
_REDIS_WINDOWED = "engine, engine_version, node_type and of the parameter group"
_MEMCACHED_WINDOWED = "engine_version, node_count and of the parameter group"


def tell(resource: pulumi.Resource, hints: Sequence[str]) -> None:
    """Show the hints on the resource, as one message and at preview only: a deployment would say them again."""
    if hints and pulumi.runtime.is_dry_run():
        pulumi.log.info("\n  ".join(hints), resource=resource)


def redis_cache_hints(args: RedisCacheArgs) -> list[str]:
    """Return the hints of checked arguments of a RedisCache (R60, R102, R156, R157, R166, R167, R205)."""
    engine, replicas = args.get("engine", "redis"), int(args.get("replicas", 1))
    version = args.get("engine_version", engines.DEFAULT_VERSIONS[engine])
    fixed = ["port", "at_rest_encryption", "network_type", *_stated(args, _FIXED_WHEN_STATED)]
    if engine == "redis" and engines.older(version, _FIRST_WITH_TLS_IN_PLACE):
        fixed.append("transit_encryption")
    fixed += ["engine_version downwards", *(["engine back to redis"] if engine == "valkey" else [])]
    if engines.supports("data_tiering", engine, version):
        tiered = node_types.has_data_tiering(args.get("node_type", ""))
        fixed.append(f"node_type to one {'without' if tiered else 'with'} data tiering")
    guarded = "refused by deletion_protection" if args.get("deletion_protection") else "and what it holds"
    return [
        _nodes(args, replicas + 1, f"the primary and {_count(replicas, 'replica')}" if replicas else ""),
        f"fixed once created: a change of {one_of(fixed)} replaces the cache ({guarded})",
        *_restoring(args),
        *_waiting(args, _REDIS_WINDOWED),
        *_losing(args),
        *_supported(engine, version),
    ]


def memcached_cache_hints(args: MemcachedCacheArgs) -> list[str]:
    """Return the hints of checked arguments of a MemcachedCache (R60, R65, R90, R103, R166, R205)."""
    version = args.get("engine_version", engines.DEFAULT_VERSIONS["memcached"])
    fixed = ["port", "node_type", "transit_encryption", "network_type"]
    fixed += [*_stated(args, ("subnet_group_name",)), "engine_version downwards"]
    return [
        _nodes(args, int(args.get("node_count", DEFAULT_NODE_COUNT))),
        f"fixed once created: a change of {one_of(fixed)} replaces the cache, which is then empty; fewer nodes lose "
        "the keys of the last ones",
        *_waiting(args, _MEMCACHED_WINDOWED),
        *_supported("memcached", version),
    ]


def network_hints(args: NetworkArgs) -> list[str]:
    """Return the hints of checked arguments of a Network (R204)."""
    plan, services = subnet_plan(args), interface_services(args)
    billed = []
    if services:
        zones = _count(len(plan.private), "zone")
        billed.append(
            f"{_count(len(services), 'interface endpoint')} ({', '.join(services)}) in {zones}, each per zone"
        )
    if plan.nat_zones:
        gateways = _count(len(plan.nat_zones), "NAT gateway")
        billed.append(
            f"{gateways} with a public IPv4 address {'each' if len(plan.nat_zones) > 1 else 'of its own'}"
        )
    if not billed:
        return []
    return [f"billed by the hour: {' and '.join(billed)}; what passes through them by volume besides (R204)"]


def client_instances_hints(args: Mapping[str, Any]) -> list[str]:
    """Return the hints of checked arguments of ClientInstances."""
    addresses = ", each with a public IPv4 address" if args.get("public_address") else ""
    instance_type = args.get("instance_type", DEFAULT_INSTANCE_TYPE)
    return [f"billed by the hour: {_count(len(args['instances']), 'instance')} of {instance_type}{addresses}"]


def database_hints(instance_class: str, storage_gib: int, multi_az: bool) -> list[str]:
    """Return the hints about a database on RDS."""
    text = f"billed by the hour: {_count(2 if multi_az else 1, 'database instance')} of {instance_class}"
    return [
        f"{text}{' (one a standby)' if multi_az else ''}, and by the month {storage_gib} GiB of storage each"
    ]


def _stated(args: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [key for key in keys if args.get(key) is not None]


def _nodes(args: Mapping[str, Any], nodes: int, parts: str = "") -> str:
    node_type = args.get("node_type", DEFAULT_NODE_TYPE)
    text = f"billed by the hour: {_count(nodes, 'node')} of {node_type}"
    text += f" ({parts})" if parts else ""
    text += "; traffic between zones by volume (R204)" if nodes > 1 else ""
    if (node_types.known(node_type) or {}).get("burstable"):
        text += "; burstable: under steady load its CPU credits run out (R60)"
    return text


def _waiting(args: Mapping[str, Any], changes: str) -> list[str]:
    if args.get("apply_immediately", True):
        return []
    window = args.get("maintenance_window") or "which AWS picks"
    return [f"apply_immediately is false: changes of {changes} wait for the maintenance window ({window})"]


def _restoring(args: RedisCacheArgs) -> list[str]:
    """Return what is easily missed: the argument has done its work, and still belongs to the cache."""
    return [
        f"{key} fills a new cache only, and is to stay: taking it away later replaces the cache too, by an empty one "
        "(R156)"
        for key in _stated(args, _RESTORES)
    ]


def _losing(args: RedisCacheArgs) -> list[str]:
    if args.get("final_snapshot") or args.get("deletion_protection"):
        return []
    backups = ", its daily backups too" if int(args.get("snapshot_retention_days", 1)) else ""
    return [
        f"neither final_snapshot nor deletion_protection: destroying it loses what it holds{backups} (R157)"
    ]


def _supported(engine: str, version: str) -> list[str]:
    """Return that no end is announced; where one is, a warning tells it (R46)."""
    if engines.support(engine, version):
        return []
    return [f"{engine} {version}: no end of AWS's support was announced on {engines.data_date()}"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
