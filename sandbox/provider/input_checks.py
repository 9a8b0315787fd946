"""Whether an input can be right, as far as its field tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from .fields import Field
from .values import UNKNOWN, has_unknown

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str, int, float, bool),
    "json": (str,),
    "number": (int, float, str),
    "flag": (bool, str),
    "list": (list,),
    "set": (list,),
    "map": (dict,),
    "object": (dict,),
    "objects": (list,),
    "asset": (pulumi.Asset, pulumi.Archive, dict),
}


def fault(each: Field, value: Any) -> str | None:
    """Why the value cannot be right, in words; None when it can, or is not known yet."""
    if isinstance(value, str) and value == UNKNOWN:
        return None
    if not isinstance(value, _KINDS[each.kind]):
        return f"expected {each.kind}, got {type(value).__name__}"
    if each.kind == "object":
        return _nested_fault(each, value)
    if each.kind == "objects":
        return next((found for item in value if (found := _nested_fault(each, item))), None)
    if each.kind == "flag" and str(value).lower() not in ("true", "false"):
        return f"expected true or false, got {value!r}"
    if each.kind == "number" and not _is_number(value):
        return f"expected a number, got {value!r}"
    if each.choices and not has_unknown(value) and value not in each.choices:
        return f"expected one of {', '.join(each.choices)}, got {value!r}"
    return None


def _nested_fault(outer: Field, value: Any) -> str | None:
    if isinstance(value, str) and value == UNKNOWN:
        return None
    if not isinstance(value, Mapping):
        return f"expected object, got {type(value).__name__}"
    for key, item in value.items():
        if key.startswith("__") or item is None:
            continue
        if key not in outer.fields:
            return f"input {key!r} is not modelled by the sandbox"
        if found := fault(outer.fields[key], item):
            return f"{key}: {found}"
    missing = [key for key, each in outer.fields.items() if each.required and value.get(key) is None]
    return f"missing required {missing[0]!r}" if missing else None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
