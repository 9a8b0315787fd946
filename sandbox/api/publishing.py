"""Public addresses on this machine: what the internet may open of an instance, a browser here opens on 127.0.0.1."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..hosts.errors import HostsError
from ..hosts.firewall import VISITOR

if TYPE_CHECKING:
    from .context import Context

MOST_PORTS = 16
"""A rule for more ports than these is for no page; its first ones are published."""
PIECE = 1 << 16


@dataclass(frozen=True)
class Opened:
    """A port of an instance that the internet may open."""

    name: str
    vpc_id: str
    address: str
    public_address: str
    port: int


class Publisher:
    """Listeners, equal to what is opened at any time. The groups judge every connection, as they may have changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._servers: dict[Opened, _Server] = {}
        self._lock = threading.Lock()
        context.follow(self._follow)

    def rows(self) -> list[dict[str, Any]]:
        """For a person who asks: what is opened, and where it is found here."""
        with self._lock:
            return [
                {
                    "name": opened.name,
                    "public": f"{opened.public_address}:{opened.port}",
                    "here": f"127.0.0.1:{server.server_address[1]}",
                }
                for opened, server in self._servers.items()
            ]

    def stop(self) -> None:
        """Close every listener."""
        self._make({})

    def _follow(self, world: dict[str, Any]) -> None:
        self._make(dict.fromkeys(opened_ports(world)))

    def _make(self, wanted: dict[Opened, None]) -> None:
        with self._lock:
            for gone in [opened for opened in self._servers if opened not in wanted]:
                server = self._servers.pop(gone)
                threading.Thread(
                    target=server.close, daemon=True
                ).start()  # not by a follower, who must be quick
            for opened in wanted:
                if opened not in self._servers:
                    self._servers[opened] = _Server.start(self._context, opened)


def opened_ports(world: dict[str, Any]) -> Iterator[Opened]:
    """Yield the ports of all instances with a public address that their groups let the visitor open."""
    for vpc_id, vpc in world["vpcs"].items():
        for host in vpc["hosts"].values():
            if not host.get("public_address"):
                continue
            rules = [
                rule for group in host["groups"] for rule in vpc["groups"].get(group, {}).get("ingress", ())
            ]
            ports = sorted({port for rule in rules for port in _ports(rule)})
            name = host.get("metadata", {}).get("name", "")
            for port in ports:
                yield Opened(name, vpc_id, host["address"], host["public_address"], port)


def _ports(rule: dict[str, Any]) -> range:
    network = ipaddress.ip_network(rule["cidr"], strict=False) if "cidr" in rule else None
    if (
        rule["protocol"] not in ("tcp", "6")
        or network is None
        or ipaddress.ip_address(VISITOR) not in network
    ):
        return range(0)
    return range(rule["from"], min(rule["to"], rule["from"] + MOST_PORTS - 1) + 1)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, context: Context, opened: Opened, port: int) -> None:
        self.context, self.opened = context, opened
        super().__init__(("127.0.0.1", port), _Visit)

    @classmethod
    def start(cls, context: Context, opened: Opened) -> _Server:
        """On the same port, or on a free one where somebody has that (or only root may)."""
        try:
            server = cls(context, opened, opened.port)
        except OSError as error:
            context.log.info("127.0.0.1:%d is not free (%s); another port is taken", opened.port, error)
            server = cls(context, opened, 0)
        name = f"published-{opened.port}"
        threading.Thread(target=server.serve_forever, args=(0.2,), name=name, daemon=True).start()
        return server

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()


class _Visit(socketserver.BaseRequestHandler):
    """One connection: carried to the instance, byte for byte, until one side ends it."""

    server: _Server

    def handle(self) -> None:
        opened = self.server.opened
        target = {"vpc_id": opened.vpc_id, "address": opened.address, "port": opened.port}
        try:
            descriptor = self.server.context.hosts.call("visit", 10.0, **target)
        except (HostsError, TimeoutError):
            return  # closed: the browser says that nobody answers
        with socket.socket(fileno=descriptor) as inside:
            back = threading.Thread(target=_carry, args=(inside, self.request), daemon=True)
            back.start()
            _carry(self.request, inside)
            back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other direction sees it too
        while data := source.recv(PIECE):
            target.sendall(data)
    with contextlib.suppress(OSError):  # gone already
        target.shutdown(socket.SHUT_WR)


def install(context: Context) -> Publisher:
    """Publish what is opened, from now on."""
    publisher = context.parts["publishing"] = Publisher(context)
    return publisher
