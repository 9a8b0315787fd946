"""What CacheAside stores under a key: the value, and until when it is fresh."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from . import typed_json

_FORMAT = 1  # raise it when an older client could not read what this one writes


@dataclass(frozen=True)
class Entry:
    """A value with its times, in seconds since 1970.

    From `refresh_at` it is loaded anew beside its readers, from `fresh_until` before they get it; from then until
    `stale_until` it serves only where loading fails. The clocks of the clients take part; AWS keeps those of
    instances and functions within milliseconds.
    """

    value: Any
    refresh_at: float
    fresh_until: float
    stale_until: float

    def to_bytes(self) -> bytes:
        """The entry as it is stored: its times, a line's end, its value. Raises TypeError for what cannot be kept."""
        times = [_FORMAT, self.refresh_at, self.fresh_until, self.stale_until]
        return json.dumps(times).encode() + b"\n" + typed_json.dumps(self.value)

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """The entry that was stored. Raises ValueError for anything else, without a word of what it holds."""
        line, _, value = data.partition(b"\n")
        try:
            number, *times = json.loads(line)
            if number != _FORMAT or not all(type(moment) is float for moment in times):
                raise ValueError("another format")
            return cls(typed_json.loads(value), *times)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError("what is stored there is not an entry of this client") from error


def key_of(namespace: str, version: int, key: Any) -> str:
    """The key in the cache: short whatever it is made of, and another one under another version."""
    return f"{namespace}:v{version}:{hashlib.sha256(typed_json.dumps(key, sort_keys=True)).hexdigest()[:40]}"
