"""Changes of a cache's settings: at once, or kept until the maintenance window."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

from ...hosts.errors import HostsError
from .lifecycle import Lifecycle
from .records import Cache

if TYPE_CHECKING:
    from .service import Service

# What waits for the maintenance window unless it shall be applied immediately (R166).
WINDOWED = ("engine", "version", "node_type", "parameter_group")
# What a running node cannot take on: the service moves the cache to new nodes, and so does the sandbox.
NEW_NODES = ("engine", "version", "node_type", "transit")


def split(changes: dict[str, Any], immediately: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is done now, what waits)."""
    if immediately:
        return changes, {}
    waiting = {name: value for name, value in changes.items() if name in WINDOWED}
    return {name: value for name, value in changes.items() if name not in waiting}, waiting


def apply_changes(service: Service, cache: Cache, changes: dict[str, Any]) -> None:
    """Bring a cache to changed settings; when that fails it keeps the old ones. The caller holds `cache.busy`."""
    before = copy.copy(cache.settings)
    differing = {name for name, value in changes.items() if getattr(before, name) != value}
    for name in differing:
        setattr(cache.settings, name, changes[name])
    try:
        if "security_group_ids" in differing:
            service.placer.change_groups(cache)
            service.context.sync()
        if differing & set(NEW_NODES):
            Lifecycle(service, cache).replace_nodes()
        elif differing:
            service.converge(cache)
    except BaseException:
        cache.settings = before
        with contextlib.suppress(HostsError):
            service.converge(cache)
        raise
    if "parameter_group" in differing:
        store = service.store(cache.region)
        for member in cache.members:
            store.member_event(
                member, f"Updated to use a CacheParameterGroup {cache.settings.parameter_group}"
            )


def apply_pending(service: Service, cache: Cache) -> None:
    """Apply what waited for the maintenance window."""
    waiting, cache.pending = cache.pending, {}
    apply_changes(service, cache, waiting)
