"""Changes of a replication group, each a call of its own that is waited for."""

from __future__ import annotations

from typing import Any

from ..resource_type import Change, Properties
from ..work import Work
from .elasticache_replication_fields import FIELDS, group_of, group_request, wait_until_available


def _modify(work: Work, group: str, operation: str, **wanted: Any) -> None:
    work.call(operation, ReplicationGroupId=group, **wanted)
    wait_until_available(work, group, {})


def set_shards(work: Work, group: str, change: Change) -> None:
    count = int(change.new["numNodeGroups"])
    wanted: dict[str, Any] = {"NodeGroupCount": count, "ApplyImmediately": True}
    shards = [shard["NodeGroupId"] for shard in group_of(work, group)["NodeGroups"]]
    if count < len(shards):
        wanted["NodeGroupsToRemove"] = shards[count:]
    _modify(work, group, "modify_replication_group_shard_configuration", **wanted)


def grow(work: Work, group: str, change: Change) -> None:
    """Growing comes before all other settings, which may need the replicas."""
    _set_replicas(work, group, change, grow=True)


def shrink(work: Work, group: str, change: Change) -> None:
    """Shrinking comes after all other settings, which may forbid it until then."""
    _set_replicas(work, group, change, grow=False)


def _set_replicas(work: Work, group: str, change: Change, grow: bool) -> None:
    nodes, replicas = change.new.get("numCacheClusters"), change.new.get("replicasPerNodeGroup")
    wanted = int(nodes) - 1 if nodes is not None else None if replicas is None else int(replicas)
    current = len(group_of(work, group)["NodeGroups"][0]["NodeGroupMembers"]) - 1
    if wanted is not None and wanted != current and (wanted > current) == grow:
        operation = "increase_replica_count" if grow else "decrease_replica_count"
        _modify(work, group, operation, NewReplicaCount=wanted, ApplyImmediately=True)


def set_settings(work: Work, group: str, change: Change) -> None:
    only = set(change.names)
    if "engine" in only:
        only.add("engineVersion")
    given = {name: change.new.get(name, FIELDS[name].default) for name in only}
    given |= {
        name: [] for name in only if name == "logDeliveryConfigurations" and change.new.get(name) is None
    }
    wanted = group_request(given, only)
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


def set_users(work: Work, group: str, change: Change) -> None:
    old, new = set(change.old.get("userGroupIds") or []), set(change.new.get("userGroupIds") or [])
    wanted = {"UserGroupIdsToAdd": sorted(new - old), "UserGroupIdsToRemove": sorted(old - new)}
    sent = {key: value for key, value in wanted.items() if value}
    _modify(work, group, "modify_replication_group", ApplyImmediately=True, **sent)


def set_token(work: Work, group: str, change: Change) -> None:
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
