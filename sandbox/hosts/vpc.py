"""One VPC as it stands: a router's network, hosts on routed interfaces, its rules, names, metadata and endpoints."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import HostsError
from .firewall import METADATA, RESOLVER, VISITOR, device, ruleset
from .metadata import Metadata, mac_address
from .namespaces import discard, in_network, ip_batch, listen, nft
from .relay import Relay
from .resolver import Resolver, vpc_names
from .world import Host, describe_host, resolver_address

if TYPE_CHECKING:
    from .daemon import Daemon

MTU = 9001  # as on EC2
HTTPS, DNS, HTTP = 443, 53, 80
DATAGRAM = 2
NO_IPV6 = {"net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"}
ROUTER_SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    # A connection that the rules held up for a while must fit again.
    "net/netfilter/nf_conntrack_tcp_be_liberal": "1",
}


class Vpc:
    """A VPC that exists. `hosts` are those that are built."""

    def __init__(
        self, vpc_id: str, spec: Mapping[str, Any], daemon: Daemon, removed: Callable[[str], None]
    ) -> None:
        self.id = vpc_id
        self.hosts: dict[str, Host] = {}
        self._daemon = daemon
        self._removed = removed
        self._own = resolver_address(spec)
        self._addresses: set[str] = set()
        self._visitor: Host | None = None
        self._rules = ""
        self._relays: dict[tuple[str, str, str], Relay] = {}
        ip_batch([f"netns add {vpc_id}"])
        self._load_rules(ruleset({"hosts": {}, "groups": {}, "subnets": {}}, {}, self._own))
        in_network(vpc_id, lambda: _configure({**NO_IPV6, **ROUTER_SETTINGS}))
        fixed = [self._own, RESOLVER, METADATA]
        ip_batch(["link set lo up", *(f"address add {ip}/32 dev lo" for ip in fixed)], vpc_id)
        self._resolver = Resolver(daemon.loop)
        for address in (self._own, RESOLVER):
            self._resolver.listen(listen(vpc_id, address, DNS, DATAGRAM), listen(vpc_id, address, DNS))
        self._metadata = Metadata(
            listen(vpc_id, METADATA, HTTP), daemon.region, daemon.account_id, daemon.assume_role
        )

    def apply(
        self, spec: Mapping[str, Any], services: Mapping[str, str], contexts: Mapping[str, ssl.SSLContext]
    ) -> tuple[list[str], list[str]]:
        """Make it equal to `spec`; the ids of hosts that were created and removed."""
        if resolver_address(spec) != self._own:
            raise HostsError(f"the address range of {self.id} cannot change")
        wanted = {host_id: describe_host(host_id, self.id, spec) for host_id in spec["hosts"]}
        moved = [
            id_
            for id_, host in self.hosts.items()
            if id_ not in wanted or _place(wanted[id_]) != _place(host)
        ]
        self._remove_hosts(moved)
        self._set_addresses(spec, services)
        new = [host for id_, host in wanted.items() if id_ not in self.hosts]
        try:
            self._add_hosts(new)
        except BaseException:
            discard([host.id for host in new])  # half a host would be in the way of the next attempt
            raise
        self.hosts = wanted
        if any(host.get("public_address") for host in spec["hosts"].values()):
            self._let_visitor_in()
        self._resolver.names = vpc_names(spec, services, self._daemon.region)
        instances = {id_: host for id_, host in wanted.items() if host.kind == "instance"}
        self._metadata.hosts = {
            host.address: (spec["hosts"][id_], host.zone) for id_, host in instances.items()
        }
        self._set_relays(spec, services, contexts)
        self._load_rules(ruleset(spec, services, self._own))
        return [host.id for host in new], moved

    @property
    def visitor(self) -> Host:
        """Whoever comes over the internet; there is one as soon as a host has a public address."""
        if self._visitor is None:
            raise HostsError(f"nothing in {self.id} has a public address")
        return self._visitor

    def close(self) -> list[str]:
        """Remove it with all its hosts; their ids."""
        hosts = list(self.hosts)
        self._end_hosts(hosts)
        # Their interfaces go with the router's, which is quicker than one by one.
        self._delete_networks(hosts)
        if self._visitor:
            ip_batch([f"netns delete {self._visitor.id}"])
        for relay in self._relays.values():
            relay.close()
        self._resolver.close()
        self._metadata.close()
        ip_batch([f"netns delete {self.id}"])
        return hosts

    def _load_rules(self, rules: str) -> None:
        if rules != self._rules:
            nft(self.id, rules)
            self._rules = rules

    def _set_addresses(self, spec: Mapping[str, Any], services: Mapping[str, str]) -> None:
        """The router's own: each subnet's gateway, and the public address of each service."""
        gateways = {str(ipaddress.ip_network(subnet["cidr"])[1]) for subnet in spec["subnets"].values()}
        wanted = gateways | set(services.values())
        lines = [f"address add {ip}/32 dev lo" for ip in sorted(wanted - self._addresses)]
        lines += [f"address delete {ip}/32 dev lo" for ip in sorted(self._addresses - wanted)]
        ip_batch(lines, self.id)
        self._addresses = wanted

    def _add_hosts(self, hosts: list[Host]) -> None:
        lines = [f"netns add {host.id}" for host in hosts]
        for host in hosts:
            ends = f"{device(host.address)} mtu {MTU} netns {self.id} type veth peer name eth0 mtu {MTU}"
            lines.append(f"link add {ends} address {mac_address(host.address)} netns {host.id}")
        ip_batch(lines)
        up = [f"link set {device(host.address)} up" for host in hosts]
        ip_batch(up + [f"route add {host.address}/32 dev {device(host.address)}" for host in hosts], self.id)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(_configure_host, hosts))

    def _let_visitor_in(self) -> None:
        """A host of the internet on a link of its own; it stays as long as the VPC."""
        if self._visitor is None:
            visitor = Host(
                f"{self.id}-visitor", self.id, "visitor", VISITOR, 32, self._own, "", self._own, {}
            )
            discard([visitor.id])  # half a one of an attempt before
            self._add_hosts([visitor])
            self._visitor = visitor

    def _remove_hosts(self, host_ids: list[str]) -> None:
        self._end_hosts(host_ids)
        # At once, not when the kernel finds time: the address may be another host's next.
        ip_batch([f"link delete {device(self.hosts[host_id].address)}" for host_id in host_ids], self.id)
        self._delete_networks(host_ids)

    def _end_hosts(self, host_ids: list[str]) -> None:
        for host_id in host_ids:
            for key in [key for key in self._relays if key[0] == host_id]:
                self._relays.pop(key).close()
            self._removed(host_id)

    def _delete_networks(self, host_ids: list[str]) -> None:
        for host_id in host_ids:
            del self.hosts[host_id]
        ip_batch([f"netns delete {host_id}" for host_id in host_ids])

    def _set_relays(
        self, spec: Mapping[str, Any], services: Mapping[str, str], contexts: Mapping[str, ssl.SSLContext]
    ) -> None:
        """A TLS endpoint for every public service in the router, and one on every interface endpoint's host."""
        wanted = {(self.id, service, address) for service, address in services.items()}
        for host_id, host in spec["hosts"].items():
            if host["kind"] == "endpoint" and host["service"] in contexts:
                wanted.add((host_id, host["service"], host["address"]))
        for key in set(self._relays) - wanted:
            self._relays.pop(key).close()
        for key in sorted(wanted - set(self._relays)):
            place, service, address = key
            listening = listen(place, address, HTTPS)
            self._relays[key] = Relay(self._daemon.loop, listening, contexts[service], self._daemon.dial)


def _place(host: Host) -> tuple[str, int, str, str]:
    """What a host cannot change without being built anew."""
    return (host.address, host.prefix_length, host.gateway, host.kind)


def _configure_host(host: Host) -> None:
    in_network(host.id, lambda: _configure(NO_IPV6))
    # Everything but itself goes by the router, neighbours too: there the groups are, and there silence is.
    lines = [
        "link set lo up",
        f"address add {host.address}/{host.prefix_length} dev eth0 noprefixroute",
        "link set eth0 up",
        f"route add {host.gateway} dev eth0 scope link",
        f"route add default via {host.gateway}",
    ]
    ip_batch(lines, host.id)


def _configure(settings: Mapping[str, str]) -> None:
    for path, value in settings.items():
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 has none of its settings
            Path("/proc/sys", path).write_text(value)
