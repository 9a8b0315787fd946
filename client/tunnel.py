"""A laptop's way to the cache: through Session Manager and one of the stack's instances, without opening any port.

Nothing has to be installed: this speaks the data channel itself. What it needs is the right to start sessions with
the document AWS-StartPortForwardingSessionToRemoteHost.
"""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from .aws import aws_client, explained
from .discovery import Node
from .endpoint import Endpoint
from .errors import CacheRefused, CacheUnreachable
from .names import Address, detour
from .session_channel import DataChannel
from .session_message import (
    DATA,
    FLAG,
    HANDSHAKE_COMPLETE,
    HANDSHAKE_REQUEST,
    HANDSHAKE_RESPONSE,
    INPUT,
    OUTPUT,
    TERMINATE_SESSION,
)
from .session_streams import Streams

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
_CLIENT_VERSION = (
    "1.2.463.0"  # of AWS's plugin: from 1.1.70 on, the agent carries many connections in a session
)
_HANDSHAKE_SECONDS = 15.0
_ALIVE_SECONDS = 10.0  # agents before 3.1.1511 give a silent session up after 30
_SUCCESS, _UNSUPPORTED = 1, 3


@contextmanager
def through(instance_id: str, endpoint: Endpoint) -> Generator[None, None, None]:
    """Let the endpoint's names lead through the instance, in this process, for as long as it lasts.

    Clients go on connecting by the real names, so that TLS verifies those. Raises CacheUnreachable or CacheRefused.
    """
    with ExitStack() as stack:

        def lead(host: str, port: int) -> None:
            tunnel = stack.enter_context(Tunnel(instance_id, host, port, endpoint.region))
            stack.enter_context(detour((host, port), tunnel.address))

        for host in dict.fromkeys(filter(None, (endpoint.host, endpoint.reader_host))):
            lead(host, endpoint.port)
        if endpoint.engine == "memcached":
            for node in _nodes(endpoint):
                lead(node.host, node.port)
        yield


def _nodes(endpoint: Endpoint) -> list[Node]:
    """The cluster's nodes as of now; those that join later have no tunnel."""
    from .memcached_client import MemcachedClient

    with MemcachedClient(endpoint, _HANDSHAKE_SECONDS) as client:
        client.node_for("tunnel")  # waits until the list is there
        return [
            node for node in client.status.nodes if (node.host, node.port) != (endpoint.host, endpoint.port)
        ]


class Tunnel:
    """One session, from a free port of this machine to one host and port as the instance reaches them."""

    def __init__(self, instance_id: str, host: str, port: int, region: str | None = None) -> None:
        self._doing = f"the tunnel through {instance_id} to {host}:{port}"
        self._ready, self._ended = threading.Event(), threading.Event()
        self._refusal = ""
        self._complete = False
        self._held = ExitStack()
        with explained(self._doing):
            session = aws_client("ssm", region).start_session(
                Target=instance_id,
                DocumentName=DOCUMENT,
                Parameters={"host": [host], "portNumber": [str(port)]},
            )
        self._channel = DataChannel(self._connect(session), INPUT, OUTPUT, self._deliver)
        self._streams = Streams(self._channel.send_data)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: Address = ("127.0.0.1", self._listener.getsockname()[1])
        threading.Thread(target=self._read, name="tunnel", daemon=True).start()
        self._await_handshake()
        threading.Thread(target=self._accept, name="tunnel", daemon=True).start()
        threading.Thread(target=self._stay_alive, name="tunnel", daemon=True).start()

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session and all connections through it."""
        try:
            self._channel.send(FLAG, TERMINATE_SESSION.to_bytes(4, "big"))
        except CacheUnreachable:
            pass  # it has ended already
        finally:
            self._channel.close()
            self._ended.wait(_HANDSHAKE_SECONDS)
            self._held.close()

    def _connect(self, session: Any) -> Any:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        hello = {
            "MessageSchemaVersion": "1.0",
            "RequestId": str(uuid.uuid4()),
            "TokenValue": session["TokenValue"],
            "ClientId": str(uuid.uuid4()),
            "ClientVersion": _CLIENT_VERSION,
        }
        try:
            opening = connect(session["StreamUrl"], compression=None, ping_interval=60, ping_timeout=None)
            connection = self._held.enter_context(opening)
            connection.send(json.dumps(hello))
        except (OSError, WebSocketException) as error:
            raise CacheUnreachable(f"{self._doing}: {error}", "tunnel") from error
        return connection

    def _await_handshake(self) -> None:
        self._ready.wait(_HANDSHAKE_SECONDS)
        if self._complete:
            return
        self.close()
        if self._refusal:
            raise CacheRefused(f"{self._doing}: {self._refusal}", "AWS", "tunnel")
        reason = self._channel.reason or f"no answer within {_HANDSHAKE_SECONDS:g} s"
        raise CacheUnreachable(f"{self._doing}: {reason}", "tunnel")

    def _read(self) -> None:
        try:
            self._channel.run()
        finally:
            # Whoever connects from now on is refused, as by a cache that is down.
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing would not
            self._listener.close()
            self._streams.end()
            self._ended.set()
            self._ready.set()

    def _deliver(self, payload_type: int, payload: bytes) -> None:
        # A host that the instance cannot reach ends its stream as well, so that its flag says nothing new.
        if payload_type == DATA:
            self._streams.feed(payload)
        elif payload_type == HANDSHAKE_REQUEST:
            self._answer_handshake(json.loads(payload))
        elif payload_type == HANDSHAKE_COMPLETE:
            self._complete = True
            self._ready.set()

    def _answer_handshake(self, request: dict[str, Any]) -> None:
        actions = [self._processed(action["ActionType"]) for action in request["RequestedClientActions"]]
        errors = [action["Error"] for action in actions if action["Error"]]
        answer = {"ClientVersion": _CLIENT_VERSION, "ProcessedClientActions": actions, "Errors": errors}
        self._channel.send(HANDSHAKE_RESPONSE, json.dumps(answer).encode())
        if errors:
            self._refusal = "; ".join(errors)
            self._ready.set()

    @staticmethod
    def _processed(action: str) -> dict[str, Any]:
        if action == "SessionType":
            return {"ActionType": action, "ActionStatus": _SUCCESS, "ActionResult": None, "Error": ""}
        problem = f"this client does not know {action}"
        if action == "KMSEncryption":
            problem = (
                "the account's preferences ask for sessions encrypted with KMS, which this client cannot do"
            )
        return {"ActionType": action, "ActionStatus": _UNSUPPORTED, "ActionResult": None, "Error": problem}

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed, with the session
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._streams.open().carry(connection)
            except CacheUnreachable:
                connection.close()

    def _stay_alive(self) -> None:
        while not self._ended.wait(_ALIVE_SECONDS):
            try:
                self._streams.alive()
            except CacheUnreachable:
                return
