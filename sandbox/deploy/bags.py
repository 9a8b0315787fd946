"""Property bags: the JSON of a protobuf Struct, with Pulumi's signatures for secrets and assets.

A bag is kept in this wire form everywhere, as nothing is lost in it; it becomes `PropertyValue`s only at the call of a
provider. Values that are not known yet are the string `UNKNOWN`. Whole numbers are ints, as in Pulumi's files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

Bag = dict[str, Any]

SIGNATURE = rpc._special_sig_key
SECRET = rpc._special_secret_sig
OUTPUT_VALUE = rpc._special_output_value_sig
UNKNOWN = rpc.UNKNOWN

MASK = "[secret]"
UNKNOWN_TEXT = "[unknown]"


def from_struct(struct: struct_pb2.Struct) -> Bag:
    """A bag as the SDK sent it."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def to_struct(bag: Bag) -> struct_pb2.Struct:
    """A bag as the SDK takes it."""
    return json_format.ParseDict(bag, struct_pb2.Struct())


def to_properties(bag: Bag) -> dict[str, PropertyValue]:
    """A bag as a provider takes it."""
    return PropertyValue.unmarshal_map(to_struct(bag))


def from_properties(properties: dict[str, PropertyValue] | None) -> Bag:
    """A bag as a provider answered it."""
    return from_struct(PropertyValue.marshal_map(properties or {}))


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


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        fields = from_struct(value.struct_value)
        if (
            fields.get(SIGNATURE) == OUTPUT_VALUE
        ):  # a provider named dependencies; only the secret matters here
            inner = fields.get("value", UNKNOWN)
            return secret(inner) if fields.get("secret") else inner
        return fields
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None
