"""dev by boto3 alone: the calls that AWS needs for it, written down one after the other."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

Clients = dict[str, Any]
ZONES = ("eu-west-1a", "eu-west-1b")


def create(clients: Clients, folder: Path) -> dict[str, Any]:
    """Make network, cache, parameters, instance and function; return what `delete` needs."""
    mark = secrets.token_hex(3)
    network = _network(clients["ec2"])
    cache = _cache(clients, network, mark)
    parameters = _parameters(clients, cache, mark)
    bundles = sorted(
        (folder / "build" / "client-bundle").glob("client-*.zip"), key=lambda path: path.stat().st_size
    )
    people = _clients(clients, network, bundles[-1].read_bytes(), bundles[0].read_bytes(), mark)
    return {"mark": mark, **network, **cache, **parameters, **people}


def delete(clients: Clients, ids: dict[str, Any]) -> None:
    """Remove all of it, in the order that the dependencies ask for."""
    ec2, mark = clients["ec2"], ids["mark"]
    clients["lambda"].delete_function(FunctionName=f"direct-{mark}")
    ec2.terminate_instances(InstanceIds=[ids["instance"]])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[ids["instance"]], WaiterConfig={"Delay": 1})
    clients["elasticache"].delete_replication_group(ReplicationGroupId=f"direct-{mark}")
    waiter = clients["elasticache"].get_waiter("replication_group_deleted")
    waiter.wait(ReplicationGroupId=f"direct-{mark}", WaiterConfig={"Delay": 1})
    clients["elasticache"].delete_cache_subnet_group(CacheSubnetGroupName=f"direct-{mark}")
    for name in ("endpoint", "connection"):
        clients["ssm"].delete_parameter(Name=f"/direct/{mark}/{name}")
    clients["kms"].delete_alias(AliasName=f"alias/direct/{mark}")
    clients["kms"].schedule_key_deletion(KeyId=ids["key"], PendingWindowInDays=7)
    clients["s3"].delete_object(Bucket=f"direct-{mark}", Key="client.zip")
    clients["s3"].delete_bucket(Bucket=f"direct-{mark}")
    iam = clients["iam"]
    iam.remove_role_from_instance_profile(InstanceProfileName=f"direct-{mark}", RoleName=f"direct-{mark}")
    iam.delete_instance_profile(InstanceProfileName=f"direct-{mark}")
    iam.delete_role_policy(RoleName=f"direct-{mark}", PolicyName="all")
    iam.delete_role(RoleName=f"direct-{mark}")
    for name in ("slow", "engine", "function"):
        clients["logs"].delete_log_group(logGroupName=f"direct-{mark}-{name}")
    _delete_network(ec2, ids)


def _network(ec2: Any) -> dict[str, Any]:
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets, tables, associations = [], [], []
    for number, zone in enumerate(ZONES):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.30.{number}.0/24", AvailabilityZone=zone)
        subnets.append(subnet["Subnet"]["SubnetId"])
        tables.append(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
        found = ec2.associate_route_table(RouteTableId=tables[-1], SubnetId=subnets[-1])
        associations.append(found["AssociationId"])
    groups = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("endpoint", "endpoint-client", "cache", "cache-client", "client", "function")
    }
    _rules(ec2, groups)
    services = {"s3": {"VpcEndpointType": "Gateway", "RouteTableIds": tables}}
    for name in ("ssm", "ssmmessages"):
        services[name] = {
            "VpcEndpointType": "Interface",
            "SubnetIds": subnets,
            "SecurityGroupIds": [groups["endpoint"]],
            "PrivateDnsEnabled": True,
        }
    endpoints = [
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.eu-west-1.{name}", **options)[
            "VpcEndpoint"
        ]
        for name, options in services.items()
    ]
    return {
        "vpc": vpc,
        "subnets": subnets,
        "tables": tables,
        "associations": associations,
        "groups": groups,
        "endpoints": [endpoint["VpcEndpointId"] for endpoint in endpoints],
    }


def _rules(ec2: Any, groups: dict[str, str]) -> None:
    for target, source, port in (("endpoint", "endpoint-client", 443), ("cache", "cache-client", 6379)):
        for direction, group, peer in (("ingress", target, source), ("egress", source, target)):
            rule = {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "UserIdGroupPairs": [{"GroupId": groups[peer]}],
            }
            getattr(ec2, f"authorize_security_group_{direction}")(GroupId=groups[group], IpPermissions=[rule])


def _cache(clients: Clients, network: dict[str, Any], mark: str) -> dict[str, Any]:
    elasticache = clients["elasticache"]
    for name in ("slow", "engine", "function"):
        clients["logs"].create_log_group(logGroupName=f"direct-{mark}-{name}")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=f"direct-{mark}",
        CacheSubnetGroupDescription="direct",
        SubnetIds=network["subnets"],
    )
    token = secrets.token_hex(24)
    elasticache.create_replication_group(
        ReplicationGroupId=f"direct-{mark}",
        ReplicationGroupDescription="direct",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.micro",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=token,
        CacheSubnetGroupName=f"direct-{mark}",
        SecurityGroupIds=[network["groups"]["cache"]],
    )
    waiter = elasticache.get_waiter("replication_group_available")
    waiter.wait(ReplicationGroupId=f"direct-{mark}", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    found = elasticache.describe_replication_groups(ReplicationGroupId=f"direct-{mark}")["ReplicationGroups"][
        0
    ]
    return {"token": token, "host": found["NodeGroups"][0]["PrimaryEndpoint"]["Address"]}


def _parameters(clients: Clients, cache: dict[str, Any], mark: str) -> dict[str, Any]:
    key = clients["kms"].create_key(Description="direct")["KeyMetadata"]["KeyId"]
    clients["kms"].enable_key_rotation(KeyId=key)
    clients["kms"].create_alias(AliasName=f"alias/direct/{mark}", TargetKeyId=key)
    values = {"endpoint": f"{cache['host']}:6379", "connection": json.dumps(cache)}
    for name, value in values.items():
        clients["ssm"].put_parameter(
            Name=f"/direct/{mark}/{name}", Type="SecureString", KeyId=key, Value=value
        )
    return {"key": key}


def _clients(
    clients: Clients, network: dict[str, Any], bundle: bytes, code: bytes, mark: str
) -> dict[str, Any]:
    iam, groups = clients["iam"], network["groups"]
    services = {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": services}],
    }
    role = iam.create_role(RoleName=f"direct-{mark}", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=f"direct-{mark}", PolicyName="all", PolicyDocument=json.dumps(allow))
    iam.create_instance_profile(InstanceProfileName=f"direct-{mark}")
    iam.add_role_to_instance_profile(InstanceProfileName=f"direct-{mark}", RoleName=f"direct-{mark}")
    place = {"LocationConstraint": "eu-west-1"}
    clients["s3"].create_bucket(Bucket=f"direct-{mark}", CreateBucketConfiguration=place)
    clients["s3"].put_object(Bucket=f"direct-{mark}", Key="client.zip", Body=bundle)
    image = clients["ssm"].get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    )["Parameter"]["Value"]
    joined = [groups["client"], groups["cache-client"], groups["endpoint-client"]]
    started = clients["ec2"].run_instances(
        ImageId=image,
        InstanceType="t4g.micro",
        SubnetId=network["subnets"][0],
        SecurityGroupIds=joined,
        IamInstanceProfile={"Name": f"direct-{mark}"},
        UserData="#!/bin/sh\ntrue\n",
        MinCount=1,
        MaxCount=1,
    )["Instances"][0]["InstanceId"]
    clients["ec2"].get_waiter("instance_running").wait(InstanceIds=[started], WaiterConfig={"Delay": 1})
    clients["lambda"].create_function(
        FunctionName=f"direct-{mark}",
        Runtime="python3.13",
        Role=role,
        Handler="client.handler.handler",
        Code={"ZipFile": code},
        VpcConfig={"SubnetIds": network["subnets"], "SecurityGroupIds": [groups["function"], *joined[1:]]},
        LoggingConfig={"LogFormat": "Text", "LogGroup": f"direct-{mark}-function"},
        Timeout=60,
    )
    clients["lambda"].get_waiter("function_active_v2").wait(
        FunctionName=f"direct-{mark}", WaiterConfig={"Delay": 1}
    )
    return {"instance": started}


def _delete_network(ec2: Any, ids: dict[str, Any]) -> None:
    ec2.delete_vpc_endpoints(VpcEndpointIds=ids["endpoints"])
    for group in ids["groups"].values():
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        if found["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=found["IpPermissions"])
        if found["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=found["IpPermissionsEgress"])
    for group in ids["groups"].values():
        ec2.delete_security_group(GroupId=group)
    for association in ids["associations"]:
        ec2.disassociate_route_table(AssociationId=association)
    for table in ids["tables"]:
        ec2.delete_route_table(RouteTableId=table)
    for subnet in ids["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=ids["vpc"])
