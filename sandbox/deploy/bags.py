"""Property bags: the JSON of a protobuf Struct, with Pulumi's signatures for secrets and assets.

A bag is kept in this form everywhere, as nothing is lost in it; `wire` turns it into what the SDK and providers take.
Values that are not known yet are the string `UNKNOWN`. Whole numbers are ints, as in Pulumi's files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

Bag = dict[str, Any]

# The protocol's own constants; the SDK is not imported for them, as reading a state must be quick.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a kind of value, no password
OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

MASK = "[secret]"
UNKNOWN_TEXT = "[unknown]"


def is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def secret(value: Any) -> Bag:
    """The value wrapped as a secret, once."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def to_file(value: Any) -> Any:
    """The form in a deployment file: each secret is JSON text under `plaintext`."""
    return _map_secrets(value, lambda inner: {SIGNATURE: SECRET, "plaintext": json.dumps(to_file(inner))})


def from_file(value: Any) -> Any:
    """The form in memory of a value in a deployment file; a KeyError names what a secret lacks."""
    if is_secret(value):
        return {SIGNATURE: SECRET, "value": from_file(json.loads(value["plaintext"]))}
    if isinstance(value, dict):
        return {key: from_file(item) for key, item in value.items()}
    return [from_file(item) for item in value] if isinstance(value, list) else value


def masked(value: Any) -> Any:
    """The form that a person may see: secrets and values not known yet are replaced by a word."""
    shown = _map_secrets(value, lambda inner: MASK)
    return _map_texts(shown, lambda text: UNKNOWN_TEXT if UNKNOWN in text else text)


def revealed(value: Any) -> Any:
    """The plain form, with the secrets in it."""
    return _map_secrets(value, revealed)


def secret_texts(value: Any, inside: bool = False) -> Iterator[str]:
    """Every text that is or stands in a secret of the value."""
    if is_secret(value):
        yield from secret_texts(value["value"], True)
    elif isinstance(value, dict):
        for item in value.values():
            yield from secret_texts(item, inside)
    elif isinstance(value, list):
        for item in value:
            yield from secret_texts(item, inside)
    elif inside and isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


def _map_secrets(value: Any, replace: Callable[[Any], Any]) -> Any:
    if is_secret(value):
        return replace(value["value"])
    if isinstance(value, dict):
        return {key: _map_secrets(item, replace) for key, item in value.items()}
    return [_map_secrets(item, replace) for item in value] if isinstance(value, list) else value


def _map_texts(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _map_texts(item, replace) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_texts(item, replace) for item in value]
    return replace(value) if isinstance(value, str) else value
