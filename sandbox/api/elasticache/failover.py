"""What happens when a node is lost: fence it, promote, let the names follow, bring it back as a replica."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ...engines.errors import EngineError
from .records import AVAILABLE, GROUP, Cache, Member

if TYPE_CHECKING:
    from .service import Service

States = dict[str, dict[str, Any]]


class Failover:
    """Works on one cache, whose `busy` lock the caller holds."""

    def __init__(self, service: Service, cache: Cache) -> None:
        self._service = service
        self._cache = cache
        self._store = service.store(cache.region)

    def lose_primary(self, states: States) -> None:
        """The primary is lost: promote where that is allowed, else get the same primary back."""
        cache = self._cache
        lost = cache.primary_member
        self._fence(lost, states)
        best = self._most_advanced(states)
        if best is None:
            self._restart_alone(lost)
            return
        for replica in cache.replicas:
            replica.detached = False
        self._promote(best, lost)
        if not cache.settings.automatic_failover:
            self._give_back(lost)
            return
        cache.primary = best.cluster_id
        self._service.context.sync()
        text = f"Failover from primary node {lost.cluster_id} to replica node {best.cluster_id} completed"
        self._store.member_event(lost, text)
        self._store.event(GROUP, cache.name, text)
        self._service.context.log.info("%s: %s", cache.name, text)
        self._service.converge(cache)

    def lose_replica(self, lost: Member, states: States) -> None:
        """A replica is lost: readers are not sent there any more."""
        self._fence(lost, states)
        self._service.context.sync()

    def recover(self, member: Member) -> None:
        """Bring a fenced node back: dead ones start anew, live ones become replicas; its own data is dropped."""
        cache = self._cache
        self._store.member_event(member, "Recovering cache nodes 0001")
        member.fenced, member.detached = False, False
        try:
            # Still cut off while it learns its role: no client may find two primaries.
            self._service.converge(cache, await_replicas=False)
            self._set_cut(member, False)
            self._service.converge(cache)
        except EngineError:
            self._fence(member, {})
            raise
        member.in_service, member.status, member.silent_since = True, AVAILABLE, None
        self._store.member_event(member, "Finished recovery for cache nodes 0001")
        self._service.context.sync()

    def rebuild(self, member: Member) -> None:
        """Replace what did not come back by itself."""
        self._service.context.engines.signal(member.placement.node_id, "KILL")
        self.recover(member)

    def _fence(self, member: Member, states: States) -> None:
        """Keep a node from serving anybody, whatever it does next; an ended process needs no cut."""
        member.fenced, member.in_service = True, False
        member.fenced_since = time.monotonic()
        member.status = "modifying"
        if states.get(member.placement.node_id, {}).get("running", True):
            self._set_cut(member, True)

    def _set_cut(self, member: Member, cut: bool) -> None:
        self._service.set_cut(member.placement.host_id, cut or member.cut)
        self._service.context.sync()

    def _most_advanced(self, states: States) -> Member | None:
        """The replica that has the most of the primary's stream."""
        alive = [
            member
            for member in self._cache.replicas
            if states.get(member.placement.node_id, {}).get("responding")
            and not member.cut
            and not member.fenced
        ]
        return max(alive, key=lambda member: int(states[member.placement.node_id]["offset"]), default=None)

    def _promote(self, best: Member, lost: Member) -> None:
        """Give a replica the role. When that fails the old primary keeps it, and is lost again at the next look."""
        cache = self._cache
        cache.leading = best.placement.node_id
        try:
            self._service.converge(cache, await_replicas=False)
        except EngineError:
            cache.leading = lost.placement.node_id
            lost.fenced, lost.in_service = False, True
            self._set_cut(lost, False)
            raise

    def _restart_alone(self, lost: Member) -> None:
        """Nobody has the data: a new process starts empty, as a replaced node of the service does.

        One that is only cut off keeps its data until the cut is healed.
        """
        if lost.cut:
            return
        self._cache.leading = lost.placement.node_id
        self._service.context.engines.signal(lost.placement.node_id, "KILL")
        self.recover(lost)

    def _give_back(self, lost: Member) -> None:
        """Without automatic failover the role stays where it was: a replica keeps the data until the node is back."""
        self._service.context.engines.signal(lost.placement.node_id, "KILL")
        self.recover(lost)
        self._cache.leading = lost.placement.node_id
        self._service.converge(self._cache)
