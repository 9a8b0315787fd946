"""JSON that keeps the types a database's rows have: Decimal, dates and times, bytes, UUIDs, tuples.

A type that JSON has not is written as {"$": type, "v": text}; a mapping that itself has the key "$", or keys that are
no text, is written as a list of its pairs. Nothing is ever executed on reading, as pickle does. A value that cannot
be kept as it is, is refused: what comes out of the cache is equal to what the loader gave.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

_MARK = "$"
_PLAIN = (str, int, float, bool, type(None))

_WRITE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("decimal", str),
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode()),
    UUID: ("uuid", str),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "uuid": UUID,
    "tuple": tuple,
    "dict": lambda pairs: {_hashable(key): value for key, value in pairs},
}


def dumps(value: Any, sort_keys: bool = False) -> bytes:
    """The value as bytes. Raises TypeError with the place of what cannot be kept, ValueError for a loop.

    With `sort_keys`, mappings that are equal give equal bytes; without, their order is kept.
    """
    try:
        plain = _plain(value, "value")
    except RecursionError as error:
        raise ValueError("the value holds itself, or is nested too deeply") from error
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
    return text.encode("utf-8", "surrogatepass")


def loads(data: bytes) -> Any:
    """The value. Raises ValueError when the bytes are none that `dumps` wrote."""
    try:
        return json.loads(data, object_hook=_typed)
    except (LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"not a value of this cache: {error}") from error


def _plain(value: Any, place: str) -> Any:
    # The very type counts: of a subclass, such as an enumeration, only its base would come back.
    kind = cast("type[object]", type(value))
    if kind in _PLAIN:
        return value
    if kind is list:
        return [_plain(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if kind is dict:
        return _plain_mapping(value, place)
    if kind is tuple:
        return {_MARK: "tuple", "v": _plain(list(value), place)}
    if kind in _WRITE:
        name, write = _WRITE[kind]
        return {_MARK: name, "v": write(value)}
    known = ", ".join(sorted(found.__name__ for found in (*_WRITE, *_PLAIN[:4], list, dict, tuple)))
    raise TypeError(f"{place} is a {kind.__name__}, which the cache cannot keep; it keeps {known} and None")


def _plain_mapping(value: dict[Any, Any], place: str) -> Any:
    kept = {key: _plain(item, f"{place}[{key!r}]") for key, item in value.items()}
    if _MARK not in kept and all(type(key) is str for key in kept):
        return kept
    return {_MARK: "dict", "v": [[_plain(key, f"a key of {place}"), item] for key, item in kept.items()]}


def _typed(found: dict[str, Any]) -> Any:
    if _MARK not in found:
        return found
    return _READ[found[_MARK]](found["v"])


def _hashable(key: Any) -> Any:
    hash(key)
    return key
