"""The network's way to the internet: public subnets, NAT gateways, and who is led through them."""

from __future__ import annotations

import pytest

from components.internet_access import InternetAccess, check_internet_access
from components.network import Network
from components.network_arguments import check_network
from components.problems import Problem
from tests.components.shared import EGRESS, INGRESS, SECURITY_GROUP

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"
ADDRESS = "aws:ec2/eip:Eip"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ZONES = ["eu-west-1a", "eu-west-1b"]
SINGLE_NODE = {
    "availability_zones": ZONES,
    "cidr_block": "10.70.0.0/16",
    "private_subnets": {"eu-west-1a": "10.70.101.0/24", "eu-west-1b": "10.70.102.0/24"},
    "public_subnets": {"eu-west-1c": "10.70.201.0/24"},
}


@pytest.fixture
def network(deploy):
    def declare(**args):
        return deploy(lambda: Network("net", {"availability_zones": ZONES, **args}))

    return declare


def ranges(run):
    return {name: item.inputs["cidrBlock"] for name, item in run.of_type(SUBNET).items()}


def routes(run):
    """Route -> its table and its target."""
    return {
        name: (item.inputs["routeTableId"], item.inputs.get("gatewayId") or item.inputs.get("natGatewayId"))
        for name, item in run.of_type(ROUTE).items()
    }


def test_the_plan_of_the_smallest_system_is_exactly_as_given(network):
    run = network(**SINGLE_NODE)

    assert run.one(VPC).inputs["cidrBlock"] == "10.70.0.0/16"
    assert ranges(run) == {
        "net-private-eu-west-1a": "10.70.101.0/24",
        "net-private-eu-west-1b": "10.70.102.0/24",
        "net-public-eu-west-1c": "10.70.201.0/24",
    }
    assert run.counts() == {
        "aws-cache:index:Network": 1,
        "aws-cache:index:InternetAccess": 1,
        VPC: 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        GATEWAY: 1,
        SUBNET: 3,
        TABLE: 3,
        ASSOCIATION: 3,
        ROUTE: 1,
        ENDPOINT: 3,
        SECURITY_GROUP: 2,
        INGRESS: 1,
        EGRESS: 2,
    }


def test_only_public_subnets_are_led_to_the_internet_gateway(network):
    run = network(**SINGLE_NODE)

    assert run.one(GATEWAY).inputs["vpcId"] == "net-id"
    assert routes(run) == {"net-public": ("net-public-id", "net-id")}
    assert run.one(ROUTE).inputs["destinationCidrBlock"] == "0.0.0.0/0"
    association = run.one(ASSOCIATION, "net-public-eu-west-1c").inputs
    assert (association["subnetId"], association["routeTableId"]) == (
        "net-public-eu-west-1c-id",
        "net-public-id",
    )


def test_no_subnet_gives_public_addresses_by_itself(network):
    subnets = network(**SINGLE_NODE).of_type(SUBNET)

    assert {item.inputs["mapPublicIpOnLaunch"] for item in subnets.values()} == {False}


def test_public_subnets_are_an_output_by_zone(network):
    outputs = network(**SINGLE_NODE).one("aws-cache:index:Network").outputs

    assert outputs["public_subnet_ids"] == {"eu-west-1c": "net-public-eu-west-1c-id"}
    assert sorted(outputs["private_subnet_ids"]) == ZONES


def test_a_public_range_can_be_planned(network):
    assert ranges(network(public_subnets={"eu-west-1c": "planned"})) == {
        "net-private-eu-west-1a": "10.20.0.0/24",
        "net-private-eu-west-1b": "10.20.1.0/24",
        "net-public-eu-west-1c": "10.20.10.0/24",
    }


def test_a_private_range_can_be_planned_beside_a_given_one(network):
    assert ranges(network(private_subnets={"eu-west-1a": "10.20.99.0/24", "eu-west-1b": "planned"})) == {
        "net-private-eu-west-1a": "10.20.99.0/24",
        "net-private-eu-west-1b": "10.20.1.0/24",
    }


def test_a_single_nat_gateway_serves_every_private_subnet(network):
    run = network(nat_gateways="SINGLE")

    assert sorted(run.of_type(NAT)) == ["net-nat-eu-west-1a"]
    assert ranges(run)["net-public-eu-west-1a"] == "10.20.8.0/24"
    assert "net-public-eu-west-1b" not in ranges(run)
    assert routes(run) == {
        "net-public": ("net-public-id", "net-id"),
        "net-private-eu-west-1a": ("net-private-eu-west-1a-id", "net-nat-eu-west-1a-id"),
        "net-private-eu-west-1b": ("net-private-eu-west-1b-id", "net-nat-eu-west-1a-id"),
    }


def test_a_single_nat_gateway_stands_in_the_public_subnet_that_is_given(network):
    run = network(**SINGLE_NODE, nat_gateways="SINGLE")

    assert run.one(NAT).inputs["subnetId"] == "net-public-eu-west-1c-id"
    assert len(ranges(run)) == 3


def test_with_one_nat_gateway_per_zone_no_zone_depends_on_another(network):
    run = network(nat_gateways="ONE_PER_ZONE")

    assert {name: item.inputs["subnetId"] for name, item in run.of_type(NAT).items()} == {
        "net-nat-eu-west-1a": "net-public-eu-west-1a-id",
        "net-nat-eu-west-1b": "net-public-eu-west-1b-id",
    }
    assert routes(run) == {
        "net-public": ("net-public-id", "net-id"),
        "net-private-eu-west-1a": ("net-private-eu-west-1a-id", "net-nat-eu-west-1a-id"),
        "net-private-eu-west-1b": ("net-private-eu-west-1b-id", "net-nat-eu-west-1b-id"),
    }


def test_zones_without_a_given_public_subnet_get_a_planned_one_for_their_nat_gateway(network):
    run = network(nat_gateways="ONE_PER_ZONE", public_subnets={"eu-west-1a": "10.20.200.0/24"})

    assert ranges(run)["net-public-eu-west-1a"] == "10.20.200.0/24"
    assert ranges(run)["net-public-eu-west-1b"] == "10.20.9.0/24"


def test_a_nat_gateway_has_a_fixed_address_and_waits_for_the_way_out(network):
    run = network(nat_gateways="SINGLE")

    nat, address = run.one(NAT), run.one(ADDRESS)
    assert nat.inputs["allocationId"] == "net-nat-eu-west-1a-id"
    assert address.inputs["domain"] == "vpc"
    way_out = run.one(ROUTE, "net-public").urn
    assert way_out in nat.dependencies
    assert way_out in address.dependencies


def test_with_nat_gateways_there_are_no_interface_endpoints_unless_named(network):
    assert sorted(network(nat_gateways="SINGLE").of_type(ENDPOINT)) == ["net-s3"]
    assert sorted(network(nat_gateways="SINGLE", interface_endpoints=["ssm"]).of_type(ENDPOINT)) == [
        "net-s3",
        "net-ssm",
    ]


@pytest.mark.parametrize("args", [{"nat_gateways": "SINGLE"}, {**SINGLE_NODE, "interface_endpoints": []}])
def test_who_has_no_endpoint_reaches_aws_over_the_internet(network, args):
    run = network(**args)

    assert sorted(run.of_type(EGRESS)) == ["net-endpoint-client-internet", "net-endpoint-client-s3"]
    rule = run.one(EGRESS, "net-endpoint-client-internet").inputs
    assert (rule["cidrIpv4"], rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == (
        "0.0.0.0/0",
        "tcp",
        443,
        443,
    )


def test_s3_is_reached_through_its_gateway_from_public_subnets_too(network):
    assert network(**SINGLE_NODE).one(ENDPOINT, "net-s3").inputs["routeTableIds"] == [
        "net-private-eu-west-1a-id",
        "net-private-eu-west-1b-id",
        "net-public-id",
    ]


def test_tags_reach_every_taggable_child(network):
    run = network(nat_gateways="SINGLE", flow_logs_retention_days=7, tags={"owner": "me"})

    owned = {item.type for item in run.resources.values() if item.inputs.get("tags", {}).get("owner") == "me"}
    assert {item.type for item in run.resources.values() if item.custom} - owned == {
        ASSOCIATION,
        ROUTE,
        "aws:iam/rolePolicy:RolePolicy",
    }


@pytest.mark.parametrize(
    ("args", "warnings"),
    [
        ({}, []),
        ({"nat_gateways": "SINGLE", "s3_gateway_endpoint": False}, []),
        (
            {"interface_endpoints": ["ssm"]},
            [
                "without NAT gateways and the interface endpoints ssmmessages nothing here is reached by Session "
                "Manager, nor reads its connection parameter (R134)"
            ],
        ),
        (
            {"s3_gateway_endpoint": False},
            [
                "without NAT gateways and the S3 gateway endpoint an instance here gets neither packages nor the "
                "client (R136)"
            ],
        ),
    ],
)
def test_a_network_that_is_an_island_is_warned_of(network, args, warnings):
    assert network(**args).warnings == warnings


def test_zones_that_cannot_be_planned_apart_are_refused():
    args = {"availability_zones": ["eu-west-1a"], "public_subnets": dict.fromkeys(ZONES, "planned")}
    assert check_network("net", args).problems == []

    args["availability_zones"] = ["us-east-1a", "us-east-1-bos-1a"]
    args["public_subnets"] = {"us-east-1a": "planned"}
    assert check_network("net", args).problems == [
        Problem(
            "availability_zones",
            "us-east-1a, us-east-1-bos-1a cannot be told apart by their last letters; give the subnets' ranges",
        )
    ]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"public_subnets": {}}, "public_subnets", "must name at least one zone"),
        ({"public_subnets": "all"}, "public_subnets", "must be a mapping of names to values, got 'all'"),
        (
            {"nat_zones": ["eu-west-1b"]},
            "nat_zones[0]",
            "'eu-west-1b' has no public subnet; zones with one: eu-west-1a",
        ),
        ({"vpc_id": None}, "vpc_id", "is required"),
    ],
)
def test_the_way_out_by_itself_refuses_what_cannot_be(change, path, message):
    args = {"vpc_id": "vpc-1", "public_subnets": {"eu-west-1a": "10.0.0.0/24"}, **change}
    args = {key: value for key, value in args.items() if value is not None}

    assert check_internet_access("net", args).problems == [Problem(path, message)]


def test_the_way_out_can_be_given_to_a_vpc_that_exists(deploy):
    args = {"vpc_id": "vpc-1", "public_subnets": {"eu-west-1a": "10.0.0.0/24"}, "nat_zones": ["eu-west-1a"]}
    run = deploy(lambda: InternetAccess("way", args))

    assert run.one("aws-cache:index:InternetAccess").outputs == {
        "public_subnet_ids": {"eu-west-1a": "way-public-eu-west-1a-id"},
        "nat_gateway_ids": {"eu-west-1a": "way-nat-eu-west-1a-id"},
        "route_table_id": "way-public-id",
    }
