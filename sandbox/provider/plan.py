"""What the provider decides before it calls the API: whether inputs are right, and what a change of them means."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .fields import Field
from .input_checks import fault
from .resource_type import AutoName, ResourceType
from .values import UNKNOWN, has_unknown, short_digest

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One property whose new input is not what the state has."""

    name: str
    kind: str
    replaces: bool


def problems(row: ResourceType, given: Properties, region: str) -> Iterator[tuple[str, str]]:
    """Every input that is unknown to the row, missing, of a wrong type, or refused by the row's own check."""
    fields, shape = row.all_fields(), []
    for name, value in given.items():
        if name not in fields:
            shape.append((name, f"{row.token}: input {name!r} is not modelled by the sandbox"))
        elif problem := fault(fields[name], value):
            shape.append((name, f"{row.token}: {name}: {problem}"))
    automatic = row.auto_name.property if row.auto_name else None
    for name, each in fields.items():
        if each.required and given.get(name) is None and name != automatic:
            shape.append((name, f"{row.token}: missing required input {name!r}"))
    if row.regional and given.get("region", region) not in (region, UNKNOWN):
        shape.append(
            ("region", f"{row.token}: the sandbox has one region, {region}; got {given['region']!r}")
        )
    yield from shape
    if not shape and row.check:
        found = row.check(given)
        yield from ((name, f"{row.token}: {reason}") for name, reason in found if given.get(name) != UNKNOWN)


def automatic_name(auto: AutoName, logical_name: str, seed: bytes) -> str:
    """The physical name that the real provider would choose: the logical name and seven hex digits."""
    digits = short_digest(seed, logical_name) if seed else secrets.token_hex(8)
    name = f"{auto.prefix}{logical_name}-{digits[:7]}"
    return name.lower() if auto.lower else name


def too_long(auto: AutoName, logical_name: str) -> str | None:
    """Why a logical name leaves no room for the automatic suffix."""
    if len(auto.prefix) + len(logical_name) + 8 <= auto.limit:
        return None
    return (
        f"name {logical_name!r} plus 8 random chars is longer than maximum length {auto.limit}; "
        f"shorten the resource's name or pass {auto.property}"
    )


def differences(
    row: ResourceType, state: Properties, echo: Properties, new: Properties, default_tags: Mapping[str, str]
) -> list[Difference]:
    """Properties whose input changed, came, or went, compared with the inputs echoed in the state."""
    found = []
    for name, each in row.all_fields().items():
        old_value, new_value = echo.get(name), new.get(name)
        if old_value is None and new_value is None:
            continue
        if new_value is None and each.computed:
            continue
        if old_value is None and not has_unknown(new_value) and state.get(name) is not None:
            old_value = each.limited(new_value, state[name])
        if each.differs(old_value, new_value):
            kind = "ADD" if echo.get(name) is None else "DELETE" if new_value is None else "UPDATE"
            found.append(Difference(name, kind, _replaces(each, state, new_value)))
    if row.tagging and not any(each.name == "tags" for each in found):
        wanted = all_tags(new, default_tags)
        if not has_unknown(wanted) and (state.get("tagsAll") or {}) != wanted:
            found.append(Difference("tagsAll", "UPDATE", False))
    return found


def _replaces(each: Field, state: Properties, new_value: Any) -> bool:
    if callable(each.replaces):
        return not has_unknown(new_value) and each.replaces(state, new_value)
    return each.replaces


def all_tags(given: Properties, default_tags: Mapping[str, str]) -> dict[str, str]:
    """The resource's tags over the provider's default ones."""
    tags = given.get("tags") or {}
    return {**default_tags, **tags} if isinstance(tags, Mapping) else {"unknown": UNKNOWN}


def planned_creation(
    row: ResourceType, given: Properties, region: str, default_tags: Properties
) -> dict[str, Any]:
    """What `preview` can say of a resource not made yet, apart from its inputs: defaults, else unknown."""
    planned: dict[str, Any] = dict.fromkeys(row.outputs, UNKNOWN)
    for name, each in row.all_fields().items():
        if given.get(name) is None and (each.computed or each.default is not None):
            planned[name] = UNKNOWN if each.computed else each.default
    if row.regional:
        planned["region"] = region
    if row.tagging:
        tags = all_tags(given, default_tags)
        planned["tagsAll"] = UNKNOWN if has_unknown(tags) else tags
    return planned


def planned_update(
    row: ResourceType, names: set[str], given: Properties, default_tags: Properties
) -> dict[str, Any]:
    """The outputs that an update of these inputs may change: unknown until it is done."""
    planned: dict[str, Any] = {output: UNKNOWN for name in names for output in row.unsettled.get(name, ())}
    if row.tagging and names & {"tags", "tagsAll"}:
        tags = all_tags(given, default_tags)
        planned["tagsAll"] = UNKNOWN if has_unknown(tags) else tags
    return planned
