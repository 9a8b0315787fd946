"""What gets through between hosts, and what meets silence."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest

from sandbox.hosts import Hosts

from .conftest import Change
from .programs import PYTHON, echo, run, until
from .worlds import (
    CACHE,
    CACHE_IP,
    CLIENT,
    CLIENT_IP,
    EVERYTHING,
    OUTSIDER,
    OUTSIDER_IP,
    REPLICA_IP,
    host,
    rule,
    vpc,
)

pytestmark = pytest.mark.namespaces
SILENCE = 0.3


def test_the_client_group_reaches_the_caches_port(hosts: Hosts, world: dict[str, Any]) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "open"


def test_an_allowed_port_without_a_listener_is_refused(hosts: Hosts, world: dict[str, Any]) -> None:
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "refused"


def test_another_port_is_silence_even_where_something_listens(hosts: Hosts, world: dict[str, Any]) -> None:
    echo(hosts, CACHE, CACHE_IP, 6380)
    started = time.monotonic()
    assert hosts.probe(CLIENT, CACHE_IP, 6380, SILENCE) == "timeout"
    assert time.monotonic() - started >= SILENCE


def test_a_host_outside_the_group_meets_silence(hosts: Hosts, world: dict[str, Any]) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    assert hosts.probe(OUTSIDER, CACHE_IP, 6379, SILENCE) == "timeout"


def test_the_cache_cannot_go_outwards(
    hosts: Hosts, world: dict[str, Any], here: dict[str, Any], change: Change
) -> None:
    echo(hosts, OUTSIDER, OUTSIDER_IP, 8000)
    assert hosts.probe(CACHE, OUTSIDER_IP, 8000, SILENCE) == "timeout"
    assert hosts.probe(CACHE, REPLICA_IP, 6379, SILENCE) == "timeout"
    here["groups"]["sg-cache"]["egress"] = [EVERYTHING]
    change()
    assert hosts.probe(CACHE, OUTSIDER_IP, 8000) == "open", "only the missing egress rule was in the way"


def test_another_vpc_meets_silence_in_both_directions(
    hosts: Hosts, world: dict[str, Any], change: Change
) -> None:
    other = vpc("10.30")
    other["hosts"] = {"eni-other": host("10.30.0.10", "function", "sg-open")}
    world["vpcs"]["vpc-2"] = other
    change()
    echo(hosts, "eni-other", "10.30.0.10", 8000)
    echo(hosts, OUTSIDER, OUTSIDER_IP, 8000)
    assert hosts.probe("eni-other", OUTSIDER_IP, 8000, SILENCE) == "timeout"
    assert hosts.probe(OUTSIDER, "10.30.0.10", 8000, SILENCE) == "timeout"


def test_two_vpcs_may_use_the_same_addresses(hosts: Hosts, world: dict[str, Any], change: Change) -> None:
    twin = vpc()
    twin["hosts"] = {
        "eni-twin": host(CACHE_IP, "cache", "sg-open"),
        "eni-near": host(CLIENT_IP, "cache", "sg-open"),
    }
    world["vpcs"]["vpc-2"] = twin
    change()
    echo(hosts, "eni-twin", CACHE_IP, 6379)
    assert hosts.probe("eni-near", CACHE_IP, 6379) == "open"
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "refused"


@pytest.mark.parametrize("address", ["10.20.0.99", "10.20.9.9", "192.0.2.1", "127.0.0.2"])
def test_an_address_where_nobody_is_meets_no_answer(
    hosts: Hosts, world: dict[str, Any], address: str
) -> None:
    expected = "refused" if address.startswith("127.") else "timeout"
    assert hosts.probe(OUTSIDER, address, 6379, SILENCE) == expected


def test_an_unused_neighbour_address_stays_silent_longer_than_an_unanswered_arp(
    hosts: Hosts, world: dict[str, Any]
) -> None:
    assert hosts.probe(OUTSIDER, "10.20.1.99", 6379, 3.3) == "timeout"


def test_the_machine_and_its_api_port_cannot_be_reached(
    hosts: Hosts, world: dict[str, Any], api: Any
) -> None:
    assert hosts.probe(OUTSIDER, "127.0.0.1", api.server_port) == "refused"


HEAR = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 9000)); print("ready")
while True: print(s.recv(100).decode())
"""
SAY = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 0))
s.sendto(sys.argv[3].encode(), (sys.argv[2], 9000))
"""


def test_a_packet_with_another_hosts_source_is_dropped(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    here["groups"]["sg-cache"]["ingress"] = [rule("udp", 9000, 9000, group="sg-client")]
    change()
    hosts.start_process(CACHE, "hear", [*PYTHON, HEAR, CACHE_IP])
    until(lambda: hosts.process_log(CACHE, "hear") == ["ready"])
    inside = hosts.start_process(OUTSIDER, "stay", ["sleep", "60"])["pid"]
    borrow = [*hosts.enter_command(inside), "ip", "address", "{}", f"{CLIENT_IP}/32", "dev", "eth0"]
    for verb in ("add", "del"):
        subprocess.run([word.format(verb) for word in borrow], check=True, capture_output=True)
        if verb == "add":
            run(hosts, OUTSIDER, SAY, CLIENT_IP, CACHE_IP, "forged")
    run(hosts, CLIENT, SAY, CLIENT_IP, CACHE_IP, "true")
    until(lambda: "true" in hosts.process_log(CACHE, "hear"))
    assert hosts.process_log(CACHE, "hear") == ["ready", "true"]


def test_udp_follows_the_rules_and_its_answers_come_back(
    hosts: Hosts, world: dict[str, Any], here: dict[str, Any], change: Change
) -> None:
    server = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 9000)); print("ready")
while True: s.sendto(*s.recvfrom(100))
"""
    client = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.3)
for _ in range(3):
    s.sendto(b"hello", (sys.argv[1], 9000))
    try: print(s.recv(100).decode()); break
    except TimeoutError: pass
else: print("timeout")
"""
    hosts.start_process(CACHE, "udp", [*PYTHON, server, CACHE_IP])
    until(lambda: hosts.process_log(CACHE, "udp") == ["ready"])
    assert run(hosts, CLIENT, client, CACHE_IP) == ["timeout"]
    here["groups"]["sg-cache"]["ingress"].append(rule("udp", 9000, 9000, group="sg-client"))
    change()
    assert run(hosts, CLIENT, client, CACHE_IP) == ["hello"]
