"""Watches the nodes of available caches, and acts when one is lost or comes back."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ...hosts.errors import HostsError, HostsGone
from . import windows
from .changes import apply_pending
from .failover import Failover, States
from .memcached_changes import apply_pending_nodes
from .memcached_life import MemcachedLife
from .records import AVAILABLE, MODIFYING, Cache, Member, now

if TYPE_CHECKING:
    from .service import Service

POLL_SECONDS = 0.1
# How long a node may be silent before it is taken for lost; an ended process is lost at once.
DETECTION_SECONDS = 1.0
# How long a lost node may take to come back by itself before it is replaced.
REPLACE_SECONDS = 30.0


class Monitor:
    """A thread that looks at every node ten times a second."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="cache-monitor", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when the last look is over."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            caches = {cache.engine_id: cache for cache in self._service.caches if cache.status == AVAILABLE}
            if not caches:
                continue
            asked = time.monotonic()
            try:
                states = self._service.context.engines.states(list(caches))
            except HostsGone:
                return
            except HostsError:
                self._service.context.log.exception("the state of the caches cannot be had")
                continue
            for engine_id, cache in caches.items():
                verdicts = self._verdicts(cache, states.get(engine_id, {}), asked)
                if any(verdicts.values()) or self._may_apply_pending(cache):
                    self._care_for(cache, verdicts, states.get(engine_id, {}))

    def _verdicts(self, cache: Cache, states: States, asked: float) -> dict[str, str]:
        """What is to be done about each member."""
        gone = {"running": False, "responding": False}
        return {
            cache.label(member): self._verdict(member, states.get(member.placement.node_id, gone), asked)
            for member in cache.members
        }

    def _may_apply_pending(self, cache: Cache) -> bool:
        return bool(cache.pending) and windows.is_open(cache.settings.maintenance_window, now())

    def _verdict(self, member: Member, state: dict[str, Any], asked: float) -> str:
        """What is to be done about a node: "lost", "recover", "rebuild" or nothing."""
        answers = state["responding"] and not member.cut
        if member.fenced:
            if answers or not state["running"]:
                return "" if member.cut else "recover"
            waited = time.monotonic() - member.fenced_since
            return "rebuild" if waited > REPLACE_SECONDS and not member.cut else ""
        if not state["running"]:
            return "lost"
        if answers:
            member.silent_since = None
            return ""
        member.silent_since = member.silent_since or asked
        return "lost" if time.monotonic() - member.silent_since >= DETECTION_SECONDS else ""

    def _care_for(self, cache: Cache, verdicts: dict[str, str], states: States) -> None:
        """Act on one cache; while something else changes it, its turn comes later."""
        if not cache.busy.acquire(blocking=False):
            return
        try:
            with self._service.lock:
                if cache.status != AVAILABLE:
                    return
                cache.status = MODIFYING
            try:
                self._act(cache, verdicts, states)
            finally:
                cache.status = AVAILABLE
        except HostsGone:
            self._stopped.set()
        except HostsError as error:
            self._service.context.log.warning("cache %s: %s; trying again", cache.name, error)
        finally:
            cache.busy.release()

    def _act(self, cache: Cache, verdicts: dict[str, str], states: States) -> None:
        if cache.is_memcached:
            self._act_on_nodes(cache, verdicts)
            return
        failover = Failover(self._service, cache)
        if verdicts.get(cache.primary) == "lost":
            failover.lose_primary(states)
            return
        for member in list(cache.members):
            verdict = verdicts.get(member.cluster_id)
            if verdict == "lost":
                failover.lose_replica(member, states)
            elif verdict == "recover":
                failover.recover(member)
            elif verdict == "rebuild":
                failover.rebuild(member)
        if self._may_apply_pending(cache):
            apply_pending(self._service, cache)

    def _act_on_nodes(self, cache: Cache, verdicts: dict[str, str]) -> None:
        """Memcached: no node stands for another, so each is cared for by itself."""
        life = MemcachedLife(self._service, cache)
        actions = {"lost": life.lose, "recover": life.recover, "rebuild": life.replace}
        for member in list(cache.members):
            verdict = verdicts.get(cache.label(member))
            if verdict:
                actions[verdict](member)
        if self._may_apply_pending(cache):
            apply_pending_nodes(self._service, cache)
