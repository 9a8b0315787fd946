"""The network: what it declares, where each argument goes, and what it refuses."""

from __future__ import annotations

import pytest

from components.network import Network
from components.network_arguments import check_network
from components.problems import ConfigurationError, Problem
from tests.components.shared import EGRESS, INGRESS, SECURITY_GROUP

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
ZONES = ["eu-west-1a", "eu-west-1b"]


@pytest.fixture
def network(deploy):
    def declare(**args):
        return deploy(lambda: Network("net", {"availability_zones": ZONES, **args}))

    return declare


def test_two_zones_make_exactly_these_resources(network):
    assert network().counts() == {
        "aws-cache:index:Network": 1,
        VPC: 1,
        DEFAULT_GROUP: 1,
        SUBNET: 2,
        TABLE: 2,
        ASSOCIATION: 2,
        ENDPOINT: 3,
        SECURITY_GROUP: 2,
        INGRESS: 1,
        EGRESS: 2,
    }


def test_everything_is_a_child_of_the_network(network):
    run = network()

    children = [item for item in run.resources.values() if item.custom]
    assert {tuple(run.ancestors(item)) for item in children} == {("net",)}


def test_the_vpc_has_its_range_and_dns_for_private_names(network):
    vpc = network(cidr_block="10.9.0.0/16").one(VPC)

    assert vpc.inputs["cidrBlock"] == "10.9.0.0/16"
    assert vpc.inputs["enableDnsSupport"] is True
    assert vpc.inputs["enableDnsHostnames"] is True


def test_the_default_range_is_10_20(network):
    assert network().one(VPC).inputs["cidrBlock"] == "10.20.0.0/16"


def test_the_default_security_group_is_emptied(network):
    group = network().one(DEFAULT_GROUP)

    assert (group.inputs["vpcId"], group.inputs["ingress"], group.inputs["egress"]) == ("net-id", [], [])


def test_each_zone_has_a_private_subnet_with_a_route_table_of_its_own(network):
    run = network()

    subnets = run.of_type(SUBNET)
    assert {
        name: (item.inputs["availabilityZone"], item.inputs["cidrBlock"]) for name, item in subnets.items()
    } == {
        "net-private-eu-west-1a": ("eu-west-1a", "10.20.0.0/24"),
        "net-private-eu-west-1b": ("eu-west-1b", "10.20.1.0/24"),
    }
    assert {item.inputs["mapPublicIpOnLaunch"] for item in subnets.values()} == {False}
    assert {
        (item.inputs["subnetId"], item.inputs["routeTableId"]) for item in run.of_type(ASSOCIATION).values()
    } == {
        ("net-private-eu-west-1a-id", "net-private-eu-west-1a-id"),
        ("net-private-eu-west-1b-id", "net-private-eu-west-1b-id"),
    }


def test_explicit_ranges_replace_the_plan(network):
    run = network(private_subnets={"eu-west-1b": "10.20.101.0/24", "eu-west-1c": "10.20.102.0/24"})

    assert {
        item.inputs["availabilityZone"]: item.inputs["cidrBlock"] for item in run.of_type(SUBNET).values()
    } == {
        "eu-west-1b": "10.20.101.0/24",
        "eu-west-1c": "10.20.102.0/24",
    }


def test_s3_is_reached_through_a_gateway_on_every_route_table(network):
    run = network()

    endpoint = run.one(ENDPOINT, "net-s3")
    assert endpoint.inputs["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert endpoint.inputs["routeTableIds"] == ["net-private-eu-west-1a-id", "net-private-eu-west-1b-id"]
    rule = run.one(EGRESS, "net-endpoint-client-s3")
    assert rule.inputs["prefixListId"] == "pl-6da54004"
    assert rule.inputs["securityGroupId"] == "net-endpoint-client-id"
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 443, 443)


def test_without_the_s3_gateway_there_is_neither_endpoint_nor_rule_nor_output(network):
    run = network(s3_gateway_endpoint=False)

    assert sorted(run.of_type(ENDPOINT)) == ["net-ssm", "net-ssmmessages"]
    assert sorted(run.of_type(EGRESS)) == ["net-endpoint-client-443"]
    assert run.one("aws-cache:index:Network").outputs.get("s3_prefix_list_id") is None


@pytest.mark.parametrize("service", ["ssm", "ssmmessages"])
def test_session_manager_is_reached_through_interfaces_in_every_subnet(network, service):
    endpoint = network().one(ENDPOINT, f"net-{service}")

    assert endpoint.inputs["serviceName"] == f"com.amazonaws.eu-west-1.{service}"
    assert endpoint.inputs["vpcEndpointType"] == "Interface"
    assert endpoint.inputs["privateDnsEnabled"] is True
    assert endpoint.inputs["subnetIds"] == ["net-private-eu-west-1a-id", "net-private-eu-west-1b-id"]
    assert endpoint.inputs["securityGroupIds"] == ["net-endpoint-id"]


def test_the_endpoints_admit_https_from_their_clients_only(network):
    run = network()

    rule = run.one(INGRESS)
    assert rule.inputs["securityGroupId"] == "net-endpoint-id"
    assert rule.inputs["referencedSecurityGroupId"] == "net-endpoint-client-id"
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 443, 443)
    way_out = run.one(EGRESS, "net-endpoint-client-443")
    assert way_out.inputs["securityGroupId"] == "net-endpoint-client-id"
    assert way_out.inputs["referencedSecurityGroupId"] == "net-endpoint-id"
    assert (way_out.inputs["ipProtocol"], way_out.inputs["fromPort"], way_out.inputs["toPort"]) == (
        "tcp",
        443,
        443,
    )


def test_other_interface_endpoints_can_be_named(network):
    run = network(interface_endpoints=["ssm", "ecr.api"])

    assert sorted(run.of_type(ENDPOINT)) == ["net-ecr-api", "net-s3", "net-ssm"]


def test_without_interface_endpoints_there_is_no_group_for_them(network):
    run = network(interface_endpoints=[])

    assert sorted(run.of_type(SECURITY_GROUP)) == ["net-endpoint-client"]
    assert run.of_type(INGRESS) == {}


def test_tags_reach_every_taggable_child(network):
    run = network(tags={"owner": "me"})

    untagged = {item.type for item in run.resources.values() if item.custom and "tags" not in item.inputs}
    assert untagged == {ASSOCIATION}
    owners = {
        item.inputs["tags"]["owner"]
        for item in run.resources.values()
        if item.custom and "tags" in item.inputs
    }
    assert owners == {"me"}


def test_outputs_name_what_others_join(network):
    assert network().one("aws-cache:index:Network").outputs == {
        "vpc_id": "net-id",
        "cidr_block": "10.20.0.0/16",
        "private_subnet_ids": {
            "eu-west-1a": "net-private-eu-west-1a-id",
            "eu-west-1b": "net-private-eu-west-1b-id",
        },
        "public_subnet_ids": {},
        "endpoint_client_security_group_id": "net-endpoint-client-id",
        "s3_prefix_list_id": "pl-6da54004",
    }


def test_zones_in_another_order_change_nothing(deploy):
    one = deploy(lambda: Network("net", {"availability_zones": ZONES}))
    other = deploy(lambda: Network("net", {"availability_zones": ZONES[::-1]}))

    assert {urn: item.inputs for urn, item in one.resources.items() if item.custom} == {
        urn: item.inputs for urn, item in other.resources.items() if item.custom
    }


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"availability_zones": None}, "availability_zones", "is required"),
        ({"availability_zones": []}, "availability_zones", "must be 1-6 zones, got 0"),
        (
            {"availability_zones": ["a"]},
            "availability_zones[0]",
            "must be a zone such as eu-west-1a, got 'a'",
        ),
        ({"availability_zones": [*ZONES, ZONES[0]]}, "availability_zones[2]", "'eu-west-1a' is there twice"),
        (
            {"cidr_block": "10.0.0.0/8"},
            "cidr_block",
            "'10.0.0.0/8' must be a /16 to /28, as AWS makes no other VPC",
        ),
        (
            {"cidr_block": "10.0.0.0/27"},
            "cidr_block",
            "10.0.0.0/27 is too small to plan subnets in; give a /24 or larger, or the subnets' own ranges",
        ),
        ({"private_subnets": {}}, "private_subnets", "must name at least one zone, or be left out"),
        (
            {"private_subnets": {"eu-west-1a": "10.9.0.0/24"}},
            "private_subnets.eu-west-1a",
            "'10.9.0.0/24' is outside the network's 10.20.0.0/16",
        ),
        (
            {"private_subnets": {"west": "10.20.0.0/24"}},
            "private_subnets.west",
            "must be a zone such as eu-west-1a, got 'west'",
        ),
        (
            {"interface_endpoints": ["com.amazonaws.eu-west-1.ssm"]},
            "interface_endpoints[0]",
            "must be the end of a service's name, such as ssm, got 'com.amazonaws.eu-west-1.ssm'",
        ),
        (
            {"interface_endpoints": ["s3"]},
            "interface_endpoints[0]",
            "S3 has a gateway endpoint: s3_gateway_endpoint",
        ),
        (
            {"interface_endpoints": ["ssm", "ssm"]},
            "interface_endpoints[1]",
            "'ssm' is there twice; a VPC has one endpoint per service",
        ),
        (
            {"nat_gateways": "single"},
            "nat_gateways",
            "must be NONE, SINGLE or ONE_PER_ZONE, got 'single'; did you mean SINGLE?",
        ),
        ({"public_subnets": {}}, "public_subnets", "must name at least one zone, or be left out"),
        (
            {
                "public_subnets": {"eu-west-1c": "10.20.0.0/24"},
                "private_subnets": {"eu-west-1a": "10.20.0.0/25"},
            },
            "public_subnets.eu-west-1c",
            "'10.20.0.0/24' overlaps private_subnets.eu-west-1a (10.20.0.0/25)",
        ),
        (
            {"public_subnets": {"eu-west-1c": "10.20.0.0/24"}},
            "private_subnets.eu-west-1a",
            "as planned, '10.20.0.0/24' overlaps public_subnets.eu-west-1c (10.20.0.0/24); give a range for it",
        ),
        (
            {"public_subnets": {"us-east-1a": "planned"}},
            "public_subnets.us-east-1a",
            "'us-east-1a' is not in eu-west-1, where eu-west-1a is; a VPC has one region",
        ),
        (
            {
                "nat_gateways": "SINGLE",
                "cidr_block": "10.0.0.0/25",
                "private_subnets": {"eu-west-1a": "10.0.0.0/28"},
            },
            "cidr_block",
            "10.0.0.0/25 is too small to plan subnets in; give a /24 or larger, or the subnets' own ranges",
        ),
        (
            {"flow_logs_retention_days": 2},
            "flow_logs_retention_days",
            "CloudWatch keeps logs for one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
            "1096, 1827, 2192, 2557, 2922, 3288, 3653 days, got 2",
        ),
    ],
)
def test_a_wrong_argument_is_refused(change, path, message):
    args = {key: value for key, value in {"availability_zones": ZONES, **change}.items() if value is not None}

    assert check_network("net", args).problems == [Problem(path, message)]


def test_a_refusal_registers_nothing(deploy):
    def program():
        with pytest.raises(ConfigurationError, match=r"1 problem in the arguments of Network 'net'"):
            Network("net", {"availability_zones": []})

    assert deploy(program).counts() == {}


def test_a_name_too_long_is_refused_by_name():
    (problem,) = check_network("n" * 33, {"availability_zones": ZONES}).problems

    assert problem.path == "name"
