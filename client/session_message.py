"""Messages of Session Manager's data channel: a header of fixed fields, and a payload with its digest.

The format is that of AWS's own session-manager-plugin, version 1 of the schema; whole numbers are big-endian.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, cast

INPUT = "input_stream_data"
OUTPUT = "output_stream_data"
ACKNOWLEDGE = "acknowledge"
CLOSED = "channel_closed"

DATA = 1
HANDSHAKE_REQUEST = 5
HANDSHAKE_RESPONSE = 6
HANDSHAKE_COMPLETE = 7
FLAG = 10

TERMINATE_SESSION = 2
CONNECT_TO_PORT_ERROR = 3

_HEADER = struct.Struct("!I32sIQqQ8s8s32sII")
_ACKNOWLEDGE_FLAGS = 3  # first and last of its stream, as acknowledgements are not numbered


@dataclass(frozen=True)
class SessionMessage:
    """One message: what kind it is, its number in its direction, and what it carries."""

    kind: str
    sequence: int
    payload: bytes
    payload_type: int = 0
    flags: int = 0
    identifier: uuid.UUID = field(default_factory=uuid.uuid4)
    created: int = field(default_factory=lambda: int(time.time() * 1000))

    def to_bytes(self) -> bytes:
        """The message as it is sent."""
        number = self.identifier.bytes  # its halves travel in reverse order
        header = _HEADER.pack(
            _HEADER.size - 4,  # the length of the payload is not counted as part of the header
            self.kind.encode().ljust(32),
            1,
            self.created,
            self.sequence,
            self.flags,
            number[8:],
            number[:8],
            hashlib.sha256(self.payload).digest(),
            self.payload_type,
            len(self.payload),
        )
        return header + self.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> SessionMessage:
        """The message that was received. Raises ValueError when it is none, or was changed on the way."""
        if len(data) < _HEADER.size:
            raise ValueError(f"a message of {len(data)} bytes is shorter than its header")
        length, kind, _, created, sequence, flags, low, high, digest, payload_type, size = (
            _HEADER.unpack_from(data)
        )
        payload = data[length + 4 :]
        if len(payload) != size or (size and hashlib.sha256(payload).digest() != digest):
            raise ValueError("a message whose payload is not what its header says")
        name = kind.rstrip(b" \x00").decode("ascii", "backslashreplace")
        return cls(name, sequence, payload, payload_type, flags, uuid.UUID(bytes=high + low), created)

    def acknowledgement(self) -> SessionMessage:
        """The message that says that this one has arrived."""
        content = {
            "AcknowledgedMessageType": self.kind,
            "AcknowledgedMessageId": str(self.identifier),
            "AcknowledgedMessageSequenceNumber": self.sequence,
            "IsSequentialMessage": True,
        }
        return SessionMessage(ACKNOWLEDGE, 0, json.dumps(content).encode(), flags=_ACKNOWLEDGE_FLAGS)

    def as_json(self) -> dict[str, Any]:
        """The payload of a message that carries JSON. Raises ValueError when it carries none."""
        found = json.loads(self.payload)
        if not isinstance(found, dict):
            raise ValueError(f"{self.kind} carries no JSON object")
        return cast("dict[str, Any]", found)
