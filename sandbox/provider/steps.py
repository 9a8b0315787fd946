"""The steps that call the API, for any row: create, read, update, delete, find again. Plain values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from .errors import is_gone
from .fields import described, dig
from .plan import all_tags
from .resource_type import Change, ResourceType
from .tagging import MARK_TAG
from .work import Work

Properties = Mapping[str, Any]


def start(row: ResourceType, work: Work, given: Properties, default_tags: Mapping[str, str]) -> str:
    """Makes the resource, with its tags where the API takes them at creation; returns its id.

    Defaults are sent, as the real provider does, since the API's own may differ.
    """
    work.tags = all_tags(given, default_tags)
    if row.tagging and row.tagging.at_creation:
        marked = {MARK_TAG: work.mark} if row.marked and work.mark else {}
        work.tag_request = row.tagging.at_creation({**work.tags, **marked})
    defaults = {name: each.default for name, each in row.fields.items() if each.default is not None}
    return row.create(work, {**defaults, **given})


def finish(row: ResourceType, work: Work, resource: str, given: Properties) -> None:
    """What follows the creating call: settings with calls of their own, tags, and waiting. May be done again."""
    fields = row.all_fields()
    if row.settle:
        row.settle(work, resource, given)
    for group in row.after_create:
        names = {name for name, each in fields.items() if each.group == group and name in given}
        if any(fields[name].differs(None, given[name]) for name in names):
            row.updates[group](work, resource, Change(given, {}, frozenset(names)))
    if row.tagging and not row.tagging.at_creation and work.tags:
        row.tagging.add(work, resource, work.tags)
    if row.ready:
        row.ready(work, resource, given)


def look(
    row: ResourceType, work: Work, resource: str, state: Properties, default_tags: Mapping[str, str]
) -> dict[str, Any] | None:
    """Everything that can be seen of the resource: inputs as they would have been given, and outputs. None: gone."""
    try:
        description = row.describe(work, resource, state)
        if description is None:
            return None
        live = described(row.all_fields(), description)
        for name, source in row.outputs.items():
            value = (
                dig(description, source) if isinstance(source, str) else source(work, resource, description)
            )
            if value is not None:
                live[name] = value
        if row.tagging:
            found = row.tagging.read(work, resource, description)
            live |= _tags(found, state.get("tags") or {}, default_tags)
    except ClientError as exc:
        if is_gone(exc):
            return None
        raise
    return live | ({"region": work.region} if row.regional else {})


def _tags(
    found: Mapping[str, str], given: Mapping[str, str], default_tags: Mapping[str, str]
) -> dict[str, Any]:
    """`tags` without what only the provider's default tags brought, and `tagsAll`; neither shows the mark."""
    every = {key: value for key, value in found.items() if key != MARK_TAG and not key.startswith("aws:")}
    own = {key: value for key, value in every.items() if key in given or default_tags.get(key) != value}
    return {"tags": own, "tagsAll": every}


def change(
    row: ResourceType,
    work: Work,
    resource: str,
    new: Properties,
    old: Properties,
    names: set[str],
    default_tags: Mapping[str, str],
) -> None:
    """Sends the changed inputs, one call for each group of them, in the row's order."""
    fields = row.all_fields()
    work.tags = all_tags(new, default_tags)
    for group, send in (*row.updates.items(), *row.last_updates.items()):
        touched = frozenset(name for name in names if name in fields and fields[name].group == group)
        if touched:
            send(work, resource, Change(new, old, touched))
    if row.tagging and names & {"tags", "tagsAll"}:
        row.tagging.change(work, resource, old.get("tagsAll") or {}, work.tags)
    if row.ready:
        row.ready(work, resource, new)


def remove(row: ResourceType, work: Work, resource: str, state: Properties) -> None:
    """Deletes the resource and waits until it is gone; one that is gone already is fine."""
    work.retry_while_in_use(lambda: row.delete(work, resource, state))


def find(row: ResourceType, work: Work, given: Properties) -> str | None:
    """The id of a resource whose creation was cut off; None when it was not made."""
    if row.find is None:
        return None
    try:
        return row.find(work, given)
    except ClientError as exc:
        if is_gone(exc):
            return None
        raise
