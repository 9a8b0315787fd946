"""Lambda's Runtime API (2018-06-01) for one execution environment, as the runtime client in it expects it."""

from __future__ import annotations

import http.server
import json
import queue
import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus

NEXT = "/2018-06-01/runtime/invocation/next"
INIT_ERROR = "/2018-06-01/runtime/init/error"
TAKEN = b'{"status":"OK"}'


@dataclass
class Invocation:
    """One event on its way through the runtime. `outcome` is "response" or "error" when the runtime has answered."""

    request_id: str
    event: bytes
    deadline: float
    done: threading.Event = field(default_factory=threading.Event, repr=False)
    outcome: str = ""
    body: bytes = b""


class RuntimeApi:
    """Serves on a socket that already listens on the function's network."""

    def __init__(self, endpoint: socket.socket, function_arn: str) -> None:
        self.function_arn = function_arn
        self.address = "{}:{}".format(*endpoint.getsockname())
        self.ready = threading.Event()
        self.init_error: bytes | None = None
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._current: Invocation | None = None
        self._server = socketserver.ThreadingTCPServer(
            endpoint.getsockname(), _handler(self), bind_and_activate=False
        )
        self._server.socket.close()
        self._server.socket = endpoint
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="runtime-api", daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        """Hand an event to the runtime; its `done` is set when the runtime has answered."""
        self._current = invocation
        self._waiting.put(invocation)

    def close(self) -> None:
        """Stop serving; a runtime that waits for its next event is sent away."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Invocation | None:
        """What the runtime gets when it asks; to ask means that its start succeeded."""
        self.ready.set()
        return self._waiting.get()

    def answer(self, request_id: str, outcome: str, body: bytes) -> bool:
        """Take the runtime's answer; False for an invocation that is not under way."""
        current = self._current
        if current is None or current.request_id != request_id or current.done.is_set():
            return False
        current.outcome, current.body = outcome, body
        current.done.set()
        return True

    def fail_start(self, body: bytes) -> None:
        """The runtime could not start; `body` is the error it reports."""
        self.init_error = body
        self.ready.set()


def _handler(api: RuntimeApi) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer in two packets would wait for the other side's delayed acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, *arguments: object) -> None:
            """Nothing: what the function itself writes is the log."""

        def do_GET(self) -> None:
            invocation = api.next() if self.path == NEXT else None
            if invocation is None:
                self._send(HTTPStatus.NOT_FOUND, b"{}")
                return
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(
                    int((time.time() + invocation.deadline - time.monotonic()) * 1000)
                ),
                "Lambda-Runtime-Invoked-Function-Arn": api.function_arn,
            }
            self._send(HTTPStatus.OK, invocation.event, headers)

        def do_POST(self) -> None:
            body = self._body()
            if self.path == INIT_ERROR:
                api.fail_start(body)
                self._send(HTTPStatus.ACCEPTED, TAKEN)
                return
            request_id, _, outcome = self.path.rpartition("/invocation/")[2].partition("/")
            if outcome in ("response", "error") and api.answer(request_id, outcome, body):
                self._send(HTTPStatus.ACCEPTED, TAKEN)
            else:
                message = json.dumps({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
                self._send(HTTPStatus.BAD_REQUEST, message.encode())

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
