"""Bags as the SDK sends and takes them (protobuf Structs), and as providers do (PropertyValues)."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue

from .bags import OUTPUT_VALUE, SIGNATURE, UNKNOWN, Bag, secret


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
