"""The resolver of a VPC, over its packets and as a pure function."""

from __future__ import annotations

from typing import Any

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from sandbox.hosts import Hosts
from sandbox.hosts.resolver import answer, vpc_names

from .conftest import Change
from .programs import run
from .worlds import CACHE_IP, CLIENT, CLIENT_IP, OUTSIDER, REPLICA_IP, host, small_world, vpc

NAMES = {
    "master.cache.test": {"cname": "0001.cache.test."},
    "0001.cache.test": {"addresses": [CACHE_IP]},
    "replica.cache.test": {"addresses": [REPLICA_IP, CACHE_IP]},
    "lost.test": {"cname": "nowhere.test"},
    "circle.test": {"cname": "circle.test"},
    "*.s3.test": {"addresses": ["198.51.100.1"]},
    "many.test": {"addresses": [f"10.20.0.{number}" for number in range(1, 61)]},
}


def ask(name: str, kind: str = "A", over_udp: bool = True) -> DNSRecord:
    return DNSRecord.parse(answer(DNSRecord.question(name, kind).pack(), NAMES, over_udp))


def test_a_chain_of_names_comes_whole_with_a_life_of_five_seconds() -> None:
    records = [(str(r.rname), QTYPE[r.rtype], r.ttl, str(r.rdata)) for r in ask("Master.Cache.Test").rr]
    assert records == [
        ("Master.Cache.Test.", "CNAME", 5, "0001.cache.test."),
        ("0001.cache.test.", "A", 5, CACHE_IP),
    ]


def test_every_address_of_a_name_comes_in_changing_order() -> None:
    orders = {tuple(str(r.rdata) for r in ask("replica.cache.test").rr) for _ in range(50)}
    assert orders == {(CACHE_IP, REPLICA_IP), (REPLICA_IP, CACHE_IP)}


def test_a_bucket_is_found_by_the_wildcard_and_a_deeper_name_is_not() -> None:
    assert str(ask("my-bucket.s3.test").rr[0].rdata) == "198.51.100.1"
    assert ask("a.b.s3.test").header.rcode == RCODE.NXDOMAIN


@pytest.mark.parametrize(
    ("name", "code"), [("nope.test", "NXDOMAIN"), ("lost.test", "NXDOMAIN"), ("circle.test", "SERVFAIL")]
)
def test_what_leads_nowhere_says_so(name: str, code: str) -> None:
    assert RCODE[ask(name).header.rcode] == code


def test_function_urls_and_buckets_have_names_below_their_services() -> None:
    services = {"lambda-url": "198.51.100.9", "s3": "198.51.100.1", "ssm": "198.51.100.2"}
    names = vpc_names(small_world()["vpcs"][next(iter(small_world()["vpcs"]))], services, "eu-west-1")
    found = {name: names[name]["addresses"] for name in names if name.startswith("*.")}
    assert found == {
        "*.lambda-url.eu-west-1.on.aws": ["198.51.100.9"],
        "*.s3.eu-west-1.amazonaws.com": ["198.51.100.1"],
    }


def test_a_name_without_an_ipv6_address_exists_all_the_same() -> None:
    reply = ask("0001.cache.test", "AAAA")
    assert (RCODE[reply.header.rcode], reply.rr) == ("NOERROR", [])


def test_a_long_answer_is_cut_over_udp_only() -> None:
    assert ask("many.test").header.tc == 1
    assert len(ask("many.test", over_udp=False).rr) == 60


def test_private_dns_takes_the_place_of_the_public_address_for_both_zones() -> None:
    world = small_world()["vpcs"]["vpc-1"]
    services = {"ssm": "198.51.100.2", "s3": "198.51.100.1"}
    for number, address in enumerate(("10.20.0.40", "10.20.1.40")):
        endpoint = host(address, "endpoint", "sg-endpoint", service="ssm", private_dns=True)
        world["hosts"][f"eni-endpoint-{number}"] = endpoint
    names = vpc_names(world, services, "eu-west-1")
    assert names["ssm.eu-west-1.amazonaws.com"] == {"addresses": ["10.20.0.40", "10.20.1.40"]}
    assert names["s3.eu-west-1.amazonaws.com"] == {"addresses": ["198.51.100.1"]}
    assert names["ip-10-20-0-10.eu-west-1.compute.internal"] == {"addresses": [CLIENT_IP]}


@pytest.mark.namespaces
def test_the_resolver_answers_at_both_its_addresses_over_udp_and_tcp(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    here["names"] = {
        "Master.Cache.test": {"cname": "0001.cache.test"},
        "0001.cache.test": {"addresses": [CACHE_IP]},
    }
    change()
    code = f"""
import socket, struct, sys
q = bytes.fromhex({DNSRecord.question("master.cache.test").pack().hex()!r})
for address in ("10.20.0.2", "169.254.169.253"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2); s.sendto(q, (address, 53)); print(s.recvfrom(999)[0][-4:] == socket.inet_aton("{CACHE_IP}"))
    with socket.create_connection((address, 53), 2) as s:
        s.sendall(struct.pack("!H", len(q)) + q); print(s.recv(999)[-4:] == socket.inet_aton("{CACHE_IP}"))
"""
    assert run(hosts, CLIENT, code) == ["True"] * 4


@pytest.mark.namespaces
def test_a_changed_name_is_answered_at_once(hosts: Hosts, here: dict[str, Any], change: Change) -> None:
    for address in (CACHE_IP, REPLICA_IP):
        here["names"] = {"master.test": {"addresses": [address]}}
        change()
        assert hosts.resolve(CLIENT, "master.test") == [address]


@pytest.mark.namespaces
def test_a_name_exists_only_in_its_own_vpc_and_other_resolvers_are_out_of_reach(
    hosts: Hosts, world: dict[str, Any], here: dict[str, Any], change: Change
) -> None:
    here["names"] = {"master.test": {"addresses": [CACHE_IP]}}
    world["vpcs"]["vpc-2"] = vpc("10.30") | {
        "hosts": {"eni-other": host("10.30.0.10", "function", "sg-open")}
    }
    change()
    assert hosts.resolve("eni-other", "master.test") == []
    assert hosts.probe("eni-other", "10.20.0.2", 53, 0.4) == "timeout"


@pytest.mark.namespaces
def test_the_outside_world_has_no_names(hosts: Hosts, world: dict[str, Any]) -> None:
    assert hosts.resolve(OUTSIDER, "example.com") == []
