"""Tags of every resource that has an ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import checks
from ..errors import Refusal
from ..records import GROUP
from ..registry import operation
from ..store import Store

if TYPE_CHECKING:
    from ..service import Service


@operation("ListTagsForResource")
def show(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """All tags of a resource."""
    return _answer(_tags(store, parameters["ResourceName"]))


@operation("AddTagsToResource")
def add(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Add tags, or change the values of those that are there; a group's go to its members too (R25)."""
    arn = parameters["ResourceName"]
    new = checks.tags(parameters.get("Tags"))
    merged = {**_tags(store, arn), **new}
    checks.tags([{"Key": key, "Value": value} for key, value in merged.items()])
    for one in _with_members(store, arn):
        store.tags[one] = {**store.tags.get(one, {}), **new}
    return _answer(store.tags[arn])


@operation("RemoveTagsFromResource")
def remove(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Remove tags by key."""
    arn, keys = parameters["ResourceName"], parameters.get("TagKeys") or []
    present = _tags(store, arn)
    for key in keys:
        if key not in present:
            raise Refusal("TagNotFound", f"Tag {key} not found on {arn}.")
    for one in _with_members(store, arn):
        store.tags[one] = {key: value for key, value in store.tags.get(one, {}).items() if key not in keys}
    return _answer(store.tags[arn])


def _answer(tags: dict[str, str]) -> dict[str, Any]:
    return {"TagList": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _tags(store: Store, arn: str) -> dict[str, str]:
    """The tags of a resource that exists; a member has its group's until it gets its own."""
    parts = arn.split(":")
    if (
        len(parts) < 7
        or parts[2] != "elasticache"
        or ":".join(parts[3:5]) != f"{store.region}:{store.account_id}"
    ):
        raise Refusal("InvalidARN", f"{arn} is not a valid ARN of this account and region.")
    kind, name = parts[5], ":".join(parts[6:])
    if kind == "replicationgroup":
        store.group(name)
    elif kind == "cluster":
        cache, _ = store.cluster(name)
        if cache.kind == GROUP and arn not in store.tags:
            store.tags[arn] = dict(store.tags.get(store.cache_arn(cache), {}))
    elif kind == "subnetgroup":
        store.subnet_group(name)
    elif kind == "parametergroup":
        store.parameter_group(name)
    elif kind == "snapshot":
        store.snapshot(name)
    else:
        raise Refusal(
            "InvalidARN", f"{arn} names a kind of resource that the sandbox does not model: {kind}."
        )
    return store.tags.setdefault(arn, {})


def _with_members(store: Store, arn: str) -> list[str]:
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind != "replicationgroup":
        return [arn]
    members = [store.arn("cluster", member.cluster_id) for member in store.group(name).members]
    for member in members:
        store.tags.setdefault(member, dict(store.tags.get(arn, {})))
    return [arn, *members]
