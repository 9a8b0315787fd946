"""One row of the tables: how a Pulumi resource type is made, seen, changed and removed through the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .fields import Field, dig, request
from .tagging import MARK_TAG, Tagging, from_pairs
from .work import Work

Properties = Mapping[str, Any]
Output = str | Callable[[Work, str, Properties], Any]


@dataclass(frozen=True)
class Change:
    """What an update has to bring about."""

    new: Properties
    old: Properties
    names: frozenset[str]


@dataclass(frozen=True)
class AutoName:
    """The property that gets a name of its own when none is given: NAME-7hex, within the limit."""

    property: str = "name"
    limit: int = 255
    lower: bool = False
    prefix: str = ""


@dataclass(frozen=True)
class ResourceType:
    """A row. Functions get the work at hand, the resource's id, and plain properties.

    - `create` makes the resource and returns its id; `describe` returns the API's description, or None when it is gone;
    - `outputs` are paths into the description, or functions of it;
    - `updates` maps a group of fields to the call that sends them, in the order of the calls, `last_updates` those
      that come after all others; the groups named in
      `after_create` are also sent after creation when one of their fields was given;
    - `settle` is what must follow the creating call, once;
    - `ready` waits until the resource can be used;
    - `find` returns the id of a resource whose creation was cut off, if it was made; `marked` rows carry the mark; a
      row without `find` is created by a call that may simply be made again;
    - `unsettled` maps an input to the outputs that may change with it;
    - `check` returns problems that the real provider reports before anything is changed, as (property, reason);
    - `engine` is whose server program runs behind the resource, unless its property `engine` names another.
    """

    token: str
    service: str
    fields: Mapping[str, Field]
    create: Callable[[Work, Properties], str]
    describe: Callable[[Work, str, Properties], Properties | None]
    delete: Callable[[Work, str, Properties], None]
    outputs: Mapping[str, Output] = field(default_factory=dict)
    secret_outputs: frozenset[str] = frozenset()
    updates: Mapping[str, Callable[[Work, str, Change], object]] = field(default_factory=dict)
    last_updates: Mapping[str, Callable[[Work, str, Change], object]] = field(default_factory=dict)
    after_create: tuple[str, ...] = ()
    settle: Callable[[Work, str, Properties], object] | None = None
    ready: Callable[[Work, str, Properties], object] | None = None
    find: Callable[[Work, Properties], str | None] | None = None
    marked: bool = False
    tagging: Tagging | None = None
    auto_name: AutoName | None = None
    delete_before_replace: bool = False
    unsettled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    check: Callable[[Properties], list[tuple[str, str]]] | None = None
    engine: str = ""
    regional: bool = True
    timeouts: tuple[float, float, float] = (600, 600, 600)

    def all_fields(self) -> dict[str, Field]:
        """The fields of the row with those that every resource has."""
        common = {"region": Field(computed=True, replaces=True)} if self.regional else {}
        tags = {"tags": Field("map", group="tags")} if self.tagging else {}
        return {**self.fields, **tags, **common}


def creating(
    row_fields: Mapping[str, Field], operation: str, id_path: str, **fixed: Any
) -> Callable[..., str]:
    """A `create` that is one call: fields to request, id from the response. Tags ride along."""

    def create(work: Work, given: Properties) -> str:
        response = work.call(operation, **request(row_fields, given), **fixed, **work.tag_request)
        return dig(response, id_path)

    return create


def describing(operation: str, parameter: str, path: str) -> Callable[..., Properties | None]:
    """A `describe` that is one call with a list of one id; None when the list in the answer is empty."""

    def describe(work: Work, resource: str, state: Properties) -> Properties | None:
        return dig(work.call(operation, **{parameter: [resource]}), path)

    return describe


def deleting(operation: str, parameter: str, **fixed: Any) -> Callable[..., None]:
    """A `delete` that is one call."""

    def delete(work: Work, resource: str, state: Properties) -> None:
        work.call(operation, **{parameter: resource}, **fixed)

    return delete


def finding_by_mark(operation: str, member: str, id_member: str) -> Callable[..., str | None]:
    """A `find` for EC2 resources, which have no names: by the tag set at creation."""

    def find(work: Work, given: Properties) -> str | None:
        wanted = [{"Name": f"tag:{MARK_TAG}", "Values": [work.mark]}]
        for item in work.call(operation, Filters=wanted)[member] if work.mark else ():
            for each in item.get("Instances", [item]):
                if from_pairs(each.get("Tags")).get(MARK_TAG) == work.mark and not _is_ended(each):
                    return each[id_member]
        return None

    return find


def _is_ended(description: Properties) -> bool:
    """Some resources are described for a while after they are gone."""
    state = description.get("State")
    name = state.get("Name") if isinstance(state, Mapping) else state
    return str(name).lower() in ("deleted", "deleting", "terminated", "shutting-down")


def finding_by_name(
    property_name: str, exists: Callable[[Work, str, Properties], Any], lower: bool = False
) -> Callable[..., str | None]:
    """A `find` for resources whose id is their name; some services keep it in lower case."""

    def find(work: Work, given: Properties) -> str | None:
        name = given[property_name].lower() if lower else given[property_name]
        return name if exists(work, name, given) else None

    return find


def table(*rows: ResourceType) -> dict[str, ResourceType]:
    """Rows by their type token."""
    return {row.token: row for row in rows}
