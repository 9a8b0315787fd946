"""The network of the whole world: makes it equal to a description, and looks at it from a host's place."""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Callable
from errno import ECONNREFUSED, EHOSTUNREACH, EINPROGRESS, ENETUNREACH
from typing import TYPE_CHECKING, Any, TypeVar

from dnslib import QTYPE, DNSRecord

from .errors import HostsError
from .namespaces import discard, in_network, listen
from .relay import server_context
from .rpc import Passed
from .vpc import Vpc
from .world import Host, check_world

if TYPE_CHECKING:
    from .daemon import Daemon

PUBLIC = ipaddress.ip_network("198.51.100.0/24")  # TEST-NET-2: nobody's addresses, so nobody's are taken
T = TypeVar("T")


class Network:
    """All VPCs. `apply` may be called again after a failure: it goes on from what is there."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._vpcs: dict[str, Vpc] = {}
        self._services: dict[str, str] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._world: dict[str, Any] | None = None
        self._lock = threading.RLock()
        self._removal: list[Callable[[str], None]] = []
        daemon.add_operation("apply", self.apply)
        daemon.add_operation("probe", self.probe)
        daemon.add_operation("connect", self.connect)
        daemon.add_operation("resolve", self.resolve)
        daemon.add_operation("visit", self.visit)

    def on_host_removed(self, callback: Callable[[str], None]) -> None:
        """Call back with the host's id before its network goes; called with a lock held, so be quick."""
        self._removal.insert(0, callback)  # what was built last goes first

    def host(self, host_id: str) -> Host:
        """The host with this id."""
        for vpc in list(self._vpcs.values()):
            if host_id in vpc.hosts:
                return vpc.hosts[host_id]
        raise HostsError(f"there is no host {host_id}")

    def in_host(self, host_id: str, function: Callable[[], T]) -> T:
        """Run a function in the host's network; a socket or child it makes stays there."""
        return in_network(self.host(host_id).id, function)

    def listen(self, host_id: str, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A bound socket on the host."""
        return listen(self.host(host_id).id, address, port, kind)

    def apply(self, world: dict[str, Any], certificates: dict[str, dict[str, str]]) -> dict[str, list[str]]:
        """Make the network equal to `world`; `certificates` has a pair for every service not seen before."""
        with self._lock:
            if world == self._world:
                return {"created": [], "removed": []}
            check_world(world)
            self._world = None  # until this is done nothing is known to hold
            for service, pair in certificates.items():
                self._contexts[service] = server_context(self._daemon.state / "certificates", service, pair)
            services = {service: self._public_address(service) for service in world["services"]}
            created: list[str] = []
            removed: list[str] = []
            for vpc_id in [known for known in self._vpcs if known not in world["vpcs"]]:
                removed += self._vpcs[vpc_id].close()
                del self._vpcs[vpc_id]
            for vpc_id, spec in world["vpcs"].items():
                if vpc_id not in self._vpcs:
                    self._vpcs[vpc_id] = self._new_vpc(vpc_id, spec)
                new, gone = self._vpcs[vpc_id].apply(spec, services, self._contexts)
                created += new
                removed += gone
            self._world = world
            return {"created": created, "removed": removed}

    def probe(self, host_id: str, address: str, port: int, timeout: float = 2.0) -> str:
        """Try a TCP connection from a host: "open", "refused", "timeout" or "unreachable"."""
        with self.in_host(host_id, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as endpoint:
            endpoint.setblocking(False)
            code = endpoint.connect_ex((address, port))
            if code == EINPROGRESS:
                poll = select.poll()
                poll.register(endpoint, select.POLLOUT)
                if not poll.poll(timeout * 1000):
                    return "timeout"
                code = endpoint.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        words = {0: "open", ECONNREFUSED: "refused", EHOSTUNREACH: "unreachable", ENETUNREACH: "unreachable"}
        return words.get(code, "timeout")

    def connect(self, host_id: str, host: str, port: int, timeout: float = 5.0) -> Passed:
        """Hand over a TCP connection from a host, to an address or a name as that host resolves it.

        Raises HostsError when it cannot be made.
        """
        address = host
        if not host.replace(".", "").isdigit():
            address = next(iter(self.resolve(host_id, host)), None)
        if address is None:
            raise HostsError(f"{host} does not resolve on {host_id}")
        return _connected(self.host(host_id).id, address, port, timeout)

    def visit(self, vpc_id: str, address: str, port: int, timeout: float = 5.0) -> Passed:
        """Hand over a TCP connection from the internet to a host with a public address, by its private one.

        The groups judge it as they judge anyone of 203.0.113.10. Raises HostsError when it cannot be made.
        """
        visitor = self._vpcs[vpc_id].visitor if vpc_id in self._vpcs else None
        if visitor is None:
            raise HostsError(f"there is no VPC {vpc_id}")
        return _connected(visitor.id, address, port, timeout)

    def resolve(self, host_id: str, name: str) -> list[str]:
        """The addresses that the host's own resolver gives for a name."""
        resolver = self.host(host_id).resolver
        question = DNSRecord.question(name)
        reply = DNSRecord.parse(self.in_host(host_id, lambda: question.send(resolver, timeout=2)))
        return [str(record.rdata) for record in reply.rr if record.rtype == QTYPE.A]

    def _new_vpc(self, vpc_id: str, spec: dict[str, Any]) -> Vpc:
        try:
            return Vpc(vpc_id, spec, self._daemon, self._removed)
        except BaseException:
            discard([vpc_id])
            raise

    def _removed(self, host_id: str) -> None:
        for callback in self._removal:
            callback(host_id)

    def _public_address(self, service: str) -> str:
        if service not in self._contexts:
            raise HostsError(f"no certificate came with the new service {service}")
        # An address is given once and kept, whatever is declared before it later.
        return self._services.setdefault(service, str(PUBLIC[len(self._services) + 1]))


def _connected(place: str, address: str, port: int, timeout: float) -> Passed:
    endpoint = in_network(place, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    try:
        endpoint.settimeout(timeout)
        endpoint.connect((address, port))
        endpoint.settimeout(None)  # a descriptor passed on with a time-out would be non-blocking there
    except OSError as error:
        endpoint.close()
        raise HostsError(f"{place} does not reach {address}:{port}: {error}") from error
    return Passed(endpoint)
