"""A data channel of Session Manager: numbered messages over a WebSocket, acknowledged, in order, sent again if lost."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from .errors import CacheUnreachable
from .session_message import ACKNOWLEDGE, CLOSED, DATA, SessionMessage

_PAYLOAD_BYTES = 1024  # what AWS's own plugin puts into one message
_WINDOW = 512  # messages on the way; the agent keeps no more than some thousand out of order
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 2.0
_LOST_SECONDS = 30.0


class DataChannel:
    """Both ends of a channel work alike; `sends` and `receives` are the kinds of message of the two directions.

    `deliver` gets every message of the other side once and in order, with the type of its payload, in the thread that
    runs `run`. `send` may be called from any thread; it waits while too much is on its way.
    """

    def __init__(self, socket: Any, sends: str, receives: str, deliver: Callable[[int, bytes], None]) -> None:
        self._socket = socket
        self._sends, self._receives, self._deliver = sends, receives, deliver
        self._state = threading.Condition()
        self._next_sent = self._next_received = 0
        self._unacknowledged: OrderedDict[int, tuple[float, float, bytes]] = OrderedDict()
        self._early: dict[int, SessionMessage] = {}
        self._closed = False
        self.reason = ""

    def send(self, payload_type: int, payload: bytes) -> None:
        """Send one message. Raises CacheUnreachable when the channel is closed."""
        with self._state:
            self._state.wait_for(lambda: self._closed or len(self._unacknowledged) < _WINDOW)
            self._require_open()
            message = SessionMessage(self._sends, self._next_sent, payload, payload_type)
            data, now = message.to_bytes(), monotonic()
            self._unacknowledged[message.sequence] = (now, now, data)
            self._next_sent += 1
            # Within the lock, so that messages leave in the order of their numbers.
            self._transmit(data)

    def send_data(self, data: bytes) -> None:
        """Send bytes, in as many messages as they take. Raises CacheUnreachable when the channel is closed."""
        for start in range(0, len(data), _PAYLOAD_BYTES):
            self.send(DATA, data[start : start + _PAYLOAD_BYTES])

    def run(self) -> None:
        """Read until one side closes the channel; `reason` then says why."""
        from websockets.exceptions import ConnectionClosed

        try:
            while not self._closed:
                try:
                    data = self._socket.recv(_LOOK_SECONDS)
                except TimeoutError:
                    pass
                else:
                    if isinstance(data, bytes):
                        self._take(SessionMessage.from_bytes(data))
                self._send_again()
        except ConnectionClosed as error:
            self.reason = self.reason or f"the session was closed: {error}"
        except (ValueError, KeyError) as error:
            self.reason = f"the session cannot be understood: {error}"
        except CacheUnreachable as error:
            self.reason = self.reason or str(error)
        finally:
            self.close()

    def close(self) -> None:
        """Close the channel; waiting calls of `send` raise."""
        with self._state:
            already, self._closed = self._closed, True
            self._state.notify_all()
        if not already:
            self._socket.close()

    def _take(self, message: SessionMessage) -> None:
        if message.kind == ACKNOWLEDGE:
            with self._state:
                self._unacknowledged.pop(message.as_json()["AcknowledgedMessageSequenceNumber"], None)
                self._state.notify_all()
        elif message.kind == CLOSED:
            self.reason = message.as_json().get("Output") or "the other side ended the session"
            self.close()
        elif message.kind == self._receives:
            self._transmit(message.acknowledgement().to_bytes())
            if message.sequence >= self._next_received:  # else it came before, and our answer was lost
                self._early[message.sequence] = message
            while (ready := self._early.pop(self._next_received, None)) is not None:
                self._next_received += 1
                self._deliver(ready.payload_type, ready.payload)

    def _send_again(self) -> None:
        with self._state:
            if not self._unacknowledged:
                return
            sequence, (first, last, data) = next(iter(self._unacknowledged.items()))
            now = monotonic()
            if now - first > _LOST_SECONDS:
                raise CacheUnreachable(f"the session does not answer for {_LOST_SECONDS:g} s", "tunnel")
            if now - last > _AGAIN_SECONDS:
                self._unacknowledged[sequence] = (first, now, data)
                self._transmit(data)

    def _transmit(self, data: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(data)
        except ConnectionClosed as error:
            raise CacheUnreachable(f"the session was closed: {error}", "tunnel") from error

    def _require_open(self) -> None:
        if self._closed:
            raise CacheUnreachable(self.reason or "the session was closed", "tunnel")
