"""Refusals about the number and place of nodes, failover and Multi-AZ."""

from __future__ import annotations

from typing import Any

from .errors import invalid_combination, invalid_value, not_modelled
from .records import SubnetGroup

NODES_MOST, REPLICAS_MOST = 6, 5


def node_count(parameters: dict[str, Any]) -> int:
    """How many nodes a create request asks for: NumCacheClusters, or one shard and its replicas (R74, R78)."""
    nodes, shards = parameters.get("NumCacheClusters"), parameters.get("NumNodeGroups")
    replicas = parameters.get("ReplicasPerNodeGroup")
    if nodes is not None and (shards is not None or replicas is not None):
        raise invalid_combination(
            "Use NumCacheClusters, or NumNodeGroups and ReplicasPerNodeGroup, not both."
        )
    if shards is not None and shards > 1:
        raise not_modelled("a replication group with several node groups (cluster mode)")
    if replicas is not None:
        replica_count(replicas)
        return replicas + 1
    nodes = 1 if nodes is None else nodes
    if not 1 <= nodes <= NODES_MOST:
        raise invalid_value(f"Invalid NumCacheClusters: {nodes}. Must be between 1 and {NODES_MOST}.")
    return nodes


def replica_count(replicas: int) -> int:
    """R74."""
    if not 0 <= replicas <= REPLICAS_MOST:
        raise invalid_value(f"Invalid number of replicas: {replicas}. Must be between 0 and {REPLICAS_MOST}.")
    return replicas


def failover(nodes: int, automatic_failover: bool, multi_az: bool, group: SubnetGroup) -> None:
    """R75, R76, on the state a group would have."""
    if automatic_failover and nodes < 2:
        raise invalid_combination(
            "When using automatic failover, there must be at least 2 cache clusters in the replication group."
        )
    if not multi_az:
        return
    if not automatic_failover:
        raise invalid_combination("Multi-AZ can only be enabled with automatic failover.")
    zones = sorted({zone for _, zone in group.subnets})
    if len(zones) < 2:
        raise invalid_combination(
            f"Multi-AZ needs subnets in at least two zones; {group.name} has {', '.join(zones)} only."
        )


def preferred_zones(zones: list[str] | None, nodes: int, group: SubnetGroup) -> list[str] | None:
    """R70, R71."""
    if not zones:
        return None
    if len(zones) != nodes:
        raise invalid_combination(
            f"The number of preferred availability zones ({len(zones)}) must be the number of nodes ({nodes})."
        )
    covered = sorted({zone for _, zone in group.subnets})
    missing = sorted(set(zones) - set(covered))
    if missing:
        raise invalid_value(
            f"The subnet group {group.name} has no subnet in {', '.join(missing)} (it covers: {', '.join(covered)})"
        )
    return list(zones)
