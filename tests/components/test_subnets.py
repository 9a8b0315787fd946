"""The plan of a network's ranges."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.subnets import plan, range_faults, vpc_range

VPC = vpc_range("10.20.0.0/16")


def test_a_large_network_gets_a_24_per_zone():
    assert plan(VPC, ["eu-west-1a", "eu-west-1b"]) == {
        "eu-west-1a": "10.20.0.0/24",
        "eu-west-1b": "10.20.1.0/24",
    }


def test_public_subnets_lie_behind_the_private_ones():
    assert plan(VPC, ["eu-west-1a"], public=True) == {"eu-west-1a": "10.20.8.0/24"}


def test_a_small_network_gets_sixteenths():
    assert plan(vpc_range("10.0.0.0/22"), ["eu-west-1c"]) == {"eu-west-1c": "10.0.0.128/26"}


def test_a_further_zone_moves_no_other():
    before = plan(VPC, ["eu-west-1c", "eu-west-1b"])

    after = plan(VPC, ["eu-west-1a", "eu-west-1b", "eu-west-1c"])

    assert {zone: after[zone] for zone in before} == before


@given(
    st.integers(16, 24),
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True),
    st.booleans(),
)
def test_planned_ranges_lie_in_the_network_and_apart(prefix, letters, public):
    vpc = vpc_range(f"10.20.0.0/{prefix}")
    zones = [f"eu-west-1{letter}" for letter in letters]

    ranges = [ipaddress.IPv4Network(text) for text in plan(vpc, zones, public).values()]

    assert len(ranges) == len(zones)
    assert all(item.subnet_of(vpc) and item.prefixlen <= 28 for item in ranges)
    assert not any(one.overlaps(two) for i, one in enumerate(ranges) for two in ranges[:i])


def test_a_network_too_small_for_a_plan_is_refused():
    with pytest.raises(
        ValueError, match=r"^10\.0\.0\.0/26 is too small to plan subnets in; give a /24 or larger"
    ):
        plan(vpc_range("10.0.0.0/26"), ["eu-west-1a"])


@pytest.mark.parametrize("zones", [["us-west-2a", "us-west-2-lax-1a"], ["eu-west-1z"]])
def test_zones_of_one_letter_and_of_no_regions_letter_cannot_be_planned(zones):
    with pytest.raises(
        ValueError, match="cannot be told apart by their last letters; give the subnets' ranges"
    ):
        plan(VPC, zones)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.0/8", "'10.0.0.0/8' must be a /16 to /28, as AWS makes no other VPC"),
        ("10.0.0.1/16", "'10.0.0.1/16' has bits set behind its prefix; did you mean 10.0.0.0/16?"),
        ("ten", "must be an IPv4 range such as 10.20.0.0/16, got 'ten'"),
        ("fd00::/64", "must be an IPv4 range such as 10.20.0.0/16, got 'fd00::/64'"),
    ],
)
def test_a_range_no_vpc_can_have_is_refused(text, message):
    with pytest.raises(ValueError, match=r"must|bits") as refused:
        vpc_range(text)

    assert str(refused.value) == message


def test_given_ranges_are_told_what_is_wrong_with_each():
    ranges = {"a": "10.20.1.0/24", "b": "10.20.1.128/25", "c": "10.21.0.0/24", "d": "10.20.2.0/29", "e": "x"}

    assert range_faults(VPC, ranges) == {
        "b": "'10.20.1.128/25' overlaps a (10.20.1.0/24)",
        "c": "'10.21.0.0/24' is outside the network's 10.20.0.0/16",
        "d": "'10.20.2.0/29' is smaller than /28, the smallest AWS makes",
        "e": "must be an IPv4 range such as 10.20.0.0/16, got 'x'",
    }


def test_ranges_as_they_should_be_have_no_fault():
    assert range_faults(VPC, {"a": "10.20.101.0/24", "b": "10.20.102.0/24"}) == {}
