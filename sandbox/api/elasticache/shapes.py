"""Records as the API shows them, in boto3's shapes."""

from __future__ import annotations

from typing import Any

from . import catalogue
from .endpoints import Endpoints
from .records import CREATING, GROUP, Cache, Event, Member, ParameterGroup, Settings, Snapshot, SubnetGroup
from .store import Store

NOT_DELIVERED = "The sandbox does not deliver logs; the configuration is kept only."
SHARD = "0001"


def show_group(store: Store, cache: Cache) -> dict[str, Any]:
    """A ReplicationGroup."""
    settings = cache.settings
    return {
        "ReplicationGroupId": cache.name,
        "Description": cache.description,
        "Status": cache.status,
        "PendingModifiedValues": {},
        "MemberClusters": [member.cluster_id for member in cache.members],
        "NodeGroups": [_node_group(store, cache)] if cache.members else [],
        "AutomaticFailover": "enabled" if settings.automatic_failover else "disabled",
        "MultiAZ": "enabled" if settings.multi_az else "disabled",
        "ClusterEnabled": False,
        "ClusterMode": "disabled",
        "CacheNodeType": settings.node_type,
        "SnapshotRetentionLimit": settings.snapshot_retention,
        "SnapshotWindow": settings.snapshot_window,
        "KmsKeyId": settings.kms_key_id,
        "ARN": store.cache_arn(cache),
        "UserGroupIds": [],
        "ReplicationGroupCreateTime": cache.created,
        "DataTiering": "disabled",
        "Engine": settings.engine,
        **_common(settings),
    }


def _node_group(store: Store, cache: Cache) -> dict[str, Any]:
    endpoints, port = Endpoints(store, cache), cache.settings.port
    group: dict[str, Any] = {"NodeGroupId": SHARD, "Status": cache.status}
    if cache.status != CREATING:
        group["PrimaryEndpoint"] = {"Address": endpoints.primary, "Port": port}
        group["ReaderEndpoint"] = {"Address": endpoints.reader, "Port": port}
    group["NodeGroupMembers"] = [
        {
            "CacheClusterId": member.cluster_id,
            "CacheNodeId": "0001",
            "ReadEndpoint": {"Address": endpoints.member(member), "Port": port},
            "PreferredAvailabilityZone": member.zone,
            "CurrentRole": "primary" if member.cluster_id == cache.primary else "replica",
        }
        for member in cache.members
    ]
    return group


def _common(settings: Settings) -> dict[str, Any]:
    """What a group and a cluster show alike."""
    return {
        "AuthTokenEnabled": bool(settings.tokens),
        "AuthTokenLastModifiedDate": settings.token_changed,
        "TransitEncryptionEnabled": settings.tls,
        "TransitEncryptionMode": settings.transit if settings.tls else None,
        "AtRestEncryptionEnabled": settings.at_rest,
        "LogDeliveryConfigurations": [
            {**log, "Status": "error", "Message": NOT_DELIVERED} for log in settings.logs
        ],
        "AutoMinorVersionUpgrade": settings.auto_minor,
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
    }


def show_cluster(store: Store, cache: Cache, member: Member, with_nodes: bool = False) -> dict[str, Any]:
    """A CacheCluster: a group's member, or a single node."""
    settings = cache.settings
    in_group = cache.kind == GROUP
    shown: dict[str, Any] = {
        "CacheClusterId": member.cluster_id,
        "CacheClusterStatus": member.status,
        "CacheNodeType": settings.node_type,
        "Engine": settings.engine,
        "EngineVersion": catalogue.find_version(settings.engine, settings.version)["full"],
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member.zone,
        "CacheClusterCreateTime": member.created,
        "PreferredMaintenanceWindow": settings.maintenance_window,
        "PendingModifiedValues": _pending(cache),
        "CacheSecurityGroups": [],
        "CacheParameterGroup": {
            "CacheParameterGroupName": settings.parameter_group,
            "ParameterApplyStatus": "in-sync" if member.status == "available" else "applying",
            "CacheNodeIdsToReboot": [],
        },
        "CacheSubnetGroupName": settings.subnet_group,
        "SecurityGroups": [
            {"SecurityGroupId": one, "Status": "active"} for one in settings.security_group_ids
        ],
        "ReplicationGroupId": cache.name if in_group else None,
        "ReplicationGroupLogDeliveryEnabled": in_group and bool(settings.logs),
        "SnapshotRetentionLimit": settings.snapshot_retention,
        "SnapshotWindow": settings.snapshot_window,
        "ARN": store.arn("cluster", member.cluster_id),
        **_common(settings),
    }
    if settings.topic_arn:
        status = {"TopicArn": settings.topic_arn, "TopicStatus": settings.topic_status}
        shown["NotificationConfiguration"] = status
    if with_nodes:
        shown["CacheNodes"] = [_node(store, cache, member)]
    return shown


def _node(store: Store, cache: Cache, member: Member) -> dict[str, Any]:
    node = {
        "CacheNodeId": "0001",
        "CacheNodeStatus": member.status,
        "CacheNodeCreateTime": member.created,
        "ParameterGroupStatus": "in-sync",
        "CustomerAvailabilityZone": member.zone,
    }
    if cache.status != CREATING:
        address = Endpoints(store, cache).member(member)
        node["Endpoint"] = {"Address": address, "Port": cache.settings.port}
    return node


def _pending(cache: Cache) -> dict[str, Any]:
    """What waits for the window and has a place in the API's shape; a parameter group has none."""
    names = {"version": "EngineVersion", "node_type": "CacheNodeType"}
    return {names[name]: value for name, value in cache.pending.items() if name in names}


def show_parameter_group(store: Store, group: ParameterGroup) -> dict[str, Any]:
    """A CacheParameterGroup."""
    return {
        "CacheParameterGroupName": group.name,
        "CacheParameterGroupFamily": group.family,
        "Description": group.description,
        "IsGlobal": False,
        "ARN": store.arn("parametergroup", group.name),
    }


def show_subnet_group(store: Store, group: SubnetGroup) -> dict[str, Any]:
    """A CacheSubnetGroup."""
    return {
        "CacheSubnetGroupName": group.name,
        "CacheSubnetGroupDescription": group.description,
        "VpcId": group.vpc_id,
        "Subnets": [
            {
                "SubnetIdentifier": subnet_id,
                "SubnetAvailabilityZone": {"Name": zone},
                "SupportedNetworkTypes": ["ipv4"],
            }
            for subnet_id, zone in group.subnets
        ],
        "ARN": store.arn("subnetgroup", group.name),
        "SupportedNetworkTypes": ["ipv4"],
    }


def show_snapshot(store: Store, snapshot: Snapshot) -> dict[str, Any]:
    """A Snapshot."""
    settings, in_group = snapshot.settings, snapshot.kind == GROUP
    return {
        "SnapshotName": snapshot.name,
        "ReplicationGroupId": snapshot.cache_name if in_group else None,
        "ReplicationGroupDescription": snapshot.description if in_group else None,
        "CacheClusterId": snapshot.member_id,
        "SnapshotStatus": snapshot.status,
        "SnapshotSource": snapshot.source,
        "CacheNodeType": settings.node_type,
        "Engine": settings.engine,
        "EngineVersion": catalogue.find_version(settings.engine, settings.version)["full"],
        "NumCacheNodes": 1,
        "CacheClusterCreateTime": snapshot.cache_created,
        "PreferredMaintenanceWindow": settings.maintenance_window,
        "Port": settings.port,
        "CacheParameterGroupName": settings.parameter_group,
        "CacheSubnetGroupName": settings.subnet_group,
        "VpcId": settings.vpc_id,
        "AutoMinorVersionUpgrade": settings.auto_minor,
        "SnapshotRetentionLimit": settings.snapshot_retention,
        "SnapshotWindow": settings.snapshot_window,
        "AutomaticFailover": "enabled" if settings.automatic_failover else "disabled",
        "NodeSnapshots": [
            {
                "CacheNodeId": "0001",
                "CacheSize": f"{max(1, snapshot.size >> 20)} MB",
                "CacheNodeCreateTime": snapshot.cache_created,
                "SnapshotCreateTime": snapshot.created,
            }
        ],
        "ARN": store.arn("snapshot", snapshot.name),
        "DataTiering": "disabled",
    }


def show_event(event: Event) -> dict[str, Any]:
    """An Event."""
    return {
        "SourceIdentifier": event.source,
        "SourceType": event.source_type,
        "Message": event.message,
        "Date": event.date,
    }
