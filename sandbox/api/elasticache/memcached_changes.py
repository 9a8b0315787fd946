"""Changes of a Memcached cluster: checked, done at once or kept until the maintenance window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import catalogue, memcached_wishes, windows, wishes
from .errors import invalid_combination, invalid_value, not_modelled
from .memcached_life import MemcachedLife
from .records import MEMCACHED, Cache
from .settings_changes import changed_settings, common_changes, group_taken, split_changes
from .store import Store

if TYPE_CHECKING:
    from .service import Service

# What waits for the maintenance window unless it shall be applied immediately (R166).
WINDOWED = ("version", "node_count", "removed", "zones", "parameter_group")
UNMODELLED = {
    "CacheSecurityGroupNames": (),
    "IpDiscovery": ("ipv4",),
    "ScaleConfig": (),
}
NUMBER = "{:04d}"


def wanted_changes(
    service: Service, store: Store, cache: Cache, parameters: dict[str, Any]
) -> dict[str, Any]:
    """What a modify request wants to be different: settings by name, and node_count, removed, zones."""
    memcached_wishes.refuse_others(parameters)
    wishes.refuse_unmodelled(parameters, UNMODELLED)
    settings = cache.settings
    if (parameters.get("Engine") or MEMCACHED).lower() != MEMCACHED:
        raise invalid_combination("The engine of a Memcached cluster cannot be changed.")
    if parameters.get("CacheNodeType") not in (None, settings.node_type):
        raise not_modelled("changing the node type of a Memcached cluster")
    window = parameters.get("PreferredMaintenanceWindow") or settings.maintenance_window
    windows.maintenance_span(window)
    wanted = {"maintenance_window": window.lower(), **common_changes(service, store, cache, parameters)}
    wanted |= _engine_changes(store, cache, parameters)
    differing = {name: value for name, value in wanted.items() if getattr(settings, name) != value}
    return {**differing, **_node_changes(store, cache, parameters)}


def split(changes: dict[str, Any], immediately: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is done now, what waits)."""
    return split_changes(changes, WINDOWED, immediately)


def apply_node_changes(service: Service, cache: Cache, changes: dict[str, Any]) -> None:
    """Bring a cluster to changed settings and nodes; settings that fail stay as they were. `cache.busy` is held."""
    settings = {
        name: value for name, value in changes.items() if name not in ("node_count", "removed", "zones")
    }
    life = MemcachedLife(service, cache)
    if settings:
        _apply_settings(service, cache, life, settings)
    if changes.get("removed"):
        life.shrink(changes["removed"])
    elif changes.get("zones"):
        nodes = free_numbers(cache, len(changes["zones"]))
        life.grow(life.place_members(nodes, changes["zones"]))


def apply_pending_nodes(service: Service, cache: Cache) -> None:
    """Apply what waited for the maintenance window."""
    waiting, cache.pending = cache.pending, {}
    apply_node_changes(service, cache, waiting)


def free_numbers(cache: Cache, count: int) -> list[str]:
    """The lowest numbers that no node has."""
    taken = {member.node for member in cache.members}
    numbers = (NUMBER.format(number) for number in range(1, memcached_wishes.NODES_MOST + 1))
    return [number for number in numbers if number not in taken][:count]


def _apply_settings(service: Service, cache: Cache, life: MemcachedLife, changes: dict[str, Any]) -> None:
    with changed_settings(service, cache, changes):
        if "version" in changes:
            life.restart([member.node for member in cache.members])
    if "parameter_group" in changes:
        service.store(cache.region).event(cache.kind, cache.name, group_taken(cache))


def _engine_changes(store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """Version and parameter group, which depend on each other (R38)."""
    settings, asked = cache.settings, parameters.get("EngineVersion")
    row = catalogue.find_version(MEMCACHED, asked or settings.version)
    if catalogue.as_numbers(row["version"]) < catalogue.as_numbers(settings.version):
        raise invalid_value(
            f"The engine version cannot be lowered from {settings.version} to {asked}. (make a new cache instead)"
        )
    name = parameters.get("CacheParameterGroupName")
    if name is None:
        current = store.parameter_group(settings.parameter_group)
        name = f"default.{row['family']}" if current.is_default else current.name
    return {"version": row["version"], "parameter_group": wishes.parameter_group(store, name, row["family"])}


def _node_changes(store: Store, cache: Cache, parameters: dict[str, Any]) -> dict[str, Any]:
    """More nodes, with their zones, or fewer, with the numbers of those that go (R68-R71, R90)."""
    have = len(cache.members)
    asked = parameters.get("NumCacheNodes")
    count = have if asked is None else memcached_wishes.node_count(asked)
    removed = sorted(parameters.get("CacheNodeIdsToRemove") or [])
    group = store.subnet_group(cache.settings.subnet_group)
    before = [member.zone for member in cache.members if member.node not in removed]
    if count > have:
        if removed:
            raise invalid_combination("CacheNodeIdsToRemove cannot be used while nodes are added.")
        mode, zones = memcached_wishes.zones(parameters, count - have, group, before)
        return {"node_count": count, "zones": zones, **_mode_change(cache, mode)}
    if parameters.get("NewAvailabilityZones"):
        raise invalid_combination("NewAvailabilityZones can only be used while nodes are added.")
    if len(removed) != have - count:
        raise invalid_combination(
            f"From {have} to {count} nodes CacheNodeIdsToRemove has to name {have - count}, not {len(removed)}."
        )
    known = {member.node for member in cache.members}
    for node in removed:
        if node not in known:
            there = ", ".join(sorted(known))
            raise invalid_value(f"Cache node {node} is not in cluster {cache.name}. (it has {there})")
    mode = parameters.get("AZMode") or (cache.settings.az_mode if count > 1 else memcached_wishes.SINGLE)
    if parameters.get("AZMode"):
        memcached_wishes.check_mode(mode, before)
    return {**({"node_count": count, "removed": removed} if removed else {}), **_mode_change(cache, mode)}


def _mode_change(cache: Cache, mode: str) -> dict[str, Any]:
    return {"az_mode": mode} if mode != cache.settings.az_mode else {}
