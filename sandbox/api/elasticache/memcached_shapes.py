"""A Memcached cluster as the API shows it, in boto3's shapes."""

from __future__ import annotations

from typing import Any

from . import catalogue
from .memcached_endpoints import MemcachedEndpoints
from .memcached_specification import own_parameters
from .records import CREATING, Cache, Member
from .store import Store

SEVERAL_ZONES = "Multiple"
PENDING_REBOOT = "pending-reboot"


def show_memcached(store: Store, cache: Cache, with_nodes: bool = False) -> dict[str, Any]:
    """A CacheCluster; a group's and a snapshot's members are absent."""
    settings = cache.settings
    waiting = waiting_for_reboot(store, cache)
    shown: dict[str, Any] = {
        "CacheClusterId": cache.name,
        "CacheClusterStatus": cache.status,
        "CacheNodeType": settings.node_type,
        "Engine": settings.engine,
        "EngineVersion": settings.version,
        "NumCacheNodes": len(cache.members),
        "PreferredAvailabilityZone": _zone(cache),
        "CacheClusterCreateTime": cache.created,
        "PreferredMaintenanceWindow": settings.maintenance_window,
        "PendingModifiedValues": _pending(cache),
        "CacheSecurityGroups": [],
        "CacheParameterGroup": {
            "CacheParameterGroupName": settings.parameter_group,
            "ParameterApplyStatus": PENDING_REBOOT if waiting else "in-sync",
            "CacheNodeIdsToReboot": waiting,
        },
        "CacheSubnetGroupName": settings.subnet_group,
        "SecurityGroups": [
            {"SecurityGroupId": one, "Status": "active"} for one in settings.security_group_ids
        ],
        "AutoMinorVersionUpgrade": settings.auto_minor,
        "TransitEncryptionEnabled": settings.tls,
        "TransitEncryptionMode": settings.transit if settings.tls else None,
        "AtRestEncryptionEnabled": False,
        "AuthTokenEnabled": False,
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
        "ARN": store.cache_arn(cache),
    }
    if cache.status != CREATING:
        address = MemcachedEndpoints(store, cache).configuration
        shown["ConfigurationEndpoint"] = {"Address": address, "Port": settings.port}
    if settings.topic_arn:
        status = {"TopicArn": settings.topic_arn, "TopicStatus": settings.topic_status}
        shown["NotificationConfiguration"] = status
    if with_nodes:
        members = sorted(cache.members, key=lambda member: member.node)
        shown["CacheNodes"] = [_node(store, cache, member, waiting) for member in members]
    return shown


def waiting_for_reboot(store: Store, cache: Cache) -> list[str]:
    """The nodes that run with other parameters than the cluster's group has now."""
    family = store.parameter_group(cache.settings.parameter_group).family
    rows = [
        row for row in catalogue.parameters_of(family).values() if row["change_type"] == "requires-reboot"
    ]
    wanted = own_parameters(store, cache)

    def differs(member: Member) -> bool:
        return any(
            wanted.get(row["name"], row["default"]) != member.started_with.get(row["name"], row["default"])
            for row in rows
        )

    return sorted(member.node for member in cache.members if differs(member))


def _zone(cache: Cache) -> str | None:
    if cache.settings.az_mode == "cross-az":
        return SEVERAL_ZONES
    return cache.members[0].zone if cache.members else None


def _pending(cache: Cache) -> dict[str, Any]:
    names = {"version": "EngineVersion", "node_count": "NumCacheNodes", "removed": "CacheNodeIdsToRemove"}
    return {names[name]: value for name, value in cache.pending.items() if name in names}


def _node(store: Store, cache: Cache, member: Member, waiting: list[str]) -> dict[str, Any]:
    node = {
        "CacheNodeId": member.node,
        "CacheNodeStatus": member.status,
        "CacheNodeCreateTime": member.created,
        "ParameterGroupStatus": PENDING_REBOOT if member.node in waiting else "in-sync",
        "CustomerAvailabilityZone": member.zone,
    }
    if cache.status != CREATING and member.listed:
        address = MemcachedEndpoints(store, cache).member(member)
        node["Endpoint"] = {"Address": address, "Port": cache.settings.port}
    return node
