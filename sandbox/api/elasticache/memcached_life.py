"""How a Memcached cluster comes to be, grows, shrinks, restarts, and gets lost nodes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .lifecycle import Lifecycle
from .memcached_specification import own_parameters
from .records import AVAILABLE, Cache, Member

if TYPE_CHECKING:
    from .service import Service

# Between the moment a node is not listed any more and its end: a client learns it at its next look.
LEAVE_SECONDS = 1.0


class MemcachedLife(Lifecycle):
    """Works on one cluster, whose `busy` lock the caller holds."""

    def _placed(self, name: str, zone: str, subnet_id: str) -> Member:
        """A node, whose name is its number in the cluster."""
        cache = self._cache
        placement = self._service.placer.place(cache, f"{cache.name}.{name}", subnet_id)
        return Member(cache.name, zone, subnet_id, placement, node=name)

    def delete(self) -> None:
        """End the processes, free the interfaces, forget the records."""
        cache = self._cache
        self._discard()
        with self._service.lock:
            self._store.clusters.pop(cache.name, None)
            self._store.tags.pop(self._store.cache_arn(cache), None)
        self._tell("Cache cluster deleted")

    def create(self) -> None:
        """Start all nodes of a new cluster; when that fails, no process and no interface is left."""
        self._begin()
        for member in self._cache.members:
            self._tell(f"Added cache node {member.node} in availability zone {member.zone}")
        self._tell("Cache cluster created")

    def grow(self, members: list[Member]) -> None:
        """Add nodes; clients are told of them when they run."""
        for member in members:
            member.listed = False
        self._join(members)
        for member in members:
            member.listed, member.started_with = True, own_parameters(self._store, self._cache)
        self._change_list()
        for member in members:
            self._tell(f"Added cache node {member.node} in availability zone {member.zone}")

    def shrink(self, nodes: list[str]) -> None:
        """Remove nodes, and what they hold: clients are told first."""
        cache = self._cache
        gone = [member for member in cache.members if member.node in nodes]
        for member in gone:
            member.listed = False
        self._change_list()
        time.sleep(LEAVE_SECONDS)
        cache.members = [member for member in cache.members if member not in gone]
        self._service.converge(cache)
        self._drop([member.placement for member in gone])
        for member in gone:
            self._tell(f"Removed cache node {member.node} from availability zone {member.zone}")

    def restart(self, nodes: list[str]) -> None:
        """Restart the engine of nodes, which come back empty and with the parameters of now."""
        for member in self._chosen(nodes):
            self._service.context.engines.signal(member.placement.node_id, "KILL")
            self._tell(f"Cache node {member.node} shutdown")
        for member in self._chosen(nodes):
            member.started_with = own_parameters(self._store, self._cache)
            member.fenced, member.in_service = member.cut, not member.cut
        self._service.converge(self._cache)
        for member in self._chosen(nodes):
            self._tell(f"Cache node {member.node} restarted")

    def lose(self, member: Member) -> None:
        """A node does not answer: the configuration endpoint leads to another one. The list still has it."""
        member.fenced, member.in_service, member.status = True, False, "modifying"
        member.fenced_since = time.monotonic()
        self._service.context.sync()

    def recover(self, member: Member) -> None:
        """A lost node is there again: with what it held, or empty where its process had ended."""
        cache = self._cache
        self._tell(f"Recovering cache nodes {member.node}")
        member.fenced = False
        state = self._service.context.engines.state(cache.engine_id)
        if not state.get(member.placement.node_id, {}).get("running"):
            member.started_with = own_parameters(self._store, cache)
        try:
            self._service.converge(cache)
        except BaseException:
            member.fenced = True
            raise
        self._return(member)

    def replace(self, member: Member) -> None:
        """Give a node that stays away a new place: the same name, another address, nothing in it."""
        cache, old = self._cache, member.placement
        self._tell(f"Recovering cache nodes {member.node}")
        member.placement = self._service.placer.place(cache, f"{cache.name}.{member.node}", member.subnet_id)
        member.fenced, member.started_with = False, own_parameters(self._store, cache)
        try:
            self._service.context.sync()
            cache.list_version += 1
            self._service.converge(cache)
        except BaseException:
            new, member.placement, member.fenced = member.placement, old, True
            self._drop([new])
            raise
        self._drop([old])
        self._return(member)

    def _return(self, member: Member) -> None:
        member.in_service, member.status, member.silent_since = True, AVAILABLE, None
        self._tell(f"Finished recovery for cache nodes {member.node}")
        self._service.context.sync()

    def _change_list(self) -> None:
        self._cache.list_version += 1
        self._service.converge(self._cache)

    def _chosen(self, nodes: list[str]) -> list[Member]:
        return [member for member in self._cache.members if member.node in nodes]

    def _tell(self, message: str) -> None:
        self._store.event(self._cache.kind, self._cache.name, message)


def new_cluster(service: Service, cache: Cache, nodes: list[str], zones: list[str]) -> MemcachedLife:
    """Places the nodes of a cluster that is about to be created."""
    life = MemcachedLife(service, cache)
    cache.members = life.place_members(nodes, zones)
    started_with: dict[str, Any] = own_parameters(service.store(cache.region), cache)
    for member in cache.members:
        member.started_with = dict(started_with)
    return life
