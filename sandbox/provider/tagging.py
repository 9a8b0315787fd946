"""Tags: how each service takes them at creation, shows them, and changes them.

A resource without a name of its own gets one more tag at creation, the mark. It is how a resource is found again whose
creation was cut off before its id could be noted; it is never shown as one of the resource's tags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .work import Work

MARK_TAG = "pulumi-sandbox:created-for"

Tags = Mapping[str, str]
Target = Callable[[Work, str], dict[str, str]]


@dataclass(frozen=True)
class Tagging:
    """One service's way with tags. `at_creation` gives the part of the create request that carries them, if any."""

    read: Callable[[Work, str, Mapping[str, Any]], dict[str, str]]
    add: Callable[[Work, str, Tags], object]
    remove: Callable[[Work, str, list[str]], object]
    at_creation: Callable[[Tags], dict[str, Any]] | None = None

    def change(self, work: Work, resource: str, old: Tags, new: Tags) -> None:
        """Makes the tags equal to `new`; what is not in `old` is somebody else's."""
        gone = sorted(set(old) - set(new))
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        if gone:
            self.remove(work, resource, gone)
        if changed:
            self.add(work, resource, changed)


def pairs(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as a list of pairs, sorted so that requests are reproducible."""
    return [{key: name, value: tags[name]} for name in sorted(tags)]


def from_pairs(tags: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """A list of pairs as a dict."""
    return {pair[key]: pair.get(value, "") for pair in tags or []}


def pairs_at_creation(tags: Tags) -> dict[str, Any]:
    """The part of a create request that most services take."""
    return {"Tags": pairs(tags)} if tags else {}


def _tagging_by_calls(target: Target, member: str, add: str, remove: str) -> Tagging:
    """Tags that have calls of their own, which say the resource as `target` gives it."""
    return Tagging(
        read=lambda work, resource, _: from_pairs(
            work.call("list_tags_for_resource", **target(work, resource)).get(member)
        ),
        add=lambda work, resource, tags: work.call(add, **target(work, resource), Tags=pairs(tags)),
        remove=lambda work, resource, keys: work.call(remove, **target(work, resource), TagKeys=keys),
        at_creation=pairs_at_creation,
    )


def listed_tagging(target: Target) -> Tagging:
    """ElastiCache, RDS and Systems Manager: AddTagsToResource and RemoveTagsFromResource."""
    return _tagging_by_calls(target, "TagList", "add_tags_to_resource", "remove_tags_from_resource")


def arn_tagging(kind: str) -> Tagging:
    """ElastiCache and RDS: by the ARN of a named resource of this kind."""
    return listed_tagging(lambda work, name: {"ResourceName": work.arn(f"{kind}:{name}")})


def resource_tagging(target: Target) -> Tagging:
    """CloudWatch and SNS: TagResource and UntagResource."""
    return _tagging_by_calls(target, "Tags", "tag_resource", "untag_resource")


def ec2_tagging(resource_type: str) -> Tagging:
    """EC2: part of the description; set at creation by TagSpecifications."""
    return Tagging(
        read=lambda work, resource, description: from_pairs(description.get("Tags")),
        add=lambda work, resource, tags: work.call("create_tags", Resources=[resource], Tags=pairs(tags)),
        remove=lambda work, resource, keys: work.call(
            "delete_tags", Resources=[resource], Tags=[{"Key": key} for key in keys]
        ),
        at_creation=lambda tags: (
            {"TagSpecifications": [{"ResourceType": resource_type, "Tags": pairs(tags)}]} if tags else {}
        ),
    )
