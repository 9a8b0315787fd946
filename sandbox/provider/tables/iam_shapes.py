"""What IAM's resources have in common: tags, and policy documents as text."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from ..resource_type import Properties
from ..tagging import Tagging, from_pairs, pairs, pairs_at_creation
from ..work import Work


def tagging(thing: str, parameter: str) -> Tagging:
    """IAM: part of the description; each kind of thing has calls of its own."""

    def read(work: Work, resource: str, description: Properties) -> dict[str, str]:
        return from_pairs(description.get("Tags"))

    def add(work: Work, resource: str, tags: Any) -> None:
        work.call(f"tag_{thing}", **{parameter: resource}, Tags=pairs(tags))

    def remove(work: Work, resource: str, keys: list[str]) -> None:
        work.call(f"untag_{thing}", **{parameter: resource}, TagKeys=keys)

    return Tagging(read, add, remove, pairs_at_creation)


def text_of(policy: Any) -> str:
    """A policy document as text: botocore gives objects, some services URL-encoded text."""
    return (
        policy
        if isinstance(policy, str) and policy.startswith("{")
        else (unquote(policy) if isinstance(policy, str) else json.dumps(policy))
    )
