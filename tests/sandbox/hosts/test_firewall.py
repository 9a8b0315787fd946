"""Security group rules as nft text."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.hosts.firewall import ruleset

from .worlds import rule, small_world

SOURCE = "ct original ip saddr"
CASES: list[tuple[dict[str, Any], list[str]]] = [
    (
        rule("tcp", 80, 80, cidr="10.0.0.5/8"),
        [f"{SOURCE} 10.0.0.0/8 meta l4proto tcp ct original proto-dst 80-80 accept"],
    ),
    (rule("6", 1, 2, cidr="0.0.0.0/0"), ["meta l4proto tcp ct original proto-dst 1-2 accept"]),
    (
        rule("udp", 53, 54, group="sg-open"),
        [f"{SOURCE} @m_sg-open meta l4proto udp ct original proto-dst 53-54 accept"],
    ),
    (rule("-1", 0, 0, group="sg-client"), [f"{SOURCE} @m_sg-client meta nfproto ipv4 accept"]),
    (rule("icmp", -1, -1, cidr="0.0.0.0/0"), ["meta l4proto icmp accept"]),
    (
        rule("icmp", 3, 4, cidr="0.0.0.0/0"),
        [
            "ct direction original icmp type 3 icmp code 4 accept",
            "ct direction reply meta l4proto icmp accept",
        ],
    ),
    (rule("50", -1, -1, cidr="0.0.0.0/0"), ["meta l4proto 50 accept"]),
    (rule("tcp", 1, 1, cidr="::/0"), []),
    (rule("tcp", 1, 1, group="sg-of-another-vpc"), []),
    (rule("tcp", 1, 1, prefix_list_service="dynamodb"), []),
]


def ingress(text: str, group: str) -> list[str]:
    """The rules in the chain of a group's ingress."""
    body = text.partition(f" chain in_{group} {{\n")[2].partition(" }")[0]
    return [line.strip() for line in body.splitlines()]


@pytest.mark.parametrize(("declared", "expected"), CASES)
def test_a_rule_becomes_its_match(declared: dict[str, Any], expected: list[str]) -> None:
    vpc = small_world()["vpcs"]["vpc-1"]
    vpc["groups"]["sg-cache"]["ingress"] = [declared]
    assert ingress(ruleset(vpc, {"s3": "198.51.100.1"}, "10.20.0.2"), "sg-cache") == expected


def test_a_group_without_a_rule_admits_nothing() -> None:
    vpc = small_world()["vpcs"]["vpc-1"]
    vpc["groups"]["sg-cache"] = {}
    text = ruleset(vpc, {}, "10.20.0.2")
    assert ingress(text, "sg-cache") == []
    assert ingress(text, "h_eni-cache") == ["jump in_sg-cache", "drop"]


def test_the_table_replaces_the_last_one_in_one_transaction() -> None:
    text = ruleset(small_world()["vpcs"]["vpc-1"], {}, "10.20.0.2")
    assert text.startswith("table inet vpc\ndelete table inet vpc\ntable inet vpc {\n")
