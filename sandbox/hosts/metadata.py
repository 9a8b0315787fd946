"""The instance metadata service, version 2 only: a token first, bound to the host that asked for it.

A caller is known by its source address; the router drops packets with another host's.
"""

from __future__ import annotations

import json
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from typing import Any

from .errors import HostsError

TOKEN_PATH, DATA_PATH = "/latest/api/token", "/latest/meta-data"
DOCUMENT_PATH = "/latest/dynamic/instance-identity/document"
CREDENTIALS_PATH = "iam/security-credentials"
TOKEN_HEADER, TTL_HEADER = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
LONGEST_TOKEN_SECONDS = 21600
RENEW_BEFORE = timedelta(minutes=5)
IDLE_SECONDS = 5
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def mac_address(address: str) -> str:
    """A locally administered address that the private address decides."""
    return "02:00:" + ":".join(f"{part:02x}" for part in socket.inet_aton(address))


def tree(host: Mapping[str, Any], zone: str, region: str) -> dict[str, str]:
    """What stands below meta-data for one instance: path to text. No tags: they are off unless asked for."""
    about, address = host["metadata"], host["address"]
    name = f"ip-{address.replace('.', '-')}.{region}.compute.internal"
    paths = {
        "ami-id": about.get("ami"),
        "hostname": name,
        "instance-id": about["instance_id"],
        "instance-type": about.get("instance_type"),
        "local-hostname": name,
        "local-ipv4": address,
        "mac": mac_address(address),
        "placement/availability-zone": zone,
        "placement/region": region,
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
    }
    return {path: text for path, text in paths.items() if text}


def identity_document(host: Mapping[str, Any], zone: str, region: str, account_id: str) -> str:
    """The instance identity document, as far as the sandbox knows the instance."""
    about = host["metadata"]
    document = {
        "accountId": account_id,
        "availabilityZone": zone,
        "imageId": about.get("ami"),
        "instanceId": about["instance_id"],
        "instanceType": about.get("instance_type"),
        "privateIp": host["address"],
        "region": region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)


class Metadata:
    """The service of one VPC. `hosts` maps an address to (host, zone) and may be replaced at any time."""

    def __init__(
        self,
        listening: socket.socket,
        region: str,
        account_id: str,
        assume_role: Callable[[str, str], dict[str, str]],
    ) -> None:
        self.hosts: Mapping[str, tuple[Mapping[str, Any], str]] = {}
        self.region = region
        self.account_id = account_id
        self._assume_role = assume_role
        self._tokens: dict[str, tuple[str, float]] = {}
        self._credentials: dict[tuple[str, str], dict[str, str]] = {}
        self._lock = threading.Lock()
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)  # EC2's default hop limit
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = socketserver.ThreadingTCPServer(
            listening.getsockname(), handler, bind_and_activate=False
        )
        self._server.socket.close()
        self._server.socket = listening
        self._server.daemon_threads = True
        threading.Thread(target=self._accept, args=(listening,), name="metadata", daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._server.server_close()

    def _accept(self, listening: socket.socket) -> None:
        # serve_forever would wake up twice a second to see whether it should end.
        while True:
            try:
                connection, address = listening.accept()
            except ConnectionAbortedError:
                continue
            except OSError:
                return
            self._server.process_request(connection, address)

    def new_token(self, address: str, seconds: int) -> str:
        """A token for one host."""
        token, now = secrets.token_urlsafe(40), time.monotonic()
        with self._lock:
            self._tokens = {key: value for key, value in self._tokens.items() if value[1] > now}
            self._tokens[token] = (address, now + seconds)
        return token

    def accepts(self, token: str, address: str) -> bool:
        """Whether the token was given to this host and still lives."""
        owner, end = self._tokens.get(token, ("", 0.0))
        return owner == address and end > time.monotonic()

    def read(self, path: str, address: str) -> str | None:
        """The text at a path for the host with this address, or None when there is nothing."""
        host, zone = self.hosts[address]
        if path == DOCUMENT_PATH:
            return identity_document(host, zone, self.region, self.account_id)
        if path != DATA_PATH and not path.startswith(DATA_PATH + "/"):
            return None
        inner = path[len(DATA_PATH) :].strip("/")
        role = host["metadata"].get("role")
        paths = tree(host, zone, self.region)
        if role:
            name = role.rpartition("/")[2]
            if inner == f"{CREDENTIALS_PATH}/{name}":
                return self._role_answer(role, host["metadata"]["instance_id"])
            paths[f"{CREDENTIALS_PATH}/{name}"] = ""
        return paths[inner] if inner in paths else _listing(inner, paths)

    def _role_answer(self, role: str, session: str) -> str:
        with self._lock:
            held = self._credentials.get((role, session))
        now = datetime.now(timezone.utc)
        if held is None or _time(held["Expiration"]) - RENEW_BEFORE < now:
            try:
                fresh = self._assume_role(role, session)
            except (HostsError, TimeoutError) as error:
                # As EC2 says it: the request worked, the role did not.
                return json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": str(error)})
            held = {"Code": "Success", "LastUpdated": now.strftime(TIME_FORMAT), "Type": "AWS-HMAC", **fresh}
            with self._lock:
                self._credentials[role, session] = held
        return json.dumps(held, indent=2)


def _listing(folder: str, paths: Mapping[str, str]) -> str | None:
    """The names directly below a folder, those with more below them with a slash."""
    start = f"{folder}/" if folder else ""
    below = [path[len(start) :] for path in paths if path.startswith(start)]
    names = sorted(
        {name + ("/" if more else "") for name, more, _ in (path.partition("/") for path in below)}
    )
    return "\n".join(names) if names else None


def _time(text: str) -> datetime:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=timezone.utc)


class _Handler(BaseHTTPRequestHandler):
    service: Metadata
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "EC2ws", ""
    timeout = IDLE_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a token may stand in a request."""

    def do_PUT(self) -> None:
        """Give a token."""
        seconds = self.headers.get(TTL_HEADER, "")
        if self.path != TOKEN_PATH:
            return self._reply(404)
        if self.headers.get("X-Forwarded-For"):
            return self._reply(403)  # a proxy that anyone can use must not fetch tokens
        if not seconds.isdigit() or not 1 <= int(seconds) <= LONGEST_TOKEN_SECONDS:
            return self._reply(400)
        token = self.service.new_token(self.client_address[0], int(seconds))
        return self._reply(200, token, {TTL_HEADER: seconds})

    def do_GET(self) -> None:
        """Read, with a token only."""
        address = self.client_address[0]
        if not self.service.accepts(self.headers.get(TOKEN_HEADER, ""), address):
            return self._reply(401)
        text = self.service.read(self.path, address) if address in self.service.hosts else None
        return self._reply(404) if text is None else self._reply(200, text)

    def _reply(self, code: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
