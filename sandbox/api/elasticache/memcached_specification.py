"""A Memcached cluster's record, in the engines' words."""

from __future__ import annotations

from typing import Any

from . import catalogue
from .memcached_endpoints import MemcachedEndpoints
from .records import Cache
from .store import Store

# What the node type decides, not the group.
OF_THE_TYPE = ("max_cache_memory", "num_threads")


def memcached_specification(cache: Cache, store: Store) -> dict[str, Any]:
    """What the engines shall bring about. A lost node stays in the list: the service replaces it there later."""
    settings, endpoints = cache.settings, MemcachedEndpoints(store, cache)
    node_type = catalogue.find_node_type(settings.node_type)
    nodes = {
        member.placement.node_id: {
            "host_id": member.placement.host_id,
            "address": member.placement.address,
            "fenced": member.fenced,
        }
        for member in cache.members
    }
    return {
        "engine": settings.engine,
        "version": settings.version,
        "port": settings.port,
        "transit_encryption": settings.transit,
        # Only what differs from the family: the program's own defaults are those of a newer version.
        "parameters": own_parameters(store, cache),
        "megabytes": node_type["memcached_megabytes"],
        "threads": node_type["vcpus"],
        "nodes": nodes,
        "configuration": {
            "version": cache.list_version,
            "nodes": endpoints.listed([member for member in cache.members if member.listed]),
        },
        "certificate_names": endpoints.certificate_names,
    }


def own_parameters(store: Store, cache: Cache) -> dict[str, str]:
    """The values in the cluster's parameter group that are not the family's."""
    return dict(store.parameter_group(cache.settings.parameter_group).values)
