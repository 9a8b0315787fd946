"""The inputs of a replication group, as one request and as a description."""

from __future__ import annotations

from typing import Any

from ..fields import Field, blocks, flag, number, request, text, texts
from ..resource_type import Properties
from ..work import Work
from .elasticache_versions import is_downgrade, version_numbers

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


def group_request(given: Properties, only: set[str] | None = None) -> dict[str, Any]:
    wanted = request(FIELDS, given, only)
    if "LogDeliveryConfigurations" in wanted:
        wanted["LogDeliveryConfigurations"] = _api_logs(wanted["LogDeliveryConfigurations"])
    return wanted


def group_of(work: Work, group: str) -> Properties:
    return work.call("describe_replication_groups", ReplicationGroupId=group)["ReplicationGroups"][0]


def wait_until_available(work: Work, group: str, given: Properties) -> None:
    work.wait_until_available(
        f"replication group {group}",
        lambda: group_of(work, group)["Status"],
        failed="create-failed",
        failure=f"replication group {group} could not be created",
    )
