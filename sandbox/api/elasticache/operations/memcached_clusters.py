"""What the operations on cache clusters do to one of Memcached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import checks, memcached_changes, memcached_wishes
from ..errors import invalid_combination, invalid_value, wrong_state
from ..memcached_life import MemcachedLife, new_cluster
from ..memcached_shapes import show_memcached
from ..records import AVAILABLE, CLUSTER, CREATE_FAILED, DELETING, MEMCACHED, MODIFYING, Cache
from ..store import Store
from .replication_groups import begin, require_available

if TYPE_CHECKING:
    from ..service import Service

REBOOTING = "rebooting cluster nodes"


def create(service: Service, store: Store, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """A cluster with all its nodes, placed at once and started after the answer."""
    if parameters.get("ReplicationGroupId"):
        raise invalid_combination("Memcached has no replication groups. (its nodes share the keys)")
    tags = checks.tags(parameters.get("Tags"))
    count = memcached_wishes.node_count(parameters.get("NumCacheNodes"))
    settings = memcached_wishes.memcached_settings(service, store, parameters)
    group = store.subnet_group(settings.subnet_group)
    settings.az_mode, zones = memcached_wishes.zones(parameters, count, group, [])
    service.check_engine(MEMCACHED)
    cache = Cache(CLUSTER, name, service.new_engine_id(name), store.region, "", settings)
    life = new_cluster(service, cache, memcached_changes.free_numbers(cache, count), zones)
    store.clusters[name] = cache
    store.tags[store.cache_arn(cache)] = tags
    answer = {"CacheCluster": show_memcached(store, cache)}
    service.start_job(cache, life.create)
    return answer


def modify(service: Service, store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Change settings; add nodes or remove some."""
    require_available(cache)
    wanted = memcached_changes.wanted_changes(service, store, cache, parameters)
    immediately = bool(parameters.get("ApplyImmediately"))
    earlier = cache.pending if immediately else {}
    done, waiting = memcached_changes.split({**earlier, **wanted}, immediately)
    cache.pending = {} if immediately else {**cache.pending, **waiting}
    if done:
        begin(cache, MODIFYING)
    answer = {"CacheCluster": show_memcached(store, cache)}
    if done:
        service.start_job(cache, lambda: memcached_changes.apply_node_changes(service, cache, done))
    return answer


def reboot(service: Service, store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Restart nodes; they come back empty, with the parameters of now."""
    require_available(cache)
    nodes = parameters.get("CacheNodeIdsToReboot") or []
    known = sorted(member.node for member in cache.members)
    unknown = [node for node in nodes if node not in known]
    if unknown or not nodes:
        raise invalid_value(
            f"Invalid cache node ids: {', '.join(unknown or nodes)}. {cache.name} has the nodes {', '.join(known)}."
        )
    cache.status = REBOOTING
    for member in cache.members:
        if member.node in nodes:
            member.status = REBOOTING
    answer = {"CacheCluster": show_memcached(store, cache)}
    service.start_job(cache, lambda: MemcachedLife(service, cache).restart(nodes))
    return answer


def delete(service: Service, store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """End a cluster, and everything in it."""
    if cache.status not in (AVAILABLE, CREATE_FAILED):
        raise wrong_state(CLUSTER, cache.name, cache.status)
    memcached_wishes.refuse_others(parameters)
    begin(cache, DELETING)
    answer = {"CacheCluster": show_memcached(store, cache)}
    service.start_job(cache, MemcachedLife(service, cache).delete)
    return answer
