"""How a cache comes to be, changes its nodes, and goes: always whole, or back to what it was."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ...hosts.errors import HostsError
from .placement import subnet_in
from .records import GROUP, Cache, Member, Placement

if TYPE_CHECKING:
    from .service import Service


class Lifecycle:
    """Works on one cache, whose `busy` lock the caller holds."""

    def __init__(self, service: Service, cache: Cache) -> None:
        self._service = service
        self._cache = cache
        self._store = service.store(cache.region)

    def place_members(self, names: list[str], zones: list[str]) -> list[Member]:
        """Members with interfaces of their own, not yet in the cache; none is left when one cannot be had."""
        group = self._store.subnet_group(self._cache.settings.subnet_group)
        members: list[Member] = []
        try:
            for name, zone in zip(names, zones, strict=True):
                members.append(self._placed(name, zone, subnet_in(group, zone)))
        except BaseException:
            self._service.placer.release(self._cache, [member.placement for member in members])
            raise
        return members

    def _placed(self, name: str, zone: str, subnet_id: str) -> Member:
        return Member(name, zone, subnet_id, self._service.placer.place(self._cache, name, subnet_id))

    def create(self) -> None:
        """Start all nodes of a new cache; when that fails, no process and no interface is left."""
        cache = self._cache
        self._begin()
        for member in cache.members:
            self._store.member_event(member, f"Added cache node 0001 in availability zone {member.zone}")
            self._store.member_event(member, "Cache cluster created")
        if cache.kind == GROUP:
            self._store.event(GROUP, cache.name, f"Replication group {cache.name} created")

    def _begin(self) -> None:
        try:
            self._service.context.sync()
            self._service.converge(self._cache)
        except BaseException:
            self._discard()
            raise

    def delete(self) -> None:
        """End the processes, free the interfaces, forget the records."""
        cache = self._cache
        members = list(cache.members)
        self._discard()
        table = self._store.groups if cache.kind == GROUP else self._store.clusters
        with self._service.lock:
            table.pop(cache.name, None)
            self._store.tags.pop(self._store.cache_arn(cache), None)
            for member in members:
                self._store.tags.pop(self._store.arn("cluster", member.cluster_id), None)
        for member in members:
            self._store.member_event(member, "Cache cluster deleted")
        if cache.kind == GROUP:
            self._store.event(GROUP, cache.name, f"Replication group {cache.name} deleted")

    def add(self, members: list[Member]) -> None:
        """Add replicas; they are in service when they are in step."""
        for member in members:
            member.in_service = False
        self._join(members)
        for member in members:
            member.in_service = True
            self._store.member_event(member, f"Added cache node 0001 in availability zone {member.zone}")

    def _join(self, members: list[Member]) -> None:
        """Have new members run; when that fails, the cache is without them again."""
        cache = self._cache
        before = list(cache.members)
        cache.members = [*before, *members]
        try:
            self._service.context.sync()
            self._service.converge(cache)
        except BaseException:
            cache.members = before
            self._drop([member.placement for member in members])
            raise

    def remove(self, members: list[Member]) -> None:
        """Remove replicas: first from the names, then their processes, then their interfaces."""
        cache = self._cache
        cache.members = [member for member in cache.members if member not in members]
        self._service.context.sync()
        self._service.converge(cache)
        self._drop([member.placement for member in members])
        for member in members:
            self._store.tags.pop(self._store.arn("cluster", member.cluster_id), None)
            self._store.member_event(member, "Cache cluster deleted")

    def switch_primary(self, to: Member) -> None:
        """Move the primary's role between healthy nodes without losing an acknowledged write; the names follow."""
        cache = self._cache
        cache.leading = to.placement.node_id
        self._service.converge(cache, await_replicas=False)
        cache.primary = to.cluster_id
        self._service.context.sync()
        self._service.converge(cache)

    def replace_nodes(self) -> None:
        """Move every member to a new node with the settings of now, replicas first: data and clients go on."""
        primary = self._cache.primary_member
        for member in [*self._cache.replicas, primary]:
            self._replace(member)

    def _replace(self, member: Member) -> None:
        cache = self._cache
        old, new = member.placement, self._service.placer.place(cache, member.cluster_id, member.subnet_id)
        cache.extra = [new]
        leading = cache.leading
        try:
            self._service.context.sync()
            self._service.converge(cache)
            if leading == old.node_id:
                cache.leading = new.node_id
                self._service.converge(cache, await_replicas=False)
        except BaseException:
            cache.extra, cache.leading = [], leading
            self._drop([new])
            raise
        member.placement, cache.extra = new, []
        self._service.context.sync()
        self._service.converge(cache)
        self._drop([old])

    def _drop(self, placements: list[Placement]) -> None:
        """Free nodes that are in no record any more, whatever state they are in."""
        with contextlib.suppress(HostsError):
            self._service.converge(self._cache)
        self._service.placer.release(self._cache, placements)
        self._service.context.sync()

    def _discard(self) -> None:
        cache = self._cache
        self._service.context.engines.remove(cache.engine_id)
        placements = [member.placement for member in cache.members] + cache.extra
        cache.members, cache.extra = [], []
        self._service.placer.release(cache, placements)
        self._service.context.sync()
