"""One daemon for each test file, a fresh small world for each test, and a stand-in for the API outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from sandbox.hosts import Hosts, available
from sandbox.hosts.certificates import CertificateAuthority

from .worlds import small_world

ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret-of-{session}</SecretAccessKey><SessionToken>{role}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>AccessDenied</Code>
<Message>not this role</Message></Error></ErrorResponse>"""


class Api(ThreadingHTTPServer):
    """Answers AssumeRole as STS does, and any other request with its host name, path and body's length."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.assumed: list[tuple[str, str]] = []
        self.connected = 0


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.server.connected += 1

    def finish(self) -> None:
        self.server.connected -= 1
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = parse_qs(body.decode("latin-1"))
        if fields.get("Action") != ["AssumeRole"]:
            return self._reply(200, f"{self.headers['Host']} {self.path} {len(body)}".encode())
        role, session = fields["RoleArn"][0], fields["RoleSessionName"][0]
        self.server.assumed.append((role, session))
        if role.endswith("/refused"):
            return self._reply(403, REFUSED.encode())
        return self._reply(200, ASSUMED.format(role=role, session=session).encode())

    def do_GET(self) -> None:
        size = self.path.removeprefix("/bytes/")
        self._reply(
            200, bytes(int(size)) if size.isdigit() else f"{self.headers['Host']} {self.path}".encode()
        )

    def _reply(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create()


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TrackedHosts(Hosts):
    """Remembers what a test started."""

    started: list[tuple[str, str]]

    def start_process(self, host_id: str, name: str, *arguments: Any, **more: Any) -> dict[str, Any]:
        self.started.append((host_id, name))
        return super().start_process(host_id, name, *arguments, **more)


@pytest.fixture(scope="module")
def daemon(api: Api, authority: CertificateAuthority) -> Iterator[TrackedHosts]:
    reason = available()
    if reason:
        pytest.skip(reason)
    with TrackedHosts.start(("127.0.0.1", api.server_port), authority) as hosts:
        yield hosts


@pytest.fixture
def hosts(daemon: TrackedHosts) -> Iterator[Hosts]:
    """The daemon, without processes; what a test leaves of its world is the next one's starting point."""
    daemon.started = []
    yield daemon
    for host_id, name in daemon.started:
        daemon.remove_process(host_id, name)


@pytest.fixture
def world(hosts: Hosts) -> dict[str, Any]:
    """The small world, applied; a test changes it and applies it again."""
    described = small_world()
    hosts.apply(described)
    return described


@pytest.fixture
def here(world: dict[str, Any]) -> dict[str, Any]:
    """The VPC of the small world."""
    return world["vpcs"]["vpc-1"]


Change = Callable[[], dict[str, list[str]]]


@pytest.fixture
def change(hosts: Hosts, world: dict[str, Any]) -> Change:
    """Apply the world as the test has changed it."""
    return lambda: hosts.apply(world)
