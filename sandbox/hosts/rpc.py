"""A channel between supervisor and daemon: calls in both directions, each answer may carry one descriptor.

Frames are a length and JSON over one Unix stream socket. Either side calls, either side answers; every request is
served by a thread of its own, so a long operation holds nobody up.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import struct
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from .errors import HostsError, HostsGone, OperationFailed

HEADER = struct.Struct("!I")


class Passed:
    """An answer that hands over an open socket; the receiver of the call gets a descriptor."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection


def write_frame(
    connection: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None
) -> None:
    """Send one message; descriptors travel with its first byte."""
    body = json.dumps(message, separators=(",", ":")).encode()
    data = memoryview(HEADER.pack(len(body)) + body)
    if descriptors:
        data = data[socket.send_fds(connection, [data], descriptors) :]
    if data:  # sending nothing would still fail when the other side has just closed
        connection.sendall(data)


def read_frame(connection: socket.socket) -> dict[str, Any]:
    """Receive one message, before a channel reads this end."""
    (length,) = HEADER.unpack(connection.recv(HEADER.size, socket.MSG_WAITALL))
    return json.loads(connection.recv(length, socket.MSG_WAITALL))


class _Pending:
    """One call that waits for its answer."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: dict[str, Any] | None = None
        self.descriptor: int | None = None


class Channel:
    """One end of the connection. `serve(op, arguments)` answers the other side's calls."""

    def __init__(
        self,
        connection: socket.socket,
        serve: Callable[[str, dict[str, Any]], Any],
        closed: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._serve = serve
        self._closed = closed
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._descriptors: deque[int] = deque()
        self._open = True

    def start(self) -> None:
        """Read in a thread of its own."""
        threading.Thread(target=self.run, name="channel", daemon=True).start()

    def call(self, op: str, call_timeout: float | None = None, **arguments: Any) -> Any:
        """Ask the other side; returns its result, or a descriptor where it passed one.

        Raises OperationFailed with what was raised there, HostsGone when the other side went away, and TimeoutError
        when `call_timeout` seconds pass (the operation itself goes on there).
        """
        number, pending = next(self._numbers), _Pending()
        with self._state:
            if not self._open:
                raise HostsGone(f"{op}: the sandbox's hosts are gone")
            self._pending[number] = pending
        try:
            self._send({"id": number, "op": op, "args": arguments})
        except OSError as error:
            self._pending.pop(number, None)
            raise HostsGone(f"{op}: the sandbox's hosts are gone") from error
        if not pending.done.wait(call_timeout):
            self._pending.pop(number, None)
            raise TimeoutError(f"{op}: no answer within {call_timeout} s")
        if pending.answer is None:
            raise HostsGone(f"{op}: the sandbox's hosts went away before they answered")
        if "error" in pending.answer:
            raise OperationFailed(pending.answer["error"]["kind"], pending.answer["error"]["message"])
        return pending.descriptor if pending.descriptor is not None else pending.answer.get("ok")

    def notify(self, op: str, **arguments: Any) -> None:
        """Tell the other side something, without waiting for an answer."""
        self._send({"id": 0, "op": op, "args": arguments})

    def run(self) -> None:
        """Read until the other side closes, then wake every waiting call."""
        buffer = bytearray()
        try:
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._connection, 1 << 18, 16)
                self._descriptors.extend(descriptors)
                if not data:
                    break
                buffer += data
                self._take(buffer)
        except OSError:
            pass  # a reset is an end like any other: the waiting calls are told below
        self._finish()

    def close(self) -> None:
        """Hang up; the other side sees the end of the stream."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _finish(self) -> None:
        with self._state:
            self._open = False
            waiting, self._pending = list(self._pending.values()), {}
        for pending in waiting:
            pending.done.set()
        while self._descriptors:
            os.close(self._descriptors.popleft())
        with self._sending:
            self._connection.close()
        if self._closed:
            self._closed()

    def _take(self, buffer: bytearray) -> None:
        while len(buffer) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(buffer)[0]
            if len(buffer) < end:
                return
            message = json.loads(bytes(buffer[HEADER.size : end]))
            del buffer[:end]
            if "op" in message:
                threading.Thread(
                    target=self._answer, args=(message,), name=message["op"], daemon=True
                ).start()
            else:
                self._settle(message)

    def _settle(self, message: dict[str, Any]) -> None:
        descriptor = self._descriptors.popleft() if message.get("passed") else None
        pending = self._pending.pop(message["id"], None)
        if pending is None:  # its caller gave up waiting
            if descriptor is not None:
                os.close(descriptor)
            return
        pending.answer, pending.descriptor = message, descriptor
        pending.done.set()

    def _answer(self, message: dict[str, Any]) -> None:
        number = message["id"]
        try:
            result = self._serve(message["op"], message["args"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
            if not isinstance(error, HostsError):
                traceback.print_exc(file=sys.stderr)
            self._reply(
                {"id": number, "error": {"kind": type(error).__name__, "message": str(error) or repr(error)}}
            )
            return
        if isinstance(result, Passed):
            with result.connection as connection:
                self._reply({"id": number, "passed": True}, [connection.fileno()])
        else:
            self._reply({"id": number, "ok": result})

    def _reply(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        try:
            self._send(message, descriptors)
        except TypeError as error:
            failure = {"kind": "TypeError", "message": f"the result cannot travel as JSON: {error}"}
            self._send({"id": message["id"], "error": failure})
        except OSError:
            pass  # the caller is gone; nobody is left to hear the answer

    def _send(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        with self._sending:
            write_frame(self._connection, message, descriptors)
