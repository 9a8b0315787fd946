"""ElastiCache replication groups: Redis and Valkey."""

from __future__ import annotations

from typing import Any

from ..errors import ProviderError
from ..fields import Field, blocks, dig, flag, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..work import Work
from .elasticache_checks import check_replication_group
from .elasticache_groups import tagging
from .elasticache_versions import is_downgrade, shown_version, version_numbers

_TLS_IN_PLACE_SINCE = (7, 0, 5)


def _to_redis(state: Properties, new: Any) -> bool:
    return state.get("engine") == "valkey" and new in (None, "redis")


def _older(state: Properties, new: Any) -> bool:
    actual = state.get("engineVersionActual") or state.get("engineVersion")
    return bool(actual and new) and is_downgrade(str(actual), str(new))


def _before_tls_in_place(state: Properties, new: Any) -> bool:
    actual = state.get("engineVersionActual")
    return state.get("engine") != "valkey" and bool(actual) and version_numbers(actual) < _TLS_IN_PLACE_SINCE


_LOG_DELIVERY = {
    "logType": text("LogType", required=True),
    "destinationType": text("DestinationType", required=True),
    "destination": text("Destination", required=True),
    "logFormat": text("LogFormat", required=True),
}
# In the group "settings": everything that one ModifyReplicationGroup may carry.
FIELDS = {
    "replicationGroupId": text("ReplicationGroupId", required=True, replaces=True, fold=True),
    "description": text("ReplicationGroupDescription", read="Description", required=True, group="settings"),
    "engine": text(
        "Engine", default="redis", replaces=_to_redis, group="settings", choices=("redis", "valkey")
    ),
    "engineVersion": text("EngineVersion", computed=True, replaces=_older, group="settings"),
    "nodeType": text("CacheNodeType", computed=True, group="settings"),
    "numCacheClusters": number("NumCacheClusters", computed=True, group="nodes"),
    "numNodeGroups": number("NumNodeGroups", computed=True, group="shards"),
    "replicasPerNodeGroup": number("ReplicasPerNodeGroup", computed=True, group="nodes"),
    "preferredCacheClusterAzs": Field("list", "PreferredCacheClusterAZs", write_only=True),
    "automaticFailoverEnabled": flag("AutomaticFailoverEnabled", default=False, group="settings"),
    "multiAzEnabled": flag("MultiAZEnabled", default=False, group="settings"),
    "clusterMode": text("ClusterMode", computed=True, group="settings"),
    "port": number("Port", computed=True, replaces=True),
    "parameterGroupName": text("CacheParameterGroupName", computed=True, fold=True, group="settings"),
    "subnetGroupName": text("CacheSubnetGroupName", computed=True, fold=True, replaces=True),
    "securityGroupIds": texts("SecurityGroupIds", computed=True, group="settings"),
    "atRestEncryptionEnabled": flag("AtRestEncryptionEnabled", computed=True, replaces=True),
    "kmsKeyId": text("KmsKeyId", replaces=True),
    "transitEncryptionEnabled": flag(
        "TransitEncryptionEnabled", computed=True, replaces=_before_tls_in_place, group="settings"
    ),
    "transitEncryptionMode": text("TransitEncryptionMode", computed=True, group="settings"),
    "authToken": text("AuthToken", secret=True, write_only=True, group="token"),
    "authTokenWo": text(secret=True, write_only=True),
    "authTokenWoVersion": number(group="token"),
    "authTokenUpdateStrategy": text(default="ROTATE", group="token", choices=("ROTATE", "SET", "DELETE")),
    "userGroupIds": texts("UserGroupIds", group="users"),
    "maintenanceWindow": text("PreferredMaintenanceWindow", computed=True, fold=True, group="settings"),
    "snapshotWindow": text("SnapshotWindow", computed=True, group="settings"),
    "snapshotRetentionLimit": number("SnapshotRetentionLimit", default=0, group="settings"),
    "snapshotName": text("SnapshotName", write_only=True, replaces=True),
    "snapshotArns": texts("SnapshotArns", write_only=True, replaces=True),
    "finalSnapshotIdentifier": text(),
    "applyImmediately": flag(computed=True),
    "autoMinorVersionUpgrade": flag("AutoMinorVersionUpgrade", computed=True, group="settings"),
    "notificationTopicArn": text("NotificationTopicArn", group="settings"),
    "networkType": text("NetworkType", computed=True, replaces=True),
    "ipDiscovery": text("IpDiscovery", computed=True, group="settings"),
    "dataTieringEnabled": flag("DataTieringEnabled", default=False, replaces=True),
    "logDeliveryConfigurations": blocks("LogDeliveryConfigurations", _LOG_DELIVERY, group="settings"),
}


def _api_logs(wanted: list[Properties]) -> list[dict[str, Any]]:
    """Log deliveries as the API has them: the destination is a name inside an object of its kind."""
    members = {"cloudwatch-logs": ("CloudWatchLogsDetails", "LogGroup")}
    members["kinesis-firehose"] = ("KinesisFirehoseDetails", "DeliveryStream")
    result = []
    for each in wanted:
        outer, inner = members[each["DestinationType"]]
        details = {outer: {inner: each["Destination"]}}
        kept = {key: value for key, value in each.items() if key != "Destination"}
        result.append({**kept, "DestinationDetails": details})
    return result


def _request(given: Properties, only: set[str] | None = None) -> dict[str, Any]:
    wanted = request(FIELDS, given, only)
    if "LogDeliveryConfigurations" in wanted:
        wanted["LogDeliveryConfigurations"] = _api_logs(wanted["LogDeliveryConfigurations"])
    return wanted


def _create(work: Work, given: Properties) -> str:
    wanted = _request(given)
    if given.get("authTokenWo"):
        wanted["AuthToken"] = given["authTokenWo"]
    return work.call("create_replication_group", **wanted, **work.tag_request)["ReplicationGroup"][
        "ReplicationGroupId"
    ]


def _group(work: Work, group: str) -> Properties:
    return work.call("describe_replication_groups", ReplicationGroupId=group)["ReplicationGroups"][0]


def _describe(work: Work, group: str, state: Properties) -> Properties | None:
    """The group's description with what only its member clusters tell."""
    found = _group(work, group)
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


def _ready(work: Work, group: str, given: Properties) -> None:
    def available() -> bool:
        status = _group(work, group)["Status"]
        if status == "create-failed":
            raise ProviderError(f"replication group {group} could not be created")
        return status == "available"

    work.wait(f"replication group {group} is available", available)


def _modify(work: Work, group: str, operation: str, **wanted: Any) -> None:
    work.call(operation, ReplicationGroupId=group, **wanted)
    _ready(work, group, {})


def _set_shards(work: Work, group: str, change: Change) -> None:
    count = int(change.new["numNodeGroups"])
    wanted: dict[str, Any] = {"NodeGroupCount": count, "ApplyImmediately": True}
    shards = [shard["NodeGroupId"] for shard in _group(work, group)["NodeGroups"]]
    if count < len(shards):
        wanted["NodeGroupsToRemove"] = shards[count:]
    _modify(work, group, "modify_replication_group_shard_configuration", **wanted)


def _grow(work: Work, group: str, change: Change) -> None:
    """Growing comes before all other settings, which may need the replicas."""
    _set_replicas(work, group, change, grow=True)


def _shrink(work: Work, group: str, change: Change) -> None:
    """Shrinking comes after all other settings, which may forbid it until then."""
    _set_replicas(work, group, change, grow=False)


def _set_replicas(work: Work, group: str, change: Change, grow: bool) -> None:
    nodes, replicas = change.new.get("numCacheClusters"), change.new.get("replicasPerNodeGroup")
    wanted = int(nodes) - 1 if nodes is not None else None if replicas is None else int(replicas)
    current = len(_group(work, group)["NodeGroups"][0]["NodeGroupMembers"]) - 1
    if wanted is not None and wanted != current and (wanted > current) == grow:
        operation = "increase_replica_count" if grow else "decrease_replica_count"
        _modify(work, group, operation, NewReplicaCount=wanted, ApplyImmediately=True)


def _set_settings(work: Work, group: str, change: Change) -> None:
    only = set(change.names)
    if "engine" in only:
        only.add("engineVersion")
    given = {name: change.new.get(name, FIELDS[name].default) for name in only}
    given |= {
        name: [] for name in only if name == "logDeliveryConfigurations" and change.new.get(name) is None
    }
    wanted = _request(given, only)
    if "logDeliveryConfigurations" in only:
        wanted["LogDeliveryConfigurations"] = _with_disabled_logs(wanted, change)
    wanted["ApplyImmediately"] = bool(change.new.get("applyImmediately", False))
    _modify(work, group, "modify_replication_group", **wanted)


def _with_disabled_logs(wanted: Properties, change: Change) -> list[dict[str, Any]]:
    """A log type that is not wanted any more must be named as disabled."""
    kept = list(wanted.get("LogDeliveryConfigurations") or [])
    types = {each["LogType"] for each in kept}
    old = {each["logType"] for each in change.old.get("logDeliveryConfigurations") or []}
    return kept + [{"LogType": each, "Enabled": False} for each in sorted(old - types)]


def _set_users(work: Work, group: str, change: Change) -> None:
    old, new = set(change.old.get("userGroupIds") or []), set(change.new.get("userGroupIds") or [])
    wanted = {"UserGroupIdsToAdd": sorted(new - old), "UserGroupIdsToRemove": sorted(old - new)}
    sent = {key: value for key, value in wanted.items() if value}
    _modify(work, group, "modify_replication_group", ApplyImmediately=True, **sent)


def _set_token(work: Work, group: str, change: Change) -> None:
    strategy = change.new.get("authTokenUpdateStrategy", "ROTATE")
    token = change.new.get("authToken") or change.new.get("authTokenWo")
    sent = {"AuthToken": token} if token and strategy != "DELETE" else {}
    if sent or strategy == "DELETE":
        _modify(
            work,
            group,
            "modify_replication_group",
            AuthTokenUpdateStrategy=strategy,
            ApplyImmediately=True,
            **sent,
        )


def _delete(work: Work, group: str, state: Properties) -> None:
    """Waits until the group is gone; one that is being deleted already is only waited for."""
    final = state.get("finalSnapshotIdentifier")
    snapshot = {"FinalSnapshotIdentifier": final} if final else {}
    if _group(work, group)["Status"] != "deleting":
        work.call("delete_replication_group", ReplicationGroupId=group, **snapshot)
    work.wait_until_gone(f"replication group {group}", lambda: _group(work, group))


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
        "shards": _set_shards,
        "nodes": _grow,
        "settings": _set_settings,
        "users": _set_users,
        "token": _set_token,
    },
    last_updates={"nodes": _shrink},
    ready=_ready,
    find=finding_by_name("replicationGroupId", lambda work, group, given: _group(work, group), lower=True),
    tagging=tagging("replicationgroup"),
    auto_name=AutoName("replicationGroupId", 40, lower=True),
    unsettled={
        "numCacheClusters": ("memberClusters", "replicasPerNodeGroup"),
        "replicasPerNodeGroup": ("memberClusters", "numCacheClusters"),
        "numNodeGroups": ("memberClusters", "numCacheClusters"),
        "engineVersion": ("engineVersionActual",),
        "engine": ("engineVersionActual",),
    },
    check=check_replication_group,
    timeouts=(3600, 2400, 2700),
)

TYPES = table(_REPLICATION_GROUP)
