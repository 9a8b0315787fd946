"""Parameters of an engine's family: which exist, what they accept, and how a value is written (R171)."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .engines import DEFAULT_VERSIONS, older
from .engines import family as engine_family
from .wording import did_you_mean, one_of

_NEAR_MISS = 0.85
"""One wrong letter in a word of seven: a sister of a known parameter, which a newer version may have, is further."""


class Findings(NamedTuple):
    """What is wrong with some parameters, by name, and what to know about the others."""

    faults: dict[str, str]
    warnings: list[str]


@functools.cache
def _families() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / "parameters.json").read_text("utf-8"))["families"]


def as_text(value: object) -> str:
    """Return a value as ElastiCache takes it; YAML reads an unquoted yes as true."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def check_parameters(family: str, parameters: Mapping[str, object], version: str | None = None) -> Findings:
    """Check names and values against the family, and the version within it when it is given.

    A family this package does not know is not checked. The list of names is certain for few families, so only a
    near miss of a known name is refused, and any other unknown one warns.
    """
    found = Findings({}, [])
    known = _families().get(family, {}).get("parameters")
    if known is None:
        return found
    for name, value in parameters.items():
        fault = _fault(family, known, version, name, value)
        if fault:
            found.faults[name] = fault
        elif name not in known:
            hint = did_you_mean(name, known)
            found.warnings.append(
                f"parameter {name!r} is not known in family {family}{hint or ';'} going on unchecked (R171)"
            )
    if {"reserved-memory", "reserved-memory-percent"} <= set(parameters):
        found.faults["reserved-memory"] = "excludes reserved-memory-percent; give one of them"
    return found


def _fault(
    family: str, known: Mapping[str, Any], version: str | None, name: str, value: object
) -> str | None:
    if isinstance(value, Mapping | list) or value is None:
        return f"must be text or a number, got {value!r}"
    if name in known:
        floor = known[name]["min_version"]
        if version and floor and older(version, floor):
            return f"needs {_families()[family]['engine']} {floor} or later, got {version}"
        if name == "cluster-enabled" and as_text(value) == "yes":
            return "turns cluster mode on, for which there is no component yet"
        return _value_fault(known[name], as_text(value))
    last = _removed_with(family, name)
    if last:
        return f"is gone since family {last}"
    hint = did_you_mean(name, known, cutoff=_NEAR_MISS)
    return f"unknown in family {family}{hint}" if hint else None


def _removed_with(family: str | None, name: str) -> str | None:
    """Return the family that took this parameter away, None for one there never was."""
    while family:
        if name in _families()[family]["removed"]:
            return family
        family = _families()[family]["inherits"]
    return None


def _value_fault(item: Mapping[str, Any], value: str) -> str | None:
    if item["modifiable"] == "no":
        return f"cannot be changed on ElastiCache{_reason(item)}"
    if value == item["default"]:
        return None
    allowed = item["allowed"]
    if allowed["kind"] == "enum" and value not in allowed["values"]:
        return f"must be {one_of(allowed['values'])}, got {value!r}{did_you_mean(value, allowed['values'])}"
    if allowed["kind"] in ("int_range", "int_set_or_range"):
        return _number_fault(allowed, value)
    if allowed["kind"] == "regex" and not re.fullmatch(allowed["pattern"], value):
        return f"must be of the form {allowed['pattern']}, got {value!r}"
    if allowed["kind"] == "float_range" and not re.fullmatch(r"\d+(\.\d+)?", value):
        return f"must be a number, got {value!r}"
    if allowed["kind"] == "rename_pairs" and len(value.split()) % 2:
        return f"must be pairs of a command and its new name, got {value!r}"
    return None


def _number_fault(allowed: Mapping[str, Any], value: str) -> str | None:
    if not re.fullmatch(r"-?\d+", value):
        return f"must be a whole number, got {value!r}"
    low, high = allowed["min"], allowed["max"]
    number, also = int(value), allowed.get("values", [])
    if number in also or ((low is None or number >= low) and (high is None or number <= high)):
        return None
    span = f"{low}-{high}"
    if low is None or high is None:
        span = f"{high} or less" if low is None else f"{low} or more"
    others = f" (or {one_of(list(map(str, also)))})" if also else ""
    return f"must be {span}{others}, got {number}"


def _reason(item: Mapping[str, Any]) -> str:
    return f" ({item['note']})" if item["note"] and ".json" not in item["note"] else ""


def most_clients(engine: str, node_type: str) -> int:
    """Return how many clients a node of this type admits at once; nobody can change it (R181)."""
    known = _families()[engine_family(engine, DEFAULT_VERSIONS[engine])]["parameters"]
    item = known.get("maxclients") or known["max_simultaneous_connections"]
    return item.get("default_by_node_type_exceptions", {}).get(node_type) or int(item["default"])
