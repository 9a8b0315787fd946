"""Replication groups: create, describe, delete, and the failover test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import checks, placement, topology
from ..errors import Refusal, invalid_combination, invalid_value, not_modelled, wrong_state
from ..failover import Failover
from ..lifecycle import Lifecycle
from ..paging import page
from ..records import AVAILABLE, CREATE_FAILED, DELETING, GROUP, MODIFYING, Cache
from ..registry import operation
from ..shapes import SHARD, show_group
from ..store import Store
from ..wishes import settings_from
from .snapshots import check_new_name, restored, take

if TYPE_CHECKING:
    from ..service import Service

DESCRIPTION_MOST = 255


@operation("CreateReplicationGroup")
def create(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """A group with all its nodes, placed at once and started after the answer."""
    name = checks.identifier("ReplicationGroupIdentifier", parameters["ReplicationGroupId"], longest=40)
    if name in store.groups:
        raise Refusal("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
    description = check_description(parameters.get("ReplicationGroupDescription"))
    engine = (parameters.get("Engine") or "redis").lower()
    if engine not in ("redis", "valkey"):
        raise invalid_value(
            f"Invalid engine {engine} for a replication group. Valid values are: redis, valkey"
        )
    tags = checks.tags(parameters.get("Tags"))
    nodes = topology.node_count(parameters)
    settings = settings_from(service, store, engine, parameters)
    group = store.subnet_group(settings.subnet_group)
    settings.automatic_failover = bool(parameters.get("AutomaticFailoverEnabled"))
    settings.multi_az = bool(parameters.get("MultiAZEnabled"))
    topology.failover(nodes, settings.automatic_failover, settings.multi_az, group)
    preferred = topology.preferred_zones(parameters.get("PreferredCacheClusterAZs"), nodes, group)
    restore = restored(store, parameters.get("SnapshotName"))
    service.check_engine(engine)
    cache = Cache(
        GROUP, name, service.new_engine_id(name), store.region, description, settings, restore=restore
    )
    lifecycle = Lifecycle(service, cache)
    names = [f"{name}-{number:03d}" for number in range(1, nodes + 1)]
    cache.members = lifecycle.place_members(names, placement.spread(group, nodes, preferred))
    cache.primary, cache.leading = names[0], cache.members[0].placement.node_id
    store.groups[name] = cache
    store.tags[store.cache_arn(cache)] = tags
    answer = {"ReplicationGroup": show_group(store, cache)}
    service.start_job(cache, lifecycle.create)
    return answer


@operation("DescribeReplicationGroups")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """One group, or all in pages."""
    name = parameters.get("ReplicationGroupId")
    groups = [store.group(name)] if name else [store.groups[key] for key in sorted(store.groups)]
    return page("ReplicationGroups", [show_group(store, group) for group in groups], parameters)


@operation("DeleteReplicationGroup")
def delete(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """End a group and all its nodes, after a last snapshot when one is asked for."""
    cache = store.group(parameters["ReplicationGroupId"])
    if parameters.get("RetainPrimaryCluster"):
        raise not_modelled("the parameter RetainPrimaryCluster")
    if cache.status not in (AVAILABLE, CREATE_FAILED):
        raise wrong_state(GROUP, cache.name, cache.status)
    final = parameters.get("FinalSnapshotIdentifier")
    final_name = check_new_name(store, final) if final else None
    begin(cache, DELETING)

    def work() -> None:
        if final_name:
            take(service, store, cache, final_name)
        Lifecycle(service, cache).delete()

    answer = {"ReplicationGroup": show_group(store, cache)}
    service.start_job(cache, work)
    return answer


@operation("TestFailover")
def test_failover(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Kill the primary's process; what follows is what follows a real loss. (The daily limit is not kept.)"""
    cache = store.group(parameters["ReplicationGroupId"])
    shard = parameters["NodeGroupId"]
    if shard != SHARD:
        raise Refusal(
            "NodeGroupNotFoundFault", f"Node group {shard} not found in replication group {cache.name}."
        )
    require_available(cache)
    if not cache.settings.automatic_failover:
        raise invalid_combination(
            "The replication group does not have automatic failover enabled. (TestFailover needs it)"
        )
    begin(cache, MODIFYING)
    store.event(GROUP, cache.name, f"Test Failover API called for node group {shard}")

    def work() -> None:
        lost = cache.primary_member
        service.context.engines.signal(lost.placement.node_id, "KILL")
        failover = Failover(service, cache)
        failover.lose_primary(service.context.engines.state(cache.engine_id))
        failover.recover(lost)

    answer = {"ReplicationGroup": show_group(store, cache)}
    service.start_job(cache, work)
    return answer


def check_description(text: str | None) -> str:
    """R21."""
    if not text or not text.strip() or len(text) > DESCRIPTION_MOST:
        raise invalid_value(
            "The parameter ReplicationGroupDescription must be provided and must not be blank."
        )
    return text


def require_available(cache: Cache) -> None:
    """Refuse while something else is done to the cache."""
    if cache.status != AVAILABLE:
        raise wrong_state(cache.kind, cache.name, cache.status)


def begin(cache: Cache, status: str) -> None:
    """Mark a cache and its members before the work starts."""
    cache.status = status
    for member in cache.members:
        member.status = status
