"""The engine versions on offer, and the node types a cache may change to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import catalogue
from ..errors import invalid_combination
from ..paging import page
from ..records import Settings
from ..registry import operation
from ..store import Store

if TYPE_CHECKING:
    from ..service import Service

TITLES = {"redis": "Redis", "valkey": "Valkey", "memcached": "memcached"}


@operation("DescribeCacheEngineVersions")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """All versions, or those of an engine, a version, a family; the newest only on request."""
    rows = catalogue.engine_versions()
    for name, key in (
        ("Engine", "engine"),
        ("EngineVersion", "version"),
        ("CacheParameterGroupFamily", "family"),
    ):
        if parameters.get(name):
            rows = [row for row in rows if row[key] == parameters[name]]
    if parameters.get("DefaultOnly"):
        rows = [row for row in rows if row["version"] == catalogue.offered(row["engine"])[-1]]
    return page("CacheEngineVersions", [_show(row) for row in rows], parameters)


@operation("ListAllowedNodeTypeModifications")
def list_node_types(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Node types with more and with less memory that run the cache's version."""
    group, cluster = parameters.get("ReplicationGroupId"), parameters.get("CacheClusterId")
    if bool(group) == bool(cluster):
        raise invalid_combination("Give CacheClusterId or ReplicationGroupId.")
    settings = store.group(group).settings if group else store.cluster(cluster)[0].settings
    have = catalogue.find_node_type(settings.node_type)["memory"]
    fitting = {name: row["memory"] for name, row in catalogue.node_types().items() if _fits(row, settings)}
    return {
        "ScaleUpModifications": sorted(name for name, memory in fitting.items() if memory > have),
        "ScaleDownModifications": sorted(name for name, memory in fitting.items() if memory < have),
    }


def _fits(row: dict[str, Any], settings: Settings) -> bool:
    if row["tiered"] or row["generation"] == catalogue.PREVIOUS:
        return False
    least = row.get(settings.engine)
    return not least or catalogue.as_numbers(settings.version) >= catalogue.as_numbers(least)


def _show(row: dict[str, str]) -> dict[str, Any]:
    title = TITLES[row["engine"]]
    return {
        "Engine": row["engine"],
        "EngineVersion": row["version"],
        "CacheParameterGroupFamily": row["family"],
        "CacheEngineDescription": title,
        "CacheEngineVersionDescription": f"{title} version {row['full']}",
    }
