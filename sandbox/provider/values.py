"""Pulumi's property values as plain Python, and back.

Plain means str, int, float, bool, None, lists, dicts, and Pulumi's own assets and archives. A value that is not known
yet is the string `UNKNOWN`, as on the wire. Secretness is not part of the plain form: it is put back by `merge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc

from .assets import is_asset

UNKNOWN = rpc.UNKNOWN
INPUTS_KEY = "__inputs"
MARK_KEY = "__mark"

Bag = Mapping[str, PropertyValue]


def plain(value: PropertyValue) -> Any:
    """One property value without its secretness; whole floats become ints, as Pulumi has only floats."""
    inner = value.value
    if isinstance(inner, Computed):
        return UNKNOWN
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(item) for item in inner]
    return int(inner) if isinstance(inner, float) and inner.is_integer() else inner


def plain_bag(bag: Bag) -> dict[str, Any]:
    """The properties that the program gave: without nulls and without the provider's own keys."""
    return {
        key: plain(value)
        for key, value in bag.items()
        if not key.startswith("__") and value.value is not None
    }


def wrap(value: Any, secret: bool = False) -> PropertyValue:
    """A plain value as a property value."""
    if isinstance(value, Mapping):
        return PropertyValue({str(key): wrap(item) for key, item in value.items()}, secret)
    if isinstance(value, (list, tuple)):
        return PropertyValue([wrap(item) for item in value], secret)
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return PropertyValue(value, secret)


def has_unknown(value: Any) -> bool:
    """Whether a plain value holds, at any depth, something that is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, str) and UNKNOWN in value


def secret_texts(bag: Bag) -> Iterator[str]:
    """Every text inside a secret of the bag: what an error message must not show."""
    for value in bag.values():
        yield from _secret_texts(value, False)


def _secret_texts(value: PropertyValue, secret: bool) -> Iterator[str]:
    secret = secret or value.is_secret
    if isinstance(value.value, str):
        if secret:
            yield value.value
    elif isinstance(value.value, Mapping):
        for item in value.value.values():
            yield from _secret_texts(item, secret)
    elif isinstance(value.value, Sequence):
        for item in value.value:
            yield from _secret_texts(item, secret)


def with_digests(value: PropertyValue, digest: Callable[[Any], str]) -> PropertyValue:
    """The same value with each asset replaced by the digest of its content, so that contents are compared."""
    inner = value.value
    if is_asset(inner):
        return PropertyValue(digest(plain(value)), value.is_secret)
    if isinstance(inner, Mapping):
        return PropertyValue(
            {key: with_digests(item, digest) for key, item in inner.items()}, value.is_secret
        )
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return PropertyValue([with_digests(item, digest) for item in inner], value.is_secret)
    return PropertyValue(inner, value.is_secret)


def short_digest(*parts: bytes | str) -> str:
    """A hex digest that tells two values apart; not for secrets."""
    text = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(text).hexdigest()
