"""Snapshots with the cache's real data. Automatic ones, copies and exports are not modelled."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any

from .. import checks
from ..errors import Refusal, invalid_combination, wrong_state
from ..paging import page
from ..records import AVAILABLE, GROUP, Cache, Snapshot
from ..registry import operation
from ..shapes import show_snapshot
from ..store import Store

if TYPE_CHECKING:
    from ..service import Service

SNAPSHOTTING = "snapshotting"


@operation("CreateSnapshot")
def create(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Keep the data of a group (from a replica, where it has one) or of a single node."""
    group, cluster = parameters.get("ReplicationGroupId"), parameters.get("CacheClusterId")
    if bool(group) == bool(cluster):
        raise invalid_combination("Give CacheClusterId or ReplicationGroupId.")
    name = check_new_name(store, parameters["SnapshotName"])
    cache, member_id = (store.group(group), None) if group else _of_cluster(store, cluster)
    if cache.status != AVAILABLE:
        raise wrong_state(cache.kind, cache.name, cache.status)
    tags = checks.tags(parameters.get("Tags"))
    cache.status = SNAPSHOTTING
    snapshot = _record(store, cache, name, member_id)
    store.tags[store.arn("snapshot", name)] = tags
    answer = {"Snapshot": show_snapshot(store, snapshot)}
    service.start_job(cache, lambda: _save(service, store, cache, snapshot))
    return answer


@operation("DescribeSnapshots")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """One snapshot, or all (of a group, of a cluster) in pages."""
    name, source = parameters.get("SnapshotName"), parameters.get("SnapshotSource")
    rows = [store.snapshot(name)] if name else [snapshot for _, snapshot in sorted(store.snapshots.items())]
    shown = [
        show_snapshot(store, row)
        for row in rows
        if source in (None, row.source, {"user": "manual"}.get(source))
    ]
    for key in ("ReplicationGroupId", "CacheClusterId"):
        if parameters.get(key):
            shown = [row for row in shown if row[key] == parameters[key].lower()]
    return page("Snapshots", shown, parameters)


@operation("DeleteSnapshot")
def delete(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Forget a snapshot and its data."""
    snapshot = store.snapshot(parameters["SnapshotName"])
    if snapshot.status != AVAILABLE:
        raise Refusal(
            "InvalidSnapshotState", f"Snapshot {snapshot.name} is {snapshot.status}, not available."
        )
    service.context.engines.forget(snapshot.data_id)
    del store.snapshots[snapshot.name]
    store.tags.pop(store.arn("snapshot", snapshot.name), None)
    snapshot.status = "deleting"
    return {"Snapshot": show_snapshot(store, snapshot)}


def check_new_name(store: Store, name: str) -> str:
    """R19; and no second snapshot of a name (R158)."""
    name = checks.identifier("SnapshotName", name, longest=255)
    if name in store.snapshots:
        raise Refusal("SnapshotAlreadyExistsFault", f"Snapshot {name} already exists.")
    return name


def restored(store: Store, name: str | None) -> str | None:
    """The data that a new cache shall begin with."""
    if not name:
        return None
    snapshot = store.snapshot(name)
    if snapshot.status != AVAILABLE:
        raise Refusal(
            "InvalidSnapshotState", f"Snapshot {snapshot.name} is {snapshot.status}, not available."
        )
    return snapshot.data_id


def take(service: Service, store: Store, cache: Cache, name: str) -> None:
    """Take a cache's last snapshot; the cache is deleted only when it is there."""
    _save(service, store, cache, _record(store, cache, name, None))


def _of_cluster(store: Store, name: str) -> tuple[Cache, str]:
    cache, member = store.cluster(name)
    if cache.is_memcached:
        raise Refusal("SnapshotFeatureNotSupportedFault", "Memcached has no snapshots. (it keeps nothing)")
    return cache, member.cluster_id


def _record(store: Store, cache: Cache, name: str, member_id: str | None) -> Snapshot:
    readers = [replica for replica in cache.replicas if replica.in_service]
    member_id = member_id or (readers[0].cluster_id if readers else cache.primary)
    settings = copy.copy(cache.settings)
    settings.tokens, settings.incoming_token = [], None
    snapshot = Snapshot(
        name=name,
        source="manual",
        data_id=uuid.uuid4().hex,
        settings=settings,
        description=cache.description,
        member_id=member_id,
        node_count=len(cache.members),
        kind=cache.kind,
        cache_name=cache.name,
        cache_created=cache.created,
    )
    store.snapshots[name] = snapshot
    return snapshot


def _save(service: Service, store: Store, cache: Cache, snapshot: Snapshot) -> None:
    node_id = cache.member(snapshot.member_id).placement.node_id
    try:
        snapshot.size = service.context.engines.save(cache.engine_id, node_id, snapshot.data_id)
    except BaseException:
        del store.snapshots[snapshot.name]
        raise
    snapshot.status = AVAILABLE
    kind, name = (GROUP, cache.name) if cache.kind == GROUP else (cache.kind, snapshot.member_id)
    store.event(
        kind, name, f"Snapshot succeeded for snapshot with ID '{snapshot.name}' of {kind} with ID '{name}'"
    )
