"""Cache clusters: single Redis nodes, Memcached clusters, and the members of groups as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import catalogue, changes, checks, placement, wishes
from ..errors import Refusal, invalid_combination, invalid_value, not_modelled, wrong_state
from ..lifecycle import Lifecycle
from ..memcached_shapes import show_memcached
from ..paging import page
from ..records import AVAILABLE, CLUSTER, CREATE_FAILED, DELETING, GROUP, MEMCACHED, MODIFYING, Cache, Member
from ..registry import operation
from ..settings_changes import engine_changes, plain_changes
from ..shapes import show_cluster
from ..store import Store
from . import memcached_clusters
from .replication_groups import begin, require_available
from .snapshots import check_new_name, restored, take

if TYPE_CHECKING:
    from ..service import Service

REBOOTING = "rebooting cluster nodes"
UNMODELLED = {
    "CacheNodeIdsToRemove": (),
    "AZMode": ("single-az",),
    "NewAvailabilityZones": (),
    "CacheSecurityGroupNames": (),
    "AuthToken": (),
    "AuthTokenUpdateStrategy": (),
    "IpDiscovery": ("ipv4",),
    "ScaleConfig": (),
}


@operation("CreateCacheCluster")
def create(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """A Memcached cluster, or a single Redis node."""
    name = checks.identifier("CacheClusterIdentifier", parameters["CacheClusterId"], longest=50)
    if name in store.clusters or any(name == m.cluster_id for c in store.groups.values() for m in c.members):
        raise Refusal("CacheClusterAlreadyExists", f"Cache cluster {name} already exists.")
    if (parameters.get("Engine") or "").lower() == MEMCACHED:
        return memcached_clusters.create(service, store, name, parameters)
    _check_kind(parameters)
    tags = checks.tags(parameters.get("Tags"))
    settings = wishes.settings_from(service, store, "redis", parameters)
    group = store.subnet_group(settings.subnet_group)
    zone = (
        parameters.get("PreferredAvailabilityZone")
        or (parameters.get("PreferredAvailabilityZones") or [None])[0]
    )
    restore = restored(store, parameters.get("SnapshotName"))
    service.check_engine("redis")
    cache = Cache(CLUSTER, name, service.new_engine_id(name), store.region, "", settings, restore=restore)
    lifecycle = Lifecycle(service, cache)
    cache.members = lifecycle.place_members([name], placement.spread(group, 1, [zone] if zone else None))
    cache.primary, cache.leading = name, cache.members[0].placement.node_id
    store.clusters[name] = cache
    store.tags[store.cache_arn(cache)] = tags
    answer = {"CacheCluster": show_cluster(store, cache, cache.members[0])}
    service.start_job(cache, lifecycle.create)
    return answer


def _check_kind(parameters: dict[str, Any]) -> None:
    """What a cluster of the one engine that is modelled may be (R28, R67, R69, R104)."""
    if parameters.get("ReplicationGroupId"):
        raise not_modelled("adding a replica by CreateCacheCluster (IncreaseReplicaCount does it)")
    engine = (parameters.get("Engine") or "redis").lower()
    if engine == "valkey":
        raise invalid_value(
            "This API doesn't support creating cluster with Valkey engine. "
            "Please use CreateReplicationGroup API for Valkey cluster creation."
        )
    if engine != "redis":
        raise invalid_value(f"Invalid engine {engine}. Valid values are: redis, memcached")
    if (parameters.get("NumCacheNodes") or 1) != 1:
        raise invalid_value("Cannot create a Redis cluster with a NumCacheNodes parameter greater than 1.")
    if parameters.get("AZMode") == "cross-az":
        raise invalid_combination("AZMode cross-az is for Memcached clusters of at least two nodes.")
    if parameters.get("TransitEncryptionEnabled") or parameters.get("AuthToken"):
        raise invalid_combination(
            "A single Redis cluster has no encryption in transit; use a replication group."
        )


@operation("DescribeCacheClusters")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """One cluster, or all in pages; members of groups are clusters too."""
    name, with_nodes = parameters.get("CacheClusterId"), bool(parameters.get("ShowCacheNodeInfo"))
    found = [store.cluster(one) for one in ([name] if name else store.clusters)]
    if not name and not parameters.get("ShowCacheClustersNotInReplicationGroups"):
        found += [(cache, member) for cache in store.groups.values() for member in cache.members]
    rows = [
        show_memcached(store, cache, with_nodes)
        if cache.is_memcached
        else show_cluster(store, cache, member, with_nodes)
        for cache, member in found
    ]
    return page("CacheClusters", sorted(rows, key=lambda row: row["CacheClusterId"]), parameters)


@operation("ModifyCacheCluster")
def modify(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Change a single node or a Memcached cluster; a group's member is changed through its group."""
    cache, member = _single(store, parameters["CacheClusterId"], "modified")
    if cache.is_memcached:
        return memcached_clusters.modify(service, store, cache, parameters)
    require_available(cache)
    wishes.refuse_unmodelled(parameters, UNMODELLED)
    if (parameters.get("NumCacheNodes") or 1) != 1:
        raise invalid_value("A Redis cluster has one node.")
    if (parameters.get("Engine") or "redis").lower() != "redis":
        raise invalid_combination(
            "A single Redis node cannot change its engine; put it in a replication group first."
        )
    wanted = {**plain_changes(service, store, cache, parameters), **engine_changes(store, cache, parameters)}
    if parameters.get("LogDeliveryConfigurations"):
        full = catalogue.find_version("redis", wanted["version"])["full"]
        requests = parameters["LogDeliveryConfigurations"]
        wanted["logs"] = checks.logs(requests, catalogue.as_numbers(full), cache.settings.logs)
    wanted = {key: value for key, value in wanted.items() if getattr(cache.settings, key) != value}
    immediately = bool(parameters.get("ApplyImmediately"))
    done, waiting = changes.split({**(cache.pending if immediately else {}), **wanted}, immediately)
    cache.pending = {} if immediately else {**cache.pending, **waiting}
    if done:
        begin(cache, MODIFYING)
    answer = {"CacheCluster": show_cluster(store, cache, member)}
    if done:
        service.start_job(cache, lambda: changes.apply_changes(service, cache, done))
    return answer


@operation("RebootCacheCluster")
def reboot(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Restart a node's engine. It comes back empty; replicas of a rebooted primary follow it, as the guide warns."""
    cache, member = store.cluster(parameters["CacheClusterId"])
    if cache.is_memcached:
        return memcached_clusters.reboot(service, store, cache, parameters)
    require_available(cache)
    nodes = parameters.get("CacheNodeIdsToReboot") or []
    if nodes != ["0001"]:
        raise invalid_value(
            f"Invalid cache node ids: {', '.join(nodes)}. {member.cluster_id} has the node 0001."
        )
    begin(cache, MODIFYING)
    member.status = REBOOTING

    def work() -> None:
        service.context.engines.signal(member.placement.node_id, "KILL")
        store.member_event(member, "Cache node 0001 shutdown")
        service.converge(cache)
        store.member_event(member, "Cache node 0001 restarted")

    answer = {"CacheCluster": show_cluster(store, cache, member)}
    service.start_job(cache, work)
    return answer


@operation("DeleteCacheCluster")
def delete(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """End a Memcached cluster, or a single node, that after a last snapshot when one is asked for."""
    cache, member = _single(store, parameters["CacheClusterId"], "deleted")
    if cache.is_memcached:
        return memcached_clusters.delete(service, store, cache, parameters)
    if cache.status not in (AVAILABLE, CREATE_FAILED):
        raise wrong_state(CLUSTER, cache.name, cache.status)
    final = parameters.get("FinalSnapshotIdentifier")
    final_name = check_new_name(store, final) if final else None
    begin(cache, DELETING)

    def work() -> None:
        if final_name:
            take(service, store, cache, final_name)
        Lifecycle(service, cache).delete()

    answer = {"CacheCluster": show_cluster(store, cache, member)}
    service.start_job(cache, work)
    return answer


def _single(store: Store, name: str, done: str) -> tuple[Cache, Member]:
    cache, member = store.cluster(name)
    if cache.kind == GROUP:
        raise Refusal(
            "InvalidCacheClusterState",
            f"{name} is a member of replication group {cache.name} and is {done} through it.",
        )
    return cache, member
