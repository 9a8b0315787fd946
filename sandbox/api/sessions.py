"""Session Manager's port forwarding: a WebSocket at the API, and beyond it a connection from the instance itself.

`AWS-StartPortForwardingSessionToRemoteHost` and `AWS-StartPortForwardingSession` are answered, in the agent's part of
the data channel; the connection is made in the instance's network, so that its security groups apply. Needs of the
context: what `commands` needs, and that it was installed before.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from client.errors import CacheUnreachable
from client.session_channel import DataChannel
from client.session_message import (
    CONNECT_TO_PORT_ERROR,
    DATA,
    FLAG,
    HANDSHAKE_COMPLETE,
    HANDSHAKE_REQUEST,
    HANDSHAKE_RESPONSE,
    INPUT,
    OUTPUT,
    TERMINATE_SESSION,
)
from client.session_streams import Stream, Streams

from ..hosts.errors import HostsError
from .access.services import Services
from .commands import AGENT_VERSION, Commands
from .shell_command import refusal

if TYPE_CHECKING:
    from .context import Context

DOCUMENTS = {
    "AWS-StartPortForwardingSessionToRemoteHost": ("host", "portNumber"),
    "AWS-StartPortForwardingSession": ("portNumber",),
}
PATH = "/v1/data-channel/"
HELLO_SECONDS = 10.0


@dataclass(frozen=True)
class Session:
    """What StartSession promised: a connection from this host to there, for whoever has the token."""

    host_id: str
    host: str
    port: int
    region: str
    session_id: str = field(default_factory=lambda: f"sandbox-{secrets.token_hex(8)}")
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Sessions:
    """The sessions of one context; each is used once, by the first who brings its token."""

    current: ClassVar[Sessions | None] = None

    def __init__(self, context: Context, commands: Commands) -> None:
        self._context = context
        self._commands = commands
        self._services = Services(context)
        self._waiting: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._port: int | None = None

    def start(self, asked: dict[str, Any], region: str) -> dict[str, str]:
        """The answer to StartSession. Raises what the API answers with."""
        host, port = _destination(asked)
        target = str(asked.get("Target", ""))
        found = self._commands.managed([target])
        if not found or found[0].region != region or not self._services.agent_may_open_sessions(found[0]):
            raise refusal("TargetNotConnected", f"{target} is not connected.")
        session = Session(found[0].host_id, host, port, region)
        with self._lock:
            self._waiting[session.session_id] = session
            if self._port is None:
                self._port = self._listen()
        url = f"ws://127.0.0.1:{self._port}{PATH}{session.session_id}?role=publish_subscribe"
        return {"SessionId": session.session_id, "TokenValue": session.token, "StreamUrl": url}

    def _listen(self) -> int:
        """The port of the WebSockets; served from threads of this process, once a session is asked for."""
        from websockets.sync.server import serve

        server = serve(self._serve, "127.0.0.1", 0, compression=None, logger=self._context.log)
        threading.Thread(target=server.serve_forever, name="sessions", daemon=True).start()
        return server.socket.getsockname()[1]

    def _serve(self, connection: Any) -> None:
        session = self._claim(connection)
        if session is None:
            connection.close(1008, "no such session, or a wrong token")
            return
        _Agent(self._context, session, connection).run()

    def _claim(self, connection: Any) -> Session | None:
        path = connection.request.path.partition("?")[0]
        try:
            token = json.loads(connection.recv(HELLO_SECONDS))["TokenValue"]
        except (TimeoutError, ValueError, KeyError, TypeError):
            return None
        with self._lock:
            session = self._waiting.get(path.removeprefix(PATH))
            if session is None or not hmac.compare_digest(session.token.encode(), str(token).encode()):
                return None
            return self._waiting.pop(session.session_id)


class _Agent:
    """The agent's end of one session."""

    def __init__(self, context: Context, session: Session, connection: Any) -> None:
        self._context = context
        self._session = session
        self._channel = DataChannel(connection, OUTPUT, INPUT, self._deliver)
        self._streams = Streams(self._channel.send_data, self._accepted)

    def run(self) -> None:
        """Serve until one side ends the session."""
        properties = {
            "host": self._session.host,
            "portNumber": str(self._session.port),
            "type": "LocalPortForwarding",
        }
        action = {
            "ActionType": "SessionType",
            "ActionParameters": {"SessionType": "Port", "Properties": properties},
        }
        request = {"AgentVersion": AGENT_VERSION, "RequestedClientActions": [action]}
        try:
            self._channel.send(HANDSHAKE_REQUEST, json.dumps(request).encode())
            self._channel.run()
        except CacheUnreachable as error:
            self._context.log.info("session %s: %s", self._session.session_id, error)
        finally:
            self._streams.end()

    def _deliver(self, payload_type: int, payload: bytes) -> None:
        if payload_type == DATA:
            self._streams.feed(payload)
        elif payload_type == HANDSHAKE_RESPONSE:
            complete = {"HandshakeTimeToComplete": 0, "CustomerMessage": ""}
            self._channel.send(HANDSHAKE_COMPLETE, json.dumps(complete).encode())
        elif payload_type == FLAG and int.from_bytes(payload, "big") == TERMINATE_SESSION:
            self._channel.close()

    def _accepted(self, stream: Stream) -> None:
        # In a thread of its own, as connecting may take its time and the others go on meanwhile.
        threading.Thread(target=self._connect, args=(stream,), name="session", daemon=True).start()

    def _connect(self, stream: Stream) -> None:
        session = self._session
        try:
            descriptor = self._context.hosts.call(
                "connect", 10.0, host_id=session.host_id, host=session.host, port=session.port
            )
        except (HostsError, TimeoutError) as error:
            self._context.log.info("session %s: %s", session.session_id, error)
            self._channel.send(FLAG, CONNECT_TO_PORT_ERROR.to_bytes(4, "big"))
            stream.close()
            return
        stream.carry(socket.socket(fileno=descriptor))


def install(context: Context) -> None:
    """Plug Session Manager in, after `commands`."""
    if context.hosts is None:
        Sessions.current = None
        return
    Sessions.current = context.parts["sessions"] = Sessions(context, context.parts["commands"])
    _patch()


def _destination(asked: dict[str, Any]) -> tuple[str, int]:
    document = asked.get("DocumentName", "SSM-SessionManagerRunShell")
    if document not in DOCUMENTS:
        raise NotImplementedError(f"the sandbox starts sessions of {', '.join(DOCUMENTS)}, not of {document}")
    parameters = asked.get("Parameters") or {}
    missing = [name for name in DOCUMENTS[document] if not parameters.get(name)]
    if missing:
        raise refusal("InvalidParameters", f"missing parameters: {', '.join(missing)}")
    port = parameters["portNumber"][0]
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise refusal("InvalidParameters", f"portNumber: {port}")
    return parameters.get("host", ["127.0.0.1"])[0], int(port)


@cache
def _patch() -> None:
    """Give moto the operation; once in a process, for whichever context is current."""
    from moto.core.responses import ActionResult
    from moto.ssm.responses import SimpleSystemManagerResponse as Response

    def start_session(self: Any) -> ActionResult:
        if Sessions.current is None:
            raise NotImplementedError("sessions need hosts, and this API has none")
        return ActionResult(Sessions.current.start(json.loads(self.body), self.region))

    Response.start_session = start_session
