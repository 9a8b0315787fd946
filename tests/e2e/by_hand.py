"""What somebody has made with boto3 before the program came: a network, a cache in it, and a machine that uses it."""

from __future__ import annotations

import json
from typing import Any

from .environment import Environment

ZONES = ("eu-west-1a", "eu-west-1b")
RANGE = "172.20.0.0/16"


def network_by_hand(ec2: Any) -> dict[str, Any]:
    """Make a VPC with two private subnets and the endpoints its machines need."""
    vpc = ec2.create_vpc(CidrBlock=RANGE)["Vpc"]["VpcId"]
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
    subnets = {}
    for number, zone in enumerate(ZONES):
        block = f"172.20.{number}.0/24"
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)
        subnets[zone] = made["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    names = {"VpcId": vpc, "VpcEndpointType": "Gateway", "ServiceName": "com.amazonaws.eu-west-1.s3"}
    ec2.create_vpc_endpoint(**names, RouteTableIds=[table["RouteTableId"] for table in tables])
    group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    allowed = [{**https, "IpRanges": [{"CidrIp": RANGE}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=allowed)
    for service in ("ssm", "ssmmessages"):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.eu-west-1.{service}",
            SubnetIds=list(subnets.values()),
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
    return {"vpc_id": vpc, "private_subnet_ids": subnets}


def cache_by_hand(environment: Environment, network: dict[str, Any], name: str, **changes: Any) -> str:
    """Make a replication group with a replica that the whole VPC may reach, and return its security group."""
    elasticache = environment.boto("elasticache")
    group = _surroundings(environment, network, name, 6379)
    elasticache.create_replication_group(
        **{
            "ReplicationGroupId": name,
            "ReplicationGroupDescription": "made by hand",
            "Engine": "redis",
            "EngineVersion": "7.0",
            "CacheNodeType": "cache.t4g.micro",
            "NumCacheClusters": 2,
            "AutomaticFailoverEnabled": True,
            "MultiAZEnabled": True,
            "TransitEncryptionEnabled": True,
            "AtRestEncryptionEnabled": True,
            "CacheSubnetGroupName": f"{name}-subnets",
            "SecurityGroupIds": [group],
            **changes,
        }
    )
    elasticache.get_waiter("replication_group_available").wait(
        ReplicationGroupId=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return group


def cluster_by_hand(environment: Environment, network: dict[str, Any], name: str) -> str:
    """Make a Memcached cluster of two nodes that the whole VPC may reach, and return its security group."""
    elasticache = environment.boto("elasticache")
    group = _surroundings(environment, network, name, 11211)
    elasticache.create_cache_cluster(
        CacheClusterId=name,
        Engine="memcached",
        EngineVersion="1.6.17",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=2,
        AZMode="cross-az",
        CacheSubnetGroupName=f"{name}-subnets",
        SecurityGroupIds=[group],
    )
    elasticache.get_waiter("cache_cluster_available").wait(
        CacheClusterId=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return group


def _surroundings(environment: Environment, network: dict[str, Any], name: str, port: int) -> str:
    """Make a cache's subnet group, and the security group that opens its port to the VPC, which is returned."""
    ec2 = environment.boto("ec2")
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=network["vpc_id"])["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": RANGE}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    environment.boto("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=f"{name}-subnets",
        CacheSubnetGroupDescription="made by hand",
        SubnetIds=list(network["private_subnet_ids"].values()),
    )
    return group


def machine_by_hand(environment: Environment, network: dict[str, Any]) -> str:
    """Make an instance in the first private subnet, and return its id."""
    image = environment.boto("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    )
    answer = environment.boto("ec2").run_instances(
        ImageId=image["Parameter"]["Value"],
        InstanceType="t4g.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=next(iter(network["private_subnet_ids"].values())),
    )
    return answer["Instances"][0]["InstanceId"]


ASK = """
import json, socket, sys
host, *lines = json.loads(sys.argv[1])
with socket.create_connection((host, 11211), 5) as node:
    node.sendall("".join(line + chr(13) + chr(10) for line in lines).encode())
    print(node.recv(4096).decode())
"""


def ask(environment: Environment, machine: str, host: str, *lines: str) -> list[str]:
    """Send a Memcached node these lines as an old application on the machine does, and return the answer's."""
    script = f"python3 - '{json.dumps([host, *lines])}' <<'PROGRAM'\n{ASK}PROGRAM\n"
    return environment.sandbox("run", machine, "--", script).stdout.split()


TALK = """
import json, socket, ssl, sys
host, token, *command = json.loads(sys.argv[1])
plain = socket.create_connection((host, 6379), 5)
with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as peer:
    for words in (["AUTH", token], command):
        peer.sendall((" ".join(words) + chr(10)).encode())
        answer = peer.recv(4096).decode()
print(answer.splitlines()[-1])
"""


def talk(environment: Environment, machine: str, host: str, token: str, *command: str) -> str:
    """Send the cache one command as an old application on the machine does, and return the answer."""
    argument = json.dumps([host, token, *command])
    script = f"python3 - '{argument}' <<'PROGRAM'\n{TALK}PROGRAM\n"
    return environment.sandbox("run", machine, "--", script).stdout.strip()
