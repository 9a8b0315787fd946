"""Harm done to a node on purpose, so that what follows can be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import SandboxError
from .errors import Refusal
from .records import Cache, Member

if TYPE_CHECKING:
    from .service import Service

KINDS = ("kill", "freeze", "thaw", "cut", "heal", "cut-replication")
SIGNALS = {"kill": "KILL", "freeze": "STOP", "thaw": "CONT"}


def inflict(service: Service, node: str, kind: str) -> None:
    """Do one kind of harm, or end it: `thaw` ends `freeze`, `heal` ends `cut` and `cut-replication`.

    `cut-replication` on a primary detaches all its replicas, on a replica that one; they keep what they have.
    """
    if kind not in KINDS:
        raise SandboxError(f"unknown fault {kind!r}; there are {', '.join(KINDS)}")
    cache, member = _find(service, node)
    if kind in SIGNALS:
        service.context.engines.signal(member.placement.node_id, SIGNALS[kind])
    elif kind == "cut":
        member.cut = True
        service.set_cut(member.placement.host_id, True)
        service.context.sync()
    elif kind == "heal":
        _heal(service, cache, member)
    else:
        _set_detached(service, cache, member, detached=True)


def _find(service: Service, node: str) -> tuple[Cache, Member]:
    for region in sorted({cache.region for cache in service.caches}):
        try:
            return service.store(region).cluster(node)
        except Refusal:
            continue
    known = ", ".join(member.cluster_id for cache in service.caches for member in cache.members)
    raise SandboxError(f"there is no cache node {node!r}; there are: {known or 'none'}")


def _heal(service: Service, cache: Cache, member: Member) -> None:
    member.cut = False
    # A node that was given up meanwhile stays cut off until it has learned its new role.
    if not member.fenced:
        service.set_cut(member.placement.host_id, False)
    service.context.sync()
    _set_detached(service, cache, member, detached=False)


def _set_detached(service: Service, cache: Cache, member: Member, detached: bool) -> None:
    followers = cache.replicas if member.cluster_id == cache.primary else [member]
    changed = [follower for follower in followers if follower.detached != detached]
    if not changed:
        return
    with cache.busy:
        for follower in changed:
            follower.detached = detached
        service.converge(cache)
