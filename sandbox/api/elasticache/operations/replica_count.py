"""More and fewer replicas, always at once (R88)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import placement, topology
from ..errors import Refusal, invalid_combination, invalid_value
from ..lifecycle import Lifecycle
from ..records import MODIFYING, Cache, Member
from ..registry import operation
from ..shapes import SHARD, show_group
from ..store import Store
from .replication_groups import begin, require_available

if TYPE_CHECKING:
    from ..service import Service


@operation("IncreaseReplicaCount")
def increase(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Add replicas; new ones take the first free numbers."""
    cache = _group(store, parameters)
    count, configuration = _wanted(cache, parameters)
    have = len(cache.replicas)
    _refuse_no_change(count, have)
    if count < have:
        raise invalid_value(f"NewReplicaCount must be more than the {have} replicas there are.")
    group = store.subnet_group(cache.settings.subnet_group)
    taken = [member.zone for member in cache.members]
    zones = _new_zones(configuration.get("PreferredAvailabilityZones"), taken, count + 1, group)
    names = _free_names(cache, count - have)
    lifecycle = Lifecycle(service, cache)
    members = lifecycle.place_members(names, zones or placement.spread(group, count - have, taken=taken))
    return _start(service, store, cache, lambda: lifecycle.add(members))


@operation("DecreaseReplicaCount")
def decrease(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Remove the named replicas, or those with the highest numbers."""
    cache = _group(store, parameters)
    removed = [name.lower() for name in parameters.get("ReplicasToRemove") or []]
    if removed:
        leaving = _named(cache, removed)
        count = len(cache.replicas) - len(leaving)
        asked = parameters.get("NewReplicaCount")
        if asked not in (None, count):
            raise invalid_combination("NewReplicaCount does not agree with ReplicasToRemove.")
    else:
        count, _ = _wanted(cache, parameters)
        leaving = sorted(cache.replicas, key=lambda member: member.cluster_id)[count:]
    have = len(cache.replicas)
    _refuse_no_change(count, have)
    if count > have:
        raise invalid_value(f"NewReplicaCount must be less than the {have} replicas there are.")
    if count < 1 and (cache.settings.automatic_failover or cache.settings.multi_az):
        raise invalid_value(
            "Must have at least 1 replica when cluster mode is disabled with auto failover enabled."
        )
    return _start(service, store, cache, lambda: Lifecycle(service, cache).remove(leaving))


def _group(store: Store, parameters: dict[str, Any]) -> Cache:
    cache = store.group(parameters["ReplicationGroupId"])
    require_available(cache)
    if not parameters.get("ApplyImmediately"):
        raise invalid_value("ApplyImmediately must be true: the number of replicas cannot change later.")
    return cache


def _wanted(cache: Cache, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The number asked for, and the configuration of the one node group there is."""
    configurations = parameters.get("ReplicaConfiguration") or []
    count = parameters.get("NewReplicaCount")
    if (count is None) == (not configurations):
        raise invalid_combination("Give NewReplicaCount or ReplicaConfiguration.")
    configuration = configurations[0] if configurations else {}
    if configurations and (len(configurations) > 1 or configuration["NodeGroupId"] != SHARD):
        raise Refusal(
            "NodeGroupNotFoundFault", f"Replication group {cache.name} has the node group {SHARD} only."
        )
    return topology.replica_count(configuration.get("NewReplicaCount", count)), configuration


def _refuse_no_change(count: int, have: int) -> None:
    if count == have:
        raise Refusal("NoOperationFault", f"The replication group has {have} replicas already.")


def _new_zones(zones: list[str] | None, taken: list[str], nodes: int, group: Any) -> list[str] | None:
    """What is left of the zones of all nodes, as the request lists them, for the new ones (R70)."""
    if not zones:
        return None
    left = topology.preferred_zones(zones, nodes, group) or []
    for zone in taken:
        if zone in left:
            left.remove(zone)
    return left[: nodes - len(taken)]


def _free_names(cache: Cache, count: int) -> list[str]:
    have = {member.cluster_id for member in cache.members}
    numbered = (f"{cache.name}-{number:03d}" for number in range(1, len(have) + count + 1))
    return [name for name in numbered if name not in have][:count]


def _named(cache: Cache, names: list[str]) -> list[Member]:
    members = {member.cluster_id: member for member in cache.members}
    for name in names:
        if name not in members:
            raise invalid_value(f"{name} is not a member of replication group {cache.name}.")
        if name == cache.primary:
            raise invalid_value(f"{name} is the primary and cannot be removed.")
    return [members[name] for name in names]


def _start(service: Service, store: Store, cache: Cache, work: Callable[[], None]) -> dict[str, Any]:
    begin(cache, MODIFYING)
    answer = {"ReplicationGroup": show_group(store, cache)}
    service.start_job(cache, work)
    return answer
