"""Harm done to a node on purpose, so that what follows can be watched."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ...engines.errors import EngineError
from ...errors import SandboxError
from .records import GROUP, Cache, Member

if TYPE_CHECKING:
    from .service import Service

SIGNALS = {"kill": "KILL", "freeze": "STOP", "thaw": "CONT"}
# kind: (what an amount means, without one, at most)
AMOUNTS = {"slow": ("milliseconds", 100.0, 60_000.0), "lose": ("percent", 1.0, 100.0)}
ROLES = ("primary", "replica")
KINDS = (*SIGNALS, "cut", *AMOUNTS, "cut-replication", "heal")
DONE = {
    "kill": "its processes were killed",
    "freeze": "frozen",
    "thaw": "goes on",
    "cut": "no packet reaches or leaves it",
    "slow": "replies come {amount:g} ms late",
    "lose": "{amount:g} % of the replies are lost, and their connections with them",
    "cut-replication": "replication is cut",
    "heal": "no fault is left",
}

Known = list[tuple[Cache, Member]]


def inflict(service: Service, node: str, kind: str, amount: float | None = None) -> str:
    """Do one kind of harm, or end it: `heal` ends all, `thaw` only `freeze`. Returns what was done, in words.

    `cut-replication` on a primary detaches all its replicas, on a replica that one; they keep what they have.
    Raises SandboxError where that cannot be: no such node, an amount out of range, a node that does not take it.
    """
    amount = _amount(kind, amount)
    cache, member = find_node(service, node)
    try:
        _inflict(service, cache, member, kind, amount)
    except EngineError as error:
        raise SandboxError(f"{cache.label(member)} cannot be harmed so now: {error}") from error
    return f"{cache.label(member)}: {DONE[kind].format(amount=amount)}"


def _inflict(service: Service, cache: Cache, member: Member, kind: str, amount: float) -> None:
    engines, node_id = service.context.engines, member.placement.node_id
    if kind in SIGNALS:
        engines.signal(node_id, SIGNALS[kind])
    elif kind == "cut":
        member.cut = True
        service.set_cut(member.placement.host_id, True)
        service.context.sync()
    elif kind == "slow":
        engines.disturb(node_id, delay_milliseconds=amount)
    elif kind == "lose":
        engines.disturb(node_id, loss_percent=amount)
    elif kind == "heal":
        _heal(service, cache, member)
    elif cache.is_memcached:
        raise SandboxError(f"{cache.label(member)} is a Memcached node, and nothing is replicated there")
    else:
        _set_detached(service, cache, member, detached=True)


def find_node(service: Service, name: str) -> tuple[Cache, Member]:
    """A node by its id as `status` shows it, a Memcached node also by its number, or one by its role.

    A number and a role have to mean one cache; among several replicas `replica` is the first by name.
    """
    known = [(cache, member) for cache in service.caches for member in cache.members]
    wanted = name.lower().replace("/", ".")
    found = [(cache, member) for cache, member in known if cache.label(member) == wanted]
    found = found or _by_role(known, wanted) or [one for one in known if _is_number(*one, wanted)]
    if len({cache.engine_id for cache, _ in found}) == 1:
        return found[0]
    if found:
        meant = ", ".join(cache.label(member) for cache, member in found)
        raise SandboxError(f"{name!r} can mean several cache nodes: {meant}")
    labels = sorted(cache.label(member) for cache, member in known)
    roles = [role for role in ROLES if _by_role(known, role)]
    near = difflib.get_close_matches(wanted, [*labels, *roles], 1)
    hint = f" did you mean {near[0]}?" if near else ""
    raise SandboxError(f"there is no cache node {name!r};{hint} there are: {', '.join(labels) or 'none'}")


def _by_role(known: Known, role: str) -> Known:
    if role not in ROLES:
        return []
    fitting = [
        (cache, member)
        for cache, member in known
        if not cache.is_memcached and (member.cluster_id == cache.primary) == (role == "primary")
    ]
    groups = [one for one in fitting if one[0].kind == GROUP]
    return sorted(groups or fitting, key=lambda one: one[1].cluster_id)


def _is_number(cache: Cache, member: Member, wanted: str) -> bool:
    return cache.is_memcached and member.node == wanted


def _amount(kind: str, amount: float | None) -> float:
    if kind not in KINDS:
        raise SandboxError(f"unknown fault {kind!r}; there are {', '.join(KINDS)}")
    if kind not in AMOUNTS:
        if amount is not None:
            raise SandboxError(f"{kind} takes no amount, got {amount:g}")
        return 0
    unit, without, most = AMOUNTS[kind]
    amount = without if amount is None else amount
    if not 0 < amount <= most:
        raise SandboxError(f"{kind} takes {unit} above 0 and up to {most:g}, got {amount:g}")
    return amount


def _heal(service: Service, cache: Cache, member: Member) -> None:
    service.context.engines.signal(member.placement.node_id, SIGNALS["thaw"])
    service.context.engines.disturb(member.placement.node_id)
    member.cut = False
    # A node that was given up meanwhile stays cut off until it has learned its new role.
    if not member.fenced or cache.is_memcached:
        service.set_cut(member.placement.host_id, False)
    service.context.sync()
    if not cache.is_memcached:
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
