"""The network follows its description while traffic flows."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from sandbox.hosts import Hosts, OperationFailed

from .conftest import Change
from .programs import echo, ticks, until
from .worlds import (
    CACHE,
    CACHE_IP,
    CLIENT,
    EVERYTHING,
    FROM_CLIENTS,
    OUTSIDER,
    OUTSIDER_IP,
    REPLICA,
    REPLICA_IP,
    TO_CACHE,
    VPC,
    host,
    instance,
    rule,
    small_world,
)

pytestmark = pytest.mark.namespaces
SILENCE = 0.3
LIVE_SECONDS = 0.05


# Sends one ICMP echo request with a checksum over type 8, number 1 and sequence 1.
PING = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); s.settimeout(0.3)
s.sendto(bytes([8, 0, 0xF7, 0xFD, 0, 1, 0, 1]), ("%s", 0))
try: print(s.recv(100)[20])
except TimeoutError: print("timeout")
"""


def ping(hosts: Hosts) -> bool:
    """Whether the cache answers the client; raw sockets are for the inner root."""
    state = hosts.process_state(CLIENT, "stay") or hosts.start_process(CLIENT, "stay", ["sleep", "60"])
    command = [*hosts.enter_command(state["pid"]), sys.executable, "-I", "-c", PING % CACHE_IP]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout in ("0\n", "timeout\n")
    return done.stdout == "0\n"


def test_an_unchanged_world_changes_nothing_and_takes_no_time(hosts: Hosts, world: dict[str, Any]) -> None:
    started = time.monotonic()
    assert hosts.apply(small_world()) == {"created": [], "removed": []}
    assert time.monotonic() - started < 3 * 0.01


def test_only_hosts_that_differ_are_built_anew(here: dict[str, Any], change: Change) -> None:
    here["hosts"]["eni-new"] = host("10.20.1.30", "cache", "sg-cache")
    here["hosts"][REPLICA]["address"] = "10.20.1.21"
    here["hosts"][CLIENT]["groups"] = ["sg-open"]
    del here["hosts"][OUTSIDER]
    changed = change()
    assert sorted(changed["created"]) == ["eni-new", REPLICA]
    assert sorted(changed["removed"]) == [OUTSIDER, REPLICA]


def test_a_new_rule_holds_at_once(hosts: Hosts, here: dict[str, Any], change: Change) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    here["groups"]["sg-cache"]["ingress"].append(rule("tcp", 6379, 6379, cidr=f"{OUTSIDER_IP}/32"))
    started = time.monotonic()
    change()
    assert time.monotonic() - started < 3 * LIVE_SECONDS
    assert hosts.probe(OUTSIDER, CACHE_IP, 6379) == "open"


def test_an_open_connection_ends_in_silence_when_its_rule_goes_and_lives_on_when_it_returns(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    said = ticks(hosts, CLIENT, CACHE_IP, 6379)
    here["groups"]["sg-cache"]["ingress"] = []
    change()
    until(lambda: said()[-1] == "stopped")
    here["groups"]["sg-cache"]["ingress"] = [FROM_CLIENTS]
    change()
    until(lambda: said()[-1].isdigit())


def test_an_open_connection_goes_on_through_changes_of_other_rules_and_hosts(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    said = ticks(hosts, CLIENT, CACHE_IP, 6379)
    for number in range(5):
        here["groups"]["sg-cache"]["ingress"].append(
            rule("tcp", 7000 + number, 7000 + number, cidr="10.20.0.0/16")
        )
        here["hosts"][f"eni-{number}"] = host(f"10.20.1.{100 + number}", "function", "sg-client")
        change()
    seen = len(said())
    until(lambda: len(said()) > seen + 5)
    assert "stopped" not in said()


def test_an_allowed_connection_goes_on_when_another_rule_carries_it(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    said = ticks(hosts, CLIENT, CACHE_IP, 6379)
    here["groups"]["sg-cache"]["ingress"] = [rule("tcp", 6000, 7000, cidr="10.20.0.0/16")]
    here["groups"]["sg-client"]["egress"] = [TO_CACHE]
    change()
    seen = len(said())
    until(lambda: len(said()) > seen + 5)
    assert "stopped" not in said()


def test_a_group_as_source_means_its_members_of_the_moment(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    here["hosts"]["eni-new"] = instance("10.20.1.30", 3, "sg-client")
    change()
    assert hosts.probe("eni-new", CACHE_IP, 6379) == "open"
    here["hosts"]["eni-new"]["groups"] = ["sg-open"]
    change()
    assert hosts.probe("eni-new", CACHE_IP, 6379, SILENCE) == "timeout"
    here["hosts"]["eni-new"]["groups"] = ["sg-open", "sg-client"]
    change()
    assert hosts.probe("eni-new", CACHE_IP, 6379) == "open", "a host has the rules of all its groups"


def test_a_new_host_with_an_old_address_inherits_no_group(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    del here["hosts"][CLIENT]
    here["hosts"]["eni-heir"] = instance("10.20.0.10", 3, "sg-open")
    change()
    assert hosts.probe("eni-heir", CACHE_IP, 6379, SILENCE) == "timeout"


def test_a_group_that_may_reach_only_the_cache_reaches_nothing_else(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    echo(hosts, OUTSIDER, OUTSIDER_IP, 6379)
    here["groups"]["sg-client"]["egress"] = [TO_CACHE]
    change()
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "open"
    assert hosts.probe(CLIENT, OUTSIDER_IP, 6379, SILENCE) == "timeout"


def test_members_of_a_group_reach_each_other_only_when_it_says_so(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, REPLICA, REPLICA_IP, 6379)
    here["groups"]["sg-cache"]["egress"] = [EVERYTHING]
    change()
    assert hosts.probe(CACHE, REPLICA_IP, 6379, SILENCE) == "timeout"
    here["groups"]["sg-cache"]["ingress"].append(rule("tcp", 6379, 6379, group="sg-cache"))
    change()
    assert hosts.probe(CACHE, REPLICA_IP, 6379) == "open"


def test_replication_passes_beyond_the_groups_in_both_directions_until_it_is_cut(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    echo(hosts, REPLICA, REPLICA_IP, 6379)
    assert hosts.probe(REPLICA, CACHE_IP, 6379, SILENCE) == "timeout"
    here["replication"] = [[REPLICA_IP, CACHE_IP, 6379]]
    change()
    assert hosts.probe(CACHE, REPLICA_IP, 6379) == "open"
    said = ticks(hosts, REPLICA, CACHE_IP, 6379)
    here["replication"] = []
    change()
    until(lambda: said()[-1] == "stopped")


def test_a_cut_host_hears_and_says_nothing_until_it_is_healed(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    echo(hosts, CACHE, CACHE_IP, 6379)
    said = ticks(hosts, CLIENT, CACHE_IP, 6379)
    here["cut"] = [CACHE]
    change()
    until(lambda: said()[-1] == "stopped")
    assert hosts.probe(CLIENT, CACHE_IP, 6379, SILENCE) == "timeout"
    here["cut"] = [CLIENT]
    change()
    assert hosts.probe(OUTSIDER, CACHE_IP, 6379, SILENCE) == "timeout", "still only for its clients"
    assert hosts.probe(CLIENT, "10.20.0.2", 53, SILENCE) == "timeout", "not even the resolver"
    here["cut"] = []
    change()
    until(lambda: said()[-1].isdigit())


def test_pings_pass_where_icmp_of_that_type_is_allowed(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    assert not ping(hosts)
    here["groups"]["sg-cache"]["ingress"].append(rule("icmp", 13, -1, cidr="0.0.0.0/0"))
    change()
    assert not ping(hosts), "type 13 is no echo request"
    here["groups"]["sg-cache"]["ingress"].append(rule("icmp", 8, -1, cidr="0.0.0.0/0"))
    change()
    assert ping(hosts)


def test_removed_hosts_and_vpcs_can_come_back(hosts: Hosts, world: dict[str, Any]) -> None:
    hosts.apply({"vpcs": {}, "services": []})
    assert sorted(hosts.apply(small_world())["created"]) == sorted(small_world()["vpcs"][VPC]["hosts"])
    echo(hosts, CACHE, CACHE_IP, 6379)
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "open"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"subnet": "subnet-x"}, "eni-client: there is no subnet subnet-x"),
        ({"address": "10.20.1.9"}, "eni-client: 10.20.1.9 is outside 10.20.0.0/24"),
        ({"address": CACHE_IP}, "eni-cache: 10.20.0.20 belongs to eni-client"),
        ({"kind": "toaster"}, "eni-client: unknown kind 'toaster'"),
    ],
)
def test_a_world_that_cannot_be_is_refused_before_anything_changes(
    hosts: Hosts, world: dict[str, Any], spoil: dict[str, str], message: str
) -> None:
    broken = small_world()
    broken["vpcs"][VPC]["hosts"][CLIENT] |= spoil
    broken["vpcs"][VPC]["hosts"]["eni-new"] = host("10.20.1.30", "cache", "sg-cache")
    with pytest.raises(OperationFailed, match=message):
        hosts.apply(broken)
    assert hosts.apply(small_world()) == {"created": [], "removed": []}


def test_a_name_that_could_break_out_of_a_rule_is_refused(hosts: Hosts) -> None:
    broken = small_world()
    broken["vpcs"][VPC]["groups"]["x { } ; drop"] = {}
    with pytest.raises(OperationFailed, match="is not an identifier"):
        hosts.apply(broken)
