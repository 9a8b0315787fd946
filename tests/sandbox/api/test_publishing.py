"""What is published of a world: ports of public instances that their groups open to somebody outside."""

from __future__ import annotations

import pytest

from sandbox.api.publishing import Opened, opened_ports


def world(*rules, public="54.0.0.1"):
    host = {"address": "10.0.0.9", "groups": ["sg-1", "sg-gone"], "metadata": {"name": "web"}}
    if public:
        host["public_address"] = public
    groups = {"sg-1": {"ingress": list(rules), "egress": []}}
    return {"vpcs": {"vpc-1": {"hosts": {"eni-1": host}, "groups": groups}}}


def rule(cidr="203.0.113.0/24", first=8008, last=8008, protocol="tcp"):
    return {"protocol": protocol, "from": first, "to": last, "cidr": cidr}


def test_a_port_that_the_visitors_range_may_open_is_published_once():
    assert list(opened_ports(world(rule(), rule("0.0.0.0/0")))) == [
        Opened("web", "vpc-1", "10.0.0.9", "54.0.0.1", 8008)
    ]


@pytest.mark.parametrize(
    "closed",
    [
        world(rule(), public=""),
        world(rule("198.51.100.0/24")),
        world(rule(protocol="udp")),
        world({"protocol": "tcp", "from": 8008, "to": 8008, "group": "sg-2"}),
    ],
)
def test_what_nobody_outside_may_open_is_not(closed):
    assert list(opened_ports(closed)) == []


def test_of_a_wide_range_of_ports_the_first_are_published():
    assert [one.port for one in opened_ports(world(rule(first=20, last=60000)))] == list(range(20, 36))
