"""Security groups as nftables rules: from one VPC's description to the text of its table. Pure.

Every packet, in either direction, is judged by the addresses and the port with which its connection was opened. So an
answer passes because its request may pass, and a connection ends when its rule goes, while allowed ones live on
through any rebuild: conntrack is not part of the table. The router itself opens no connection and sends no error: where
nothing is allowed or nobody is, there is silence.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from typing import Any

RESOLVER, METADATA = "169.254.169.253", "169.254.169.254"
SOURCE, TARGET, PORT = "ct original ip saddr", "ct original ip daddr", "ct original proto-dst"
# A browser or a person outside the VPC: one address of TEST-NET-3, which is nobody's.
VISITOR = "203.0.113.10"
NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "all": "-1"}

TABLE = """table inet vpc
delete table inet vpc
table inet vpc {{
 set sources {{ type ifname . ipv4_addr; {sources} }}
 set cut {{ type ipv4_addr; {cut} }}
 set replication {{ type ipv4_addr . ipv4_addr . inet_service; {replication} }}
 set reachable {{ type ipv4_addr . ipv4_addr; flags interval; {reachable} }}
 set instances {{ type ipv4_addr; {instances} }}
 set public {{ type ipv4_addr; {public} }}
 map ingress {{ type ipv4_addr : verdict; {ingress} }}
 map egress {{ type ipv4_addr : verdict; {egress} }}
{groups}
 chain admitted {{
  {target} vmap @ingress
  {source} . {target} @reachable accept
  drop
 }}
{chains}
 chain out_visitor {{
  {target} @public goto admitted
  drop
 }}
 chain judged {{
  meta l4proto tcp {source} . {target} . {port} @replication accept
  {source} vmap @egress
  drop
 }}
 chain arriving {{
  ip saddr @cut drop
  ip daddr @cut drop
  iifname . ip saddr != @sources drop
  ct state vmap {{ invalid : drop, related : accept }}
 }}
 chain forward {{ type filter hook forward priority 0; policy drop;
  jump arriving
  jump judged
 }}
 chain input {{ type filter hook input priority 0; policy drop;
  iif lo accept
  jump arriving
  ip daddr {{ {resolvers} }} meta l4proto {{ tcp, udp }} th dport 53 accept
  ip daddr {metadata} ip saddr @instances tcp dport 80 accept
  jump judged
 }}
 chain output {{ type filter hook output priority 0; policy drop;
  oif lo accept
  ip daddr @cut drop
  ct direction original drop
  ip saddr {{ {resolvers} }} meta l4proto {{ tcp, udp }} th sport 53 accept
  ip saddr {metadata} tcp sport 80 accept
  jump judged
 }}
}}
"""


def device(address: str) -> str:
    """The name of the router's interface to a host: short enough for the kernel, and the address says it."""
    return "v" + socket.inet_aton(address).hex()


def ruleset(vpc: Mapping[str, Any], services: Mapping[str, str], resolver: str) -> str:
    """The whole table of one VPC; loading it replaces the last one in one transaction.

    `services` are the public addresses of AWS's services, `resolver` the VPC's own resolver address.
    """
    hosts, groups = vpc["hosts"], vpc["groups"]
    members = {group: [h["address"] for h in hosts.values() if group in h["groups"]] for group in groups}
    sides = {id_: f"h_{id_}" for id_ in hosts}
    by_address = sorted((host["address"], sides[id_]) for id_, host in hosts.items())
    return TABLE.format(
        source=SOURCE,
        target=TARGET,
        port=PORT,
        metadata=METADATA,
        resolvers=f"{resolver}, {RESOLVER}",
        sources=_elements(
            f'"{device(ip)}" . {ip}' for ip in (*(h["address"] for h in hosts.values()), VISITOR)
        ),
        cut=_elements(hosts[id_]["address"] for id_ in vpc.get("cut", ()) if id_ in hosts),
        replication=_elements(_replication(vpc)),
        reachable=_elements(_reachable(vpc, services)),
        instances=_elements(h["address"] for h in hosts.values() if h["kind"] == "instance"),
        public=_elements(h["address"] for h in hosts.values() if h.get("public_address")),
        groups="\n".join(
            f" set m_{group} {{ type ipv4_addr; {_elements(ips)} }}" for group, ips in members.items()
        ),
        chains=_chains(vpc, services),
        ingress=_elements(f"{address} : goto in_{side}" for address, side in by_address),
        egress=_elements(
            f"{address} : goto out_{side}" for address, side in (*by_address, (VISITOR, "visitor"))
        ),
    )


def _chains(vpc: Mapping[str, Any], services: Mapping[str, str]) -> str:
    """One chain a group and direction, then one a host and direction that visits the host's groups."""
    lines = []
    for group, rules in vpc["groups"].items():
        for prefix, key, peer, verdict in (
            ("in", "ingress", SOURCE, "accept"),
            ("out", "egress", TARGET, "goto admitted"),
        ):
            matches = [
                m for rule in rules.get(key, ()) for m in _matches(rule, peer, vpc["groups"], services)
            ]
            lines.append(_chain(f"{prefix}_{group}", [f"{match} {verdict}" for match in matches]))
    for id_, host in vpc["hosts"].items():
        known = [group for group in host["groups"] if group in vpc["groups"]]
        for prefix in ("in", "out"):
            lines.append(
                _chain(f"{prefix}_h_{id_}", [*(f"jump {prefix}_{group}" for group in known), "drop"])
            )
    return "\n".join(lines)


def _matches(
    rule: Mapping[str, Any], peer: str, groups: Mapping[str, Any], services: Mapping[str, str]
) -> list[str]:
    """What a packet must look like for the rule, none when nobody can match it."""
    if "group" in rule:
        if rule["group"] not in groups:
            return []  # a group of another VPC has no member here
        who = f"{peer} @m_{rule['group']}"
    elif "prefix_list_service" in rule:
        if rule["prefix_list_service"] not in services:
            return []
        who = f"{peer} {services[rule['prefix_list_service']]}"
    elif ":" in rule["cidr"]:
        return []  # IPv6: no host has such an address
    else:
        network = ipaddress.ip_network(rule["cidr"], strict=False)
        who = f"{peer} {network}" if network.prefixlen else ""
    protocol = NUMBERS.get(str(rule["protocol"]), str(rule["protocol"]))
    return [f"{who} {what}".strip() for what in _traffic(protocol, rule.get("from", -1), rule.get("to", -1))]


def _traffic(protocol: str, first: int, last: int) -> list[str]:
    if protocol == "-1":
        return ["meta nfproto ipv4"]
    if protocol in ("tcp", "udp"):
        return [f"meta l4proto {protocol} {PORT} {first}-{last}"]
    if protocol == "icmp" and first >= 0:  # the ports of an ICMP rule are its type and code
        code = f" icmp code {last}" if last >= 0 else ""
        request = f"ct direction original icmp type {first}{code}"
        return [request, "ct direction reply meta l4proto icmp"]
    return [f"meta l4proto {protocol}"]


def _replication(vpc: Mapping[str, Any]) -> list[str]:
    """Either node may be the replica after a failover."""
    pairs = {(a, b, port) for a, b, port in vpc.get("replication", ())}
    return sorted({f"{x} . {y} . {port}" for a, b, port in pairs for x, y in ((a, b), (b, a))})


def _reachable(vpc: Mapping[str, Any], services: Mapping[str, str]) -> list[str]:
    found = []
    for subnet in vpc["subnets"].values():
        routed = services if subnet["internet"] else subnet["gateway_services"]
        found += [f"{subnet['cidr']} . {services[service]}" for service in routed if service in services]
    return sorted(set(found))


def _chain(name: str, rules: Iterable[str]) -> str:
    return "\n".join([f" chain {name} {{", *(f"  {rule}" for rule in rules), " }"])


def _elements(values: Iterable[str]) -> str:
    text = ", ".join(values)
    return f"elements = {{ {text} }}" if text else ""
