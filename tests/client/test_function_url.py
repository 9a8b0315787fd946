"""The function's URL: signed calls, the line for a shell, and what the handler makes of a request."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from client import CacheRefused, CacheUnreachable, CheckFailed, function_url
from client.handler import handler

HOST = "abc.lambda-url.eu-west-1.on.aws"
URL = f"https://{HOST}/"
REGION = "eu-west-1"


class Server(ThreadingHTTPServer):
    """Keeps what it is asked, and answers 200 to signed requests and `unsigned` to others."""

    def __init__(self):
        self.asked, self.unsigned, self.signed = [], 403, 200

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.server.asked.append((self.command, self.path, dict(self.headers), body))
                status = self.server.signed if "Authorization" in self.headers else self.server.unsigned
                content = b'{"ok": true}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def server(monkeypatch):
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name, value in {
        "ACCESS_KEY_ID": "id",
        "SECRET_ACCESS_KEY": "the-secret",
        "SESSION_TOKEN": "token",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield server
    server.shutdown()
    server.server_close()


def test_a_call_is_signed_for_the_urls_own_name_and_goes_to_the_endpoint(server):
    answer = function_url.call(URL, REGION)
    ((method, path, headers, _),) = server.asked
    assert (answer.status, answer.body) == (200, '{"ok": true}')
    assert (method, path, headers["Host"], headers["X-Amz-Security-Token"]) == ("GET", "/", HOST, "token")
    assert f"/{REGION}/lambda/aws4_request" in headers["Authorization"]


def test_a_body_is_posted_as_json(server):
    function_url.call(URL, REGION, body=b'{"command": "get"}')
    ((method, _, headers, body),) = server.asked
    assert (method, headers["Content-Type"], body) == ("POST", "application/json", b'{"command": "get"}')


def test_the_proof_names_the_answer_and_the_refusal(server):
    assert function_url.prove(URL, REGION) == f'{URL}: 200, {{"ok": true}}; without a signature 403'


@pytest.mark.parametrize(
    ("signed", "unsigned", "words"),
    [(403, 403, f"{URL} answered 403"), (200, 200, f"{URL} answered 200 to a call that nobody had signed")],
)
def test_the_proof_fails_where_the_claim_does(server, signed, unsigned, words):
    server.signed, server.unsigned = signed, unsigned
    with pytest.raises(CheckFailed, match=words):
        function_url.prove(URL, REGION)


def test_without_credentials_the_call_says_so(server, monkeypatch, tmp_path):
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(CacheRefused, match="no AWS credentials were found here"):
        function_url.call(URL, REGION)


def test_an_address_where_nobody_answers_is_told(server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CacheUnreachable, match="refused"):
        function_url.call(URL, REGION)


def test_the_line_for_a_shell_signs_and_holds_no_secret(server, tmp_path):
    address = f"http://127.0.0.1:{server.server_port}/here/"
    line = function_url.shell_line(URL, REGION, address)
    assert "the-secret" not in line
    assert line.endswith(address)
    assert function_url.shell_line(URL, REGION).endswith(URL)
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\ncat\nfor word in "$@"; do echo "[$word]"; done\n')
    curl.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "the-secret",
    }
    said = subprocess.run(
        ["sh", "-c", line], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(
        'user = "id:the-secret"[--config]\n[-]\n[--aws-sigv4]\n[aws:amz:eu-west-1:lambda]\n'
    )
    assert "the-secret" not in said.partition("[")[2]


@pytest.mark.parametrize("encoded", [False, True])
def test_a_request_of_the_url_asks_the_handler_by_its_body(monkeypatch, encoded):
    monkeypatch.setattr("client.handler.perform_here", lambda task: task)
    body = json.dumps({"command": "get", "key": "city"})
    event = {
        "requestContext": {},
        "headers": {"host": HOST},
        "body": base64.b64encode(body.encode()).decode() if encoded else body,
        "isBase64Encoded": encoded,
    }
    assert handler(event, None) == {"where": "function", "command": "get", "key": "city"}
    assert handler({"requestContext": {}, "headers": {}}, None) == {"where": "function"}


@pytest.mark.parametrize("body", ["city", "[1]"])
def test_a_body_that_is_no_object_is_told(body):
    answer = handler({"requestContext": {}, "body": body}, None)
    assert answer["error"]["type"] == "InvalidEndpoint"
    assert "is no JSON object" in answer["error"]["message"]
