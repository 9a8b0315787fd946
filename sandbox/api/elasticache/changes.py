"""Changes of a cache's settings: at once, or kept until the maintenance window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lifecycle import Lifecycle
from .records import Cache
from .settings_changes import changed_settings, group_taken, split_changes

if TYPE_CHECKING:
    from .service import Service

# What waits for the maintenance window unless it shall be applied immediately (R166).
WINDOWED = ("engine", "version", "node_type", "parameter_group")
# What a running node cannot take on: the service moves the cache to new nodes, and so does the sandbox.
NEW_NODES = ("engine", "version", "node_type", "transit")


def split(changes: dict[str, Any], immediately: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is done now, what waits)."""
    return split_changes(changes, WINDOWED, immediately)


def apply_changes(service: Service, cache: Cache, changes: dict[str, Any]) -> None:
    """Bring a cache to changed settings; when that fails it keeps the old ones. The caller holds `cache.busy`."""
    differing = {name: value for name, value in changes.items() if getattr(cache.settings, name) != value}
    with changed_settings(service, cache, differing):
        if differing.keys() & set(NEW_NODES):
            Lifecycle(service, cache).replace_nodes()
        elif differing:
            service.converge(cache)
    if "parameter_group" in differing:
        store = service.store(cache.region)
        for member in cache.members:
            store.member_event(member, group_taken(cache))


def apply_pending(service: Service, cache: Cache) -> None:
    """Apply what waited for the maintenance window."""
    waiting, cache.pending = cache.pending, {}
    apply_changes(service, cache, waiting)
