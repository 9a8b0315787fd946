"""Which values a parameter takes."""

from __future__ import annotations

import re
from typing import Any

from . import catalogue
from .errors import invalid_value
from .records import ParameterGroup


def is_modifiable(row: dict[str, Any]) -> bool:
    """Whether a group of one's own may set it, if only while no cache uses the group."""
    return row["modifiable"] != "no"


def check_value(group: ParameterGroup, name: str, value: str | None, attached: bool) -> None:
    """Refuse a parameter the family lacks or nobody may set, and a value it does not take (R171)."""
    known = catalogue.parameters_of(group.family)
    if name not in known:
        raise invalid_value(f"Could not find parameter with name: {name} (in family {group.family})")
    row = known[name]
    if not is_modifiable(row):
        raise invalid_value(f"The parameter {name} cannot be modified.")
    if value is None:
        return
    if row["modifiable"] == "conditional" and attached:
        raise invalid_value(f"The parameter {name} cannot be modified while a cache uses {group.name}.")
    if not _takes(row["allowed"], value):
        accepted = allowed_text(row["allowed"])
        raise invalid_value(f"Value ({value}) for parameter {name} is invalid. Allowed values: {accepted}")


def allowed_text(allowed: dict[str, Any]) -> str:
    """The accepted values as the API writes them: `yes,no`, `1-75`, `0,20-`."""
    kind = allowed["kind"]
    if kind in ("enum", "rename_pairs"):
        return ",".join(str(value) for value in allowed["values"])
    if kind in ("int_range", "float_range", "int_set_or_range"):
        ends = ["" if end is None else str(end) for end in (allowed.get("min"), allowed.get("max"))]
        return ",".join([*(str(value) for value in allowed.get("values") or []), "-".join(ends)])
    return allowed.get("pattern") or ""


def _takes(allowed: dict[str, Any], value: str) -> bool:
    kind = allowed["kind"]
    if kind == "enum":
        return value in [str(one) for one in allowed["values"]]
    if kind == "regex":
        return re.fullmatch(allowed["pattern"].strip("^$"), value) is not None
    if kind in ("int_range", "int_set_or_range"):
        if not re.fullmatch(r"-?\d{1,19}", value):
            return False
        return int(value) in (allowed.get("values") or []) or _within(allowed, int(value))
    if kind == "float_range":
        return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None and _within(allowed, float(value))
    return True


def _within(allowed: dict[str, Any], number: float) -> bool:
    least, most = allowed.get("min"), allowed.get("max")
    return (least is None or number >= least) and (most is None or number <= most)
