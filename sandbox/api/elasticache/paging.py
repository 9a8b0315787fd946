"""Answers in pages: MaxRecords and Marker, as every describe operation takes them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from .errors import invalid_value

LEAST, MOST = 20, 100


def page(key: str, rows: Sequence[Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """One page of `rows` under `key`, with a Marker when there are more."""
    size = parameters.get("MaxRecords")
    size = MOST if size is None else int(size)
    if not LEAST <= size <= MOST:
        raise invalid_value(f"Invalid value {size} for MaxRecords. Must be between {LEAST} and {MOST}")
    start = _position(parameters.get("Marker"))
    answer: dict[str, Any] = {key: list(rows[start : start + size])}
    if start + size < len(rows):
        answer["Marker"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return answer


def _position(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        position = int(base64.urlsafe_b64decode(marker))
    except (ValueError, binascii.Error) as error:
        raise invalid_value(f"Invalid Marker: {marker}") from error
    if position < 0:
        raise invalid_value(f"Invalid Marker: {marker}")
    return position
