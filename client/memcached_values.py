"""Keys, values and times to live as Memcached takes them; what it cannot take is refused before anything is sent."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable
from typing import Any, TypeVar

from .errors import CacheRefused

AnyKey = TypeVar("AnyKey", str, bytes)
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f]")
_LONGEST_KEY_BYTES = 250
_RELATIVE_SECONDS = 30 * 24 * 3600  # above, Memcached takes the number as a moment since 1970


def checked_key(key: Any) -> bytes:
    """The key as bytes. Raises CacheRefused (CLIENT_ERROR, as the node would say) for what Memcached cannot hold."""
    data = key.encode() if isinstance(key, str) else key
    if not isinstance(data, bytes):
        raise TypeError(f"key must be str or bytes, got {type(key).__name__}")
    if not data or len(data) > _LONGEST_KEY_BYTES or _FORBIDDEN.search(data):
        raise _refused_key(data)
    return data


def checked_keys(keys: Iterable[AnyKey]) -> dict[AnyKey, bytes]:
    """Each key as given, and as bytes; as `checked_key` for each, at a third of the cost."""
    found = {key: key.encode() if isinstance(key, str) else key for key in keys}
    if not found:
        return found
    if set(map(type, found.values())) == {bytes}:
        lengths = [len(data) for data in found.values()]
        if (
            min(lengths)
            and max(lengths) <= _LONGEST_KEY_BYTES
            and not _FORBIDDEN.search(b"".join(found.values()))
        ):
            return found
    return {key: checked_key(key) for key in found}


def _refused_key(data: bytes) -> CacheRefused:
    shown = repr(data[:40].decode(errors="backslashreplace")) + ("…" if len(data) > 40 else "")
    if len(data) > _LONGEST_KEY_BYTES:
        why = f"has {len(data)} bytes; Memcached takes at most {_LONGEST_KEY_BYTES}"
    else:
        why = "holds a space or a control character" if data else "is empty"
    return CacheRefused(f"the key {shown} {why}; nothing was sent", "CLIENT_ERROR", "key")


def checked_value(value: Any) -> bytes:
    """The value as bytes."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError(f"value must be str or bytes, got {type(value).__name__}")


def checked_expiry(ttl_seconds: float | None) -> int:
    """Memcached's number for a time to live: seconds up to 30 days, then a moment; 0 is for ever."""
    if ttl_seconds is None:
        return 0
    if not ttl_seconds >= 0.001:
        raise ValueError(f"ttl_seconds must be at least 0.001, got {ttl_seconds}")
    seconds = math.ceil(ttl_seconds)
    return seconds if seconds <= _RELATIVE_SECONDS else int(time.time()) + seconds
