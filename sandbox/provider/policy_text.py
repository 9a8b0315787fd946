"""JSON texts such as policies, in one spelling."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(value: str) -> str:
    """JSON text in one spelling; text that is not JSON stays as it is."""
    try:
        return json.dumps(_single_values(json.loads(value)), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return value


def _single_values(value: Any) -> Any:
    """A policy may write one action as a string or as a list of one: both mean the same."""
    if isinstance(value, dict):
        return {key: _single_values(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_single_values(item) for item in value]
        return items[0] if len(items) == 1 else items
    return value
