"""A network that exists: nothing of it is made, and what is said of it is looked up before anything is created."""

from __future__ import annotations

import pulumi
import pytest

from components.existing_network import NEEDED, ExistingNetwork, check_existing_network
from components.problems import ConfigurationError, Problem
from tests.answers import INVOKES
from tests.components.shared import EGRESS, SECURITY_GROUP

SUBNET_LOOKUP = "aws:ec2/getSubnet:getSubnet"
A, B, P = "subnet-eu-west-1a-vpc-1", "subnet-eu-west-1b-vpc-1", "subnet-eu-west-1c-vpc-1"
ARGS = {"vpc_id": "vpc-1", "private_subnet_ids": {"eu-west-1b": B, "eu-west-1a": A}}


@pytest.fixture
def network(deploy):
    def declare(**changes):
        args = {key: value for key, value in {**ARGS, **changes}.items() if value is not None}
        return deploy(lambda: ExistingNetwork("net", args))

    return declare


def test_one_group_with_two_rules_is_all_that_is_made(network):
    run = network(tags={"team": "a"})

    assert run.counts() == {"aws-cache:index:ExistingNetwork": 1, SECURITY_GROUP: 1, EGRESS: 2}
    group = run.one(SECURITY_GROUP)
    assert (group.name, group.inputs["vpcId"]) == ("net-endpoint-client", "vpc-1")
    assert group.inputs["tags"] == {"team": "a", "Name": "net-endpoint-client"}
    assert {
        (rule.inputs.get("cidrIpv4"), rule.inputs.get("prefixListId"), rule.inputs["fromPort"])
        for rule in run.of_type(EGRESS).values()
    } == {("172.31.0.0/16", None, 443), (None, "pl-6da54004", 443)}
    assert {rule.inputs["securityGroupId"] for rule in run.of_type(EGRESS).values()} == {
        "net-endpoint-client-id"
    }


def test_the_ids_come_out_as_they_went_in(network):
    run = network(public_subnet_ids={"eu-west-1c": P})

    outputs = run.one("aws-cache:index:ExistingNetwork").outputs
    assert outputs == {
        "vpc_id": "vpc-1",
        "private_subnet_ids": {"eu-west-1a": A, "eu-west-1b": B},
        "public_subnet_ids": {"eu-west-1c": P},
        "endpoint_client_security_group_id": "net-endpoint-client-id",
    }
    assert network().one("aws-cache:index:ExistingNetwork").outputs["public_subnet_ids"] == {}


def test_with_internet_access_the_group_opens_https_to_everywhere(network):
    (rule,) = network(internet_access=True).of_type(EGRESS).values()

    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == (
        "0.0.0.0/0",
        443,
        443,
    )


def test_with_an_existing_group_nothing_at_all_is_made(network):
    run = network(endpoint_client_security_group_id="sg-1")

    assert run.counts() == {"aws-cache:index:ExistingNetwork": 1}
    outputs = run.one("aws-cache:index:ExistingNetwork").outputs
    assert outputs["endpoint_client_security_group_id"] == "sg-1"


def test_what_must_exist_there_is_said_on_the_network(network):
    run = network()

    urn = run.one("aws-cache:index:ExistingNetwork").urn
    assert ("info", NEEDED, urn) in run.logs
    assert run.warnings == []


def test_a_subnet_in_another_place_is_told_with_all_others_before_anything_is_made(deploy):
    def lookup(arguments):
        if arguments["id"] == "subnet-none":
            raise LookupError("InvalidSubnetID.NotFound")
        return INVOKES[SUBNET_LOOKUP](arguments)

    args = {
        "vpc_id": "vpc-1",
        "private_subnet_ids": {"eu-west-1a": B, "eu-west-1b": "subnet-eu-west-1b-vpc-2"},
        "public_subnet_ids": {"eu-west-1c": "subnet-none"},
    }
    with pytest.raises(ConfigurationError) as refused:
        deploy(lambda: ExistingNetwork("net", args), invokes={SUBNET_LOOKUP: lookup})

    private, elsewhere, missing = refused.value.problems
    assert private == Problem("private_subnet_ids.eu-west-1a", f"{B!r} is in eu-west-1b")
    assert elsewhere == Problem(
        "private_subnet_ids.eu-west-1b", "'subnet-eu-west-1b-vpc-2' is in vpc-2, not in vpc-1"
    )
    assert missing.path == "public_subnet_ids.eu-west-1c"
    assert missing.message.startswith("'subnet-none' cannot be looked up: ")
    assert "InvalidSubnetID.NotFound" in missing.message


def test_ids_that_are_known_only_later_are_taken_without_a_look(deploy):
    def program():
        later = pulumi.Output.from_input("subnet-later")
        vpc = pulumi.Output.from_input("vpc-1")
        return ExistingNetwork("net", {"vpc_id": vpc, "private_subnet_ids": {"eu-west-1a": later}})

    run = deploy(program)

    assert SUBNET_LOOKUP not in {token for token, _ in run.invokes}
    outputs = run.one("aws-cache:index:ExistingNetwork").outputs
    assert outputs["private_subnet_ids"] == {"eu-west-1a": "subnet-later"}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"vpc_id": None}, "vpc_id", "is required"),
        ({"private_subnet_ids": None}, "private_subnet_ids", "is required"),
        ({"private_subnet_ids": {}}, "private_subnet_ids", "must name at least one subnet, or be left out"),
        ({"public_subnet_ids": {}}, "public_subnet_ids", "must name at least one subnet, or be left out"),
        (
            {"vpc_id": "net"},
            "vpc_id",
            "must be an id such as vpc-0123456789abcdef0, got 'net'",
        ),
        (
            {"private_subnet_ids": {"eu-west-1a": "10.0.0.0/24"}},
            "private_subnet_ids.eu-west-1a",
            "must be an id such as subnet-0123456789abcdef0, got '10.0.0.0/24'",
        ),
        (
            {"private_subnet_ids": {"first": "subnet-1"}},
            "private_subnet_ids.first",
            "must be a zone such as eu-west-1a, got 'first'",
        ),
        (
            {"endpoint_client_security_group_id": "sg-1", "internet_access": True},
            "internet_access",
            "decides nothing beside endpoint_client_security_group_id, whose rules are its own; leave it out",
        ),
        (
            {"endpoint_client_security_group_id": "default"},
            "endpoint_client_security_group_id",
            "must be an id such as sg-0123456789abcdef0, got 'default'",
        ),
        ({"internet_access": "yes"}, "internet_access", "must be true or false, got 'yes'"),
        ({"tags": {"aws:x": "y"}}, "tags.aws:x", "names that begin with aws: are AWS's own"),
    ],
)
def test_each_refusal_says_where_and_why(changes, path, message):
    args = {key: value for key, value in {**ARGS, **changes}.items() if value is not None}

    assert Problem(path, message) in check_existing_network("net", args).problems


def test_a_name_that_is_too_long_is_refused():
    assert [path for path, _ in check_existing_network("n" * 33, ARGS).problems] == ["name"]
