"""Parameters of an engine's family: which exist, what they accept, and how a value is written (R171)."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .wording import did_you_mean, one_of


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


def check_parameters(family: str, parameters: Mapping[str, object]) -> Findings:
    """Check names and values against the family; a family this package does not know is not checked.

    The list of names is certain for few families, so a name unlike any known one only warns.
    """
    found = Findings({}, [])
    known = _families().get(family, {}).get("parameters")
    if known is None:
        return found
    for name, value in parameters.items():
        if isinstance(value, Mapping | list) or value is None:
            found.faults[name] = f"must be text or a number, got {value!r}"
        elif name in known:
            fault = _value_fault(known[name], as_text(value))
            if fault:
                found.faults[name] = fault
        elif did_you_mean(name, known):
            found.faults[name] = f"unknown in family {family}{did_you_mean(name, known)}"
        else:
            found.warnings.append(f"parameter {name!r} is not known in family {family}; going on unchecked")
    if {"reserved-memory", "reserved-memory-percent"} <= set(parameters):
        found.faults["reserved-memory"] = "excludes reserved-memory-percent; give one of them"
    return found


def _value_fault(item: Mapping[str, Any], value: str) -> str | None:
    if item["cluster_mode_only"] and value == "yes":
        return "turns cluster mode on, for which there is no component yet"
    if item["modifiable"] == "no":
        return f"cannot be changed on ElastiCache{_reason(item)}"
    allowed = item["allowed"]
    if allowed["kind"] == "enum" and value not in allowed["values"]:
        return f"must be {one_of(allowed['values'])}, got {value!r}{did_you_mean(value, allowed['values'])}"
    if allowed["kind"] in ("int_range", "int_set_or_range"):
        return _number_fault(allowed, value)
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
