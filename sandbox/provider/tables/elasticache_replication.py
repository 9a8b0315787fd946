"""ElastiCache replication groups: Redis and Valkey."""

from __future__ import annotations

from typing import Any

from ..fields import dig
from ..resource_type import AutoName, Properties, ResourceType, finding_by_name, table
from ..tagging import arn_tagging
from ..work import Work
from . import elasticache_replication_changes as changes
from .elasticache_checks import check_replication_group
from .elasticache_replication_fields import FIELDS, group_of, group_request, wait_until_available
from .elasticache_versions import shown_version


def _create(work: Work, given: Properties) -> str:
    wanted = group_request(given)
    if given.get("authTokenWo"):
        wanted["AuthToken"] = given["authTokenWo"]
    return work.call("create_replication_group", **wanted, **work.tag_request)["ReplicationGroup"][
        "ReplicationGroupId"
    ]


def _describe(work: Work, group: str, state: Properties) -> Properties | None:
    """The group's description with what only its member clusters tell."""
    found = group_of(work, group)
    if found["Status"] == "deleting":
        return None
    member = work.call("describe_cache_clusters", CacheClusterId=found["MemberClusters"][0])["CacheClusters"][
        0
    ]
    shard = found["NodeGroups"][0]
    endpoint = found.get("ConfigurationEndpoint") or shard.get("PrimaryEndpoint") or {}
    return {
        **found,
        "Engine": found.get("Engine") or member["Engine"],
        "EngineVersionActual": member["EngineVersion"],
        "EngineVersion": shown_version(member["EngineVersion"], str(state.get("engineVersion", ""))),
        "NumCacheClusters": len(found["MemberClusters"]),
        "NumNodeGroups": len(found["NodeGroups"]),
        "ReplicasPerNodeGroup": len(shard.get("NodeGroupMembers", [])) - 1,
        "AutomaticFailoverEnabled": found.get("AutomaticFailover") in ("enabled", "enabling"),
        "MultiAZEnabled": found.get("MultiAZ") == "enabled",
        "Port": endpoint.get("Port"),
        "CacheParameterGroupName": dig(member, "CacheParameterGroup.CacheParameterGroupName"),
        "CacheSubnetGroupName": member.get("CacheSubnetGroupName"),
        "SecurityGroupIds": [each["SecurityGroupId"] for each in member.get("SecurityGroups", [])],
        "PreferredMaintenanceWindow": member.get("PreferredMaintenanceWindow"),
        "NotificationTopicArn": dig(member, "NotificationConfiguration.TopicArn"),
        "DataTieringEnabled": found.get("DataTiering") == "enabled",
        "LogDeliveryConfigurations": _shown_logs(found.get("LogDeliveryConfigurations") or []),
    }


def _shown_logs(deliveries: list[Properties]) -> list[dict[str, Any]]:
    shown = []
    for each in deliveries:
        details = next(iter((each.get("DestinationDetails") or {}).values()), {})
        shown.append({**each, "Destination": next(iter(details.values()), "")})
    return shown


def _delete(work: Work, group: str, state: Properties) -> None:
    """Waits until the group is gone; one that is being deleted already is only waited for."""
    final = state.get("finalSnapshotIdentifier")
    snapshot = {"FinalSnapshotIdentifier": final} if final else {}
    if group_of(work, group)["Status"] != "deleting":
        work.call("delete_replication_group", ReplicationGroupId=group, **snapshot)
    work.wait_until_gone(f"replication group {group}", lambda: group_of(work, group))


_REPLICATION_GROUP = ResourceType(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "elasticache",
    FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": "ARN",
        "clusterEnabled": "ClusterEnabled",
        "engineVersionActual": "EngineVersionActual",
        "memberClusters": "MemberClusters",
        "primaryEndpointAddress": "NodeGroups.0.PrimaryEndpoint.Address",
        "readerEndpointAddress": "NodeGroups.0.ReaderEndpoint.Address",
        "configurationEndpointAddress": "ConfigurationEndpoint.Address",
    },
    updates={
        "shards": changes.set_shards,
        "nodes": changes.grow,
        "settings": changes.set_settings,
        "users": changes.set_users,
        "token": changes.set_token,
    },
    last_updates={"nodes": changes.shrink},
    ready=wait_until_available,
    find=finding_by_name("replicationGroupId", lambda work, group, given: group_of(work, group), lower=True),
    tagging=arn_tagging("replicationgroup"),
    auto_name=AutoName("replicationGroupId", 40, lower=True),
    unsettled={
        "numCacheClusters": ("memberClusters", "replicasPerNodeGroup"),
        "replicasPerNodeGroup": ("memberClusters", "numCacheClusters"),
        "numNodeGroups": ("memberClusters", "numCacheClusters"),
        "engineVersion": ("engineVersionActual",),
        "engine": ("engineVersionActual",),
    },
    check=check_replication_group,
    engine="redis",
    timeouts=(3600, 2400, 2700),
)

TYPES = table(_REPLICATION_GROUP)
