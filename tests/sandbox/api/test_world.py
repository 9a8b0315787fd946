"""The network that the API declares, as the hosts are told it."""

from __future__ import annotations

import pytest

from .helpers import ami, interface_endpoint, run_instance


def vpc_of(api, network):
    return api.context.world()["vpcs"][network.vpc]


def test_a_vpc_without_hosts_is_left_out(api, network):
    assert network.vpc not in api.context.world()["vpcs"]


def test_an_endpoint_is_a_host_per_subnet_with_its_groups(api, network):
    endpoint = interface_endpoint(api, network, PrivateDnsEnabled=False)
    hosts = vpc_of(api, network)["hosts"]
    assert [hosts[one] for one in endpoint["NetworkInterfaceIds"]] == [
        {
            "address": f"10.20.{number}.4",
            "subnet": network.subnets[number],
            "groups": [network.group],
            "kind": "endpoint",
            "service": "ssm",
            "private_dns": False,
        }
        for number in (0, 1)
    ]


def test_an_instance_is_a_host_with_what_its_metadata_tells(api, network):
    iam = api.client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}", Path="/app/")
    profile = iam.create_instance_profile(InstanceProfileName="reader")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="reader", RoleName="reader")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "app"}]}]
    instance = run_instance(api, network, IamInstanceProfile={"Arn": profile}, TagSpecifications=tags)
    (host,) = vpc_of(api, network)["hosts"].values()
    assert host == {
        "address": "10.20.0.4",
        "subnet": network.subnets[0],
        "groups": [network.group],
        "kind": "instance",
        "metadata": {
            "instance_id": instance,
            "role": "arn:aws:iam::123456789012:role/app/reader",
            "instance_type": "t4g.micro",
            "ami": ami(api),
            "name": "app",
        },
    }


def test_a_stopped_instance_keeps_its_host_and_a_terminated_one_does_not(api, network):
    instance = run_instance(api, network)
    api.ec2.stop_instances(InstanceIds=[instance])
    assert len(vpc_of(api, network)["hosts"]) == 1
    api.ec2.terminate_instances(InstanceIds=[instance])
    assert network.vpc not in api.context.world()["vpcs"]


@pytest.mark.parametrize("kind", ["cache", "function"])
def test_an_interface_of_a_service_is_a_host_until_it_is_deleted(api, network, kind):
    host_id, address = api.context.create_interface(network.subnets[1], [network.group], "a node", kind)
    expected = {"address": address, "subnet": network.subnets[1], "groups": [network.group], "kind": kind}
    assert vpc_of(api, network)["hosts"] == {host_id: expected}
    api.context.delete_interface(host_id)
    api.context.delete_interface(host_id)
    assert network.vpc not in api.context.world()["vpcs"]


def test_an_interface_behind_which_nothing_runs_is_no_host(api, network):
    api.ec2.create_network_interface(SubnetId=network.subnets[0], Groups=[network.group])
    assert network.vpc not in api.context.world()["vpcs"]


def test_rules_are_told_by_range_group_and_prefix_list(api, network):
    ec2 = api.ec2
    interface_endpoint(api, network)
    other = ec2.create_security_group(GroupName="cache", Description="c", VpcId=network.vpc)["GroupId"]
    name = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.eu-west-1.s3"]}]
    prefix_list = ec2.describe_prefix_lists(Filters=name)["PrefixLists"][0]["PrefixListId"]
    ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 6379,
                "ToPort": 6380,
                "UserIdGroupPairs": [{"GroupId": network.group}],
            },
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
    )
    every = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=other, IpPermissions=every)
    ec2.authorize_security_group_egress(
        GroupId=other,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "PrefixListIds": [{"PrefixListId": prefix_list}],
            }
        ],
    )
    groups = vpc_of(api, network)["groups"]
    assert groups[other] == {
        "ingress": [
            {"protocol": "tcp", "from": 6379, "to": 6380, "group": network.group},
            {"protocol": "icmp", "from": 0, "to": 65535, "cidr": "10.0.0.0/8"},
        ],
        "egress": [{"protocol": "tcp", "from": 443, "to": 443, "prefix_list_service": "s3"}],
    }
    everything = {"protocol": "-1", "from": 0, "to": 65535, "cidr": "0.0.0.0/0"}
    assert groups[network.group] == {"ingress": [], "egress": [everything]}


def test_a_subnet_has_the_gateway_services_of_its_route_table(api, network):
    ec2 = api.ec2
    run_instance(api, network)
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnets[0])
    endpoint = ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    subnets = vpc_of(api, network)["subnets"]
    assert [subnets[one]["gateway_services"] for one in network.subnets] == [["s3"], []]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert vpc_of(api, network)["subnets"][network.subnets[0]]["gateway_services"] == []


def test_a_route_to_a_gateway_makes_a_subnet_lead_to_the_internet(api, network):
    ec2 = api.ec2
    run_instance(api, network)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
    public = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=public, SubnetId=network.subnets[1])
    subnets = vpc_of(api, network)["subnets"]
    assert [subnets[one]["internet"] for one in network.subnets] == [False, True]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=network.subnets[1], AllocationId=address)["NatGateway"][
        "NatGatewayId"
    ]
    tables = ec2.describe_route_tables(
        Filters=[
            {"Name": "vpc-id", "Values": [network.vpc]},
            {"Name": "association.main", "Values": ["true"]},
        ]
    )
    main = tables["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    world = vpc_of(api, network)
    assert [world["subnets"][one]["internet"] for one in network.subnets] == [True, True]
    assert {host["kind"] for host in world["hosts"].values()} == {"instance"}


def test_names_replication_and_cuts_are_those_of_the_vpc(api, network):
    host_id, _ = api.context.create_interface(network.subnets[0], [], "a node", "cache")
    here = network.vpc
    api.context.publish_names(lambda vpc: {"a.cache": {"addresses": ["10.0.0.1"]}} if vpc == here else {})
    api.context.publish_names(lambda vpc: {"b.cache": {"cname": "a.cache"}} if vpc == here else {"c": {}})
    api.context.publish_replication(lambda vpc: [("10.0.0.1", "10.0.0.2", 6379)] if vpc == here else [])
    api.context.cut.update([host_id, "eni-elsewhere"])
    vpc = vpc_of(api, network)
    assert vpc["names"] == {"a.cache": {"addresses": ["10.0.0.1"]}, "b.cache": {"cname": "a.cache"}}
    assert vpc["replication"] == [["10.0.0.1", "10.0.0.2", 6379]]
    assert vpc["cut"] == [host_id]


def test_vpcs_of_every_region_in_use_are_in_the_world(api):
    made = set()
    for region in ("eu-west-1", "eu-north-1"):
        ec2 = api.client("ec2", region)
        vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.1.0/24")["Subnet"]["SubnetId"]
        api.context.create_interface(subnet, [], "a node", "cache", region=region)
        made.add((vpc, region))
    assert made <= {(vpc, told["region"]) for vpc, told in api.context.world()["vpcs"].items()}
