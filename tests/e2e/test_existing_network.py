"""The program in a VPC that somebody else has made: it uses what is there, makes nothing of it, and leaves it there."""

from __future__ import annotations

from typing import Any

import pytest

from .by_hand import network_by_hand
from .environment import Environment
from .inventory import inventory

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture
def here(new_environment: Environment) -> tuple[Environment, dict[str, Any]]:
    """An environment with a network made by hand, as section `network` names it."""
    new_environment.sandbox("env")
    network = network_by_hand(new_environment.boto("ec2"))
    new_environment.configure("network", **{"availability_zones": None, **network})
    return new_environment, network


def test_the_program_lives_in_a_network_of_somebody_else_and_leaves_it_as_it_was(
    here: tuple[Environment, dict[str, Any]],
):
    environment, network = here
    before = inventory(environment)

    said = environment.up()

    assert environment.outputs()["vpc_id"] == network["vpc_id"]
    (group,) = environment.boto("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"]
    used = {one["SubnetIdentifier"] for one in group["Subnets"]}
    assert used == set(network["private_subnet_ids"].values())
    assert "need interface endpoints with private DNS for ssm and ssmmessages" in said
    kinds = {urn.split("::")[2].split("$")[-1] for urn in environment.resources()}
    made = {"Vpc", "Subnet", "RouteTable", "VpcEndpoint", "DefaultSecurityGroup"}
    assert not {kind for kind in kinds if kind.rpartition(":")[2] in made}
    environment.client("verify")

    environment.sandbox("destroy", "--engine", "embedded")
    left = inventory(environment)
    assert list(left.pop("pending key")) != []
    assert left == before


def test_a_subnet_of_another_zone_is_refused_at_preview(here: tuple[Environment, dict[str, Any]]):
    environment, network = here
    subnet = network["private_subnet_ids"]["eu-west-1a"]
    environment.configure("network", private_subnet_ids={"eu-west-1b": subnet, "eu-west-1c": "subnet-0"})
    environment.configure("cache", replicas=0)

    refused = environment.sandbox("preview", "--engine", "embedded", code=2).stderr

    assert f"private_subnet_ids.eu-west-1b: {subnet!r} is in eu-west-1a" in refused
    assert "private_subnet_ids.eu-west-1c: 'subnet-0' cannot be looked up: " in refused
