"""Every argument reaches a property of a resource: a table by component and argument, which is held complete."""

from __future__ import annotations

import functools
import inspect
import json
from typing import Any

import pytest

from tests.components.complete import COMPLETE
from tests.components.configurations import KEY_ARN, TOPIC_ARN
from tests.components.shared import TOKEN
from tests.components.test_schema import COMPONENTS
from tests.recorder import deploy

pytestmark = pytest.mark.usefixtures("one_bundle")

A, B, C = "eu-west-1a", "eu-west-1b", "eu-west-1c"
BY_NAME = {component.__name__: component for component in COMPONENTS}
AUDITED = {
    *("Network", "CacheAccess", "EndpointParameter", "ClientInstances", "ClientFunction"),
    *("RedisCache", "MemcachedCache"),
}
# What an application of one's own needs is proved with it, in test_clients.
ELSEWHERE = {("ClientInstances", "service")}

# Component, argument, a change of the smallest arguments (None leaves one out), the property that it must reach.
CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("Network", "availability_zones", {"availability_zones": [A]}, "Subnet.availabilityZone"),
    ("Network", "cidr_block", {"cidr_block": "10.9.0.0/16"}, "Vpc.cidrBlock"),
    (
        "Network",
        "private_subnets",
        {"private_subnets": {A: "10.20.101.0/24", B: "10.20.102.0/24"}},
        "Subnet.cidrBlock",
    ),
    ("Network", "public_subnets", {"public_subnets": {C: "planned"}}, "InternetGateway.vpcId"),
    ("Network", "nat_gateways", {"nat_gateways": "SINGLE"}, "NatGateway.subnetId"),
    ("Network", "interface_endpoints", {"interface_endpoints": ["ssm"]}, "VpcEndpoint.serviceName"),
    ("Network", "s3_gateway_endpoint", {"s3_gateway_endpoint": False}, "VpcEndpoint.serviceName"),
    ("Network", "flow_logs_retention_days", {"flow_logs_retention_days": 365}, "FlowLog.vpcId"),
    ("Network", "tags", {"tags": {"owner": "me"}}, "Vpc.tags"),
    ("CacheAccess", "vpc_id", {"vpc_id": "vpc-2"}, "SecurityGroup.vpcId"),
    ("CacheAccess", "ports", {"ports": [6380]}, "SecurityGroupIngressRule.fromPort"),
    (
        "CacheAccess",
        "allowed_security_group_ids",
        {"allowed_security_group_ids": {"batch": "sg-9"}},
        "SecurityGroupIngressRule.referencedSecurityGroupId",
    ),
    (
        "CacheAccess",
        "allowed_cidr_blocks",
        {"allowed_cidr_blocks": {"office": "10.9.0.0/24"}},
        "SecurityGroupIngressRule.cidrIpv4",
    ),
    ("CacheAccess", "tags", {"tags": {"owner": "me"}}, "SecurityGroup.tags"),
    ("EndpointParameter", "parameter_path", {"parameter_path": "/shop"}, "Parameter.name"),
    ("EndpointParameter", "key_alias", {"key_alias": "shop"}, "Alias.name"),
    ("EndpointParameter", "engine", {"engine": "valkey"}, "Parameter.value"),
    ("EndpointParameter", "host", {"host": "other"}, "Parameter.value"),
    ("EndpointParameter", "reader_host", {"reader_host": "replica"}, "Parameter.value"),
    ("EndpointParameter", "port", {"port": 6380}, "Parameter.value"),
    ("EndpointParameter", "tls", {"tls": False}, "Parameter.value"),
    ("EndpointParameter", "auth_token", {"auth_token": TOKEN}, "Parameter.value"),
    (
        "EndpointParameter",
        "key_deletion_window_days",
        {"key_deletion_window_days": 30},
        "Key.deletionWindowInDays",
    ),
    ("EndpointParameter", "tags", {"tags": {"owner": "me"}}, "Parameter.tags"),
    ("ClientInstances", "vpc_id", {"vpc_id": "vpc-2"}, "SecurityGroup.vpcId"),
    ("ClientInstances", "subnet_ids", {"subnet_ids": {A: "subnet-x", B: "subnet-y"}}, "Instance.subnetId"),
    ("ClientInstances", "availability_zones", {"availability_zones": [B]}, "Instance.subnetId"),
    ("ClientInstances", "instances", {"instances": ["other"]}, "Instance.tags"),
    ("ClientInstances", "instance_type", {"instance_type": "m7i.large"}, "Instance.instanceType"),
    (
        "ClientInstances",
        "security_group_ids",
        {"security_group_ids": ["sg-9"]},
        "Instance.vpcSecurityGroupIds",
    ),
    ("ClientInstances", "environment", {"environment": {"A": "b"}}, "Instance.userData"),
    ("ClientInstances", "policies", {"policies": {"more": "{}"}}, "RolePolicy.policy"),
    ("ClientInstances", "packages", {"packages": ["htop"]}, "Instance.userData"),
    ("ClientInstances", "files", {"files": {"/var/me": __file__}}, "Instance.userData"),
    ("ClientInstances", "detailed_monitoring", {"detailed_monitoring": True}, "Instance.monitoring"),
    ("ClientInstances", "key_name", {"key_name": "mine"}, "Instance.keyName"),
    ("ClientInstances", "public_address", {"public_address": True}, "Instance.associatePublicIpAddress"),
    (
        "ClientInstances",
        "ingress",
        {"ingress": {"ssh": {"port": 22, "cidr_block": "203.0.113.0/24"}}},
        "SecurityGroupIngressRule.cidrIpv4",
    ),
    ("ClientInstances", "tags", {"tags": {"owner": "me"}}, "Instance.tags"),
    ("ClientFunction", "vpc_id", {"vpc_id": "vpc-2"}, "SecurityGroup.vpcId"),
    ("ClientFunction", "subnet_ids", {"subnet_ids": {A: "subnet-x"}}, "Function.vpcConfig"),
    ("ClientFunction", "availability_zones", {"availability_zones": [B]}, "Function.vpcConfig"),
    ("ClientFunction", "security_group_ids", {"security_group_ids": ["sg-9"]}, "Function.vpcConfig"),
    ("ClientFunction", "environment", {"environment": {"A": "b"}}, "Function.environment"),
    ("ClientFunction", "policies", {"policies": {"more": "{}"}}, "RolePolicy.policy"),
    ("ClientFunction", "handler", {"handler": "mine.handler"}, "Function.handler"),
    ("ClientFunction", "url", {"url": "iam"}, "FunctionUrl.authorizationType"),
    (
        "ClientFunction",
        "allow_public_url",
        {"url": "public", "allow_public_url": True},
        "FunctionUrl.authorizationType",
    ),
    ("ClientFunction", "timeout_seconds", {"timeout_seconds": 30}, "Function.timeout"),
    ("ClientFunction", "memory_mib", {"memory_mib": 512}, "Function.memorySize"),
    ("ClientFunction", "tags", {"tags": {"owner": "me"}}, "Function.tags"),
    ("RedisCache", "vpc_id", {"vpc_id": "vpc-2"}, "SecurityGroup.vpcId"),
    ("RedisCache", "subnet_ids", {"subnet_ids": {A: "subnet-x", B: "subnet-y"}}, "SubnetGroup.subnetIds"),
    ("RedisCache", "engine", {"engine": "valkey"}, "ReplicationGroup.engine"),
    ("RedisCache", "engine_version", {"engine_version": "7.0"}, "ReplicationGroup.engineVersion"),
    ("RedisCache", "replicas", {"replicas": 2}, "ReplicationGroup.numCacheClusters"),
    ("RedisCache", "node_type", {"node_type": "cache.r6gd.xlarge"}, "ReplicationGroup.nodeType"),
    ("RedisCache", "port", {"port": 6380}, "ReplicationGroup.port"),
    (
        "RedisCache",
        "preferred_availability_zones",
        {"preferred_availability_zones": [B, A]},
        "ReplicationGroup.preferredCacheClusterAzs",
    ),
    ("RedisCache", "authentication", {"authentication": "none"}, "ReplicationGroup.authToken"),
    ("RedisCache", "auth_token", {"auth_token": TOKEN}, "ReplicationGroup.authToken"),
    (
        "RedisCache",
        "auth_token_update_strategy",
        {"auth_token_update_strategy": "SET"},
        "ReplicationGroup.authTokenUpdateStrategy",
    ),
    (
        "RedisCache",
        "transit_encryption",
        {"transit_encryption": False, "authentication": "none"},
        "ReplicationGroup.transitEncryptionEnabled",
    ),
    (
        "RedisCache",
        "transit_encryption_mode",
        {"transit_encryption_mode": "preferred"},
        "ReplicationGroup.transitEncryptionMode",
    ),
    (
        "RedisCache",
        "at_rest_encryption",
        {"at_rest_encryption": False},
        "ReplicationGroup.atRestEncryptionEnabled",
    ),
    ("RedisCache", "kms_key_arn", {"kms_key_arn": KEY_ARN}, "ReplicationGroup.kmsKeyId"),
    ("RedisCache", "parameters", {"parameters": {"timeout": 300}}, "ParameterGroup.parameters"),
    (
        "RedisCache",
        "parameter_group_name",
        {"parameter_group_name": "shop"},
        "ReplicationGroup.parameterGroupName",
    ),
    (
        "RedisCache",
        "subnet_group_name",
        {"subnet_group_name": "shop", "subnet_ids": None},
        "ReplicationGroup.subnetGroupName",
    ),
    (
        "RedisCache",
        "security_group_ids",
        {"security_group_ids": ["sg-9"]},
        "ReplicationGroup.securityGroupIds",
    ),
    (
        "RedisCache",
        "snapshot_retention_days",
        {"snapshot_retention_days": 7},
        "ReplicationGroup.snapshotRetentionLimit",
    ),
    ("RedisCache", "snapshot_window", {"snapshot_window": "03:00-04:00"}, "ReplicationGroup.snapshotWindow"),
    (
        "RedisCache",
        "maintenance_window",
        {"maintenance_window": "sun:05:00-sun:06:00"},
        "ReplicationGroup.maintenanceWindow",
    ),
    ("RedisCache", "final_snapshot", {"final_snapshot": True}, "ReplicationGroup.finalSnapshotIdentifier"),
    (
        "RedisCache",
        "restore_snapshot_name",
        {"restore_snapshot_name": "nightly"},
        "ReplicationGroup.snapshotName",
    ),
    (
        "RedisCache",
        "restore_snapshot_arns",
        {"restore_snapshot_arns": ["arn:aws:s3:::backups/shop.rdb"]},
        "ReplicationGroup.snapshotArns",
    ),
    ("RedisCache", "log_retention_days", {"log_retention_days": 90}, "LogGroup.retentionInDays"),
    (
        "RedisCache",
        "notification_topic_arn",
        {"notification_topic_arn": TOPIC_ARN},
        "ReplicationGroup.notificationTopicArn",
    ),
    ("RedisCache", "network_type", {"network_type": "dual_stack"}, "ReplicationGroup.networkType"),
    (
        "RedisCache",
        "ip_discovery",
        {"ip_discovery": "ipv6", "network_type": "dual_stack"},
        "ReplicationGroup.ipDiscovery",
    ),
    (
        "RedisCache",
        "auto_minor_version_upgrade",
        {"auto_minor_version_upgrade": False},
        "ReplicationGroup.autoMinorVersionUpgrade",
    ),
    ("RedisCache", "apply_immediately", {"apply_immediately": False}, "ReplicationGroup.applyImmediately"),
    ("RedisCache", "deletion_protection", {"deletion_protection": True}, "ReplicationGroup.protect"),
    ("RedisCache", "tags", {"tags": {"owner": "me"}}, "ReplicationGroup.tags"),
    ("MemcachedCache", "vpc_id", {"vpc_id": "vpc-2"}, "SecurityGroup.vpcId"),
    ("MemcachedCache", "subnet_ids", {"subnet_ids": {A: "subnet-x", B: "subnet-y"}}, "SubnetGroup.subnetIds"),
    ("MemcachedCache", "node_count", {"node_count": 3}, "Cluster.numCacheNodes"),
    (
        "MemcachedCache",
        "preferred_availability_zones",
        {"preferred_availability_zones": [B, A]},
        "Cluster.preferredAvailabilityZones",
    ),
    ("MemcachedCache", "engine_version", {"engine_version": "1.6.17"}, "Cluster.engineVersion"),
    ("MemcachedCache", "node_type", {"node_type": "cache.r7g.large"}, "Cluster.nodeType"),
    ("MemcachedCache", "port", {"port": 11212}, "Cluster.port"),
    (
        "MemcachedCache",
        "transit_encryption",
        {"transit_encryption": False},
        "Cluster.transitEncryptionEnabled",
    ),
    ("MemcachedCache", "parameters", {"parameters": {"idle_timeout": 60}}, "ParameterGroup.parameters"),
    (
        "MemcachedCache",
        "parameter_group_name",
        {"parameter_group_name": "shop"},
        "Cluster.parameterGroupName",
    ),
    (
        "MemcachedCache",
        "subnet_group_name",
        {"subnet_group_name": "shop", "subnet_ids": None},
        "Cluster.subnetGroupName",
    ),
    ("MemcachedCache", "security_group_ids", {"security_group_ids": ["sg-9"]}, "Cluster.securityGroupIds"),
    (
        "MemcachedCache",
        "maintenance_window",
        {"maintenance_window": "sun:05:00-sun:06:00"},
        "Cluster.maintenanceWindow",
    ),
    (
        "MemcachedCache",
        "notification_topic_arn",
        {"notification_topic_arn": TOPIC_ARN},
        "Cluster.notificationTopicArn",
    ),
    ("MemcachedCache", "network_type", {"network_type": "dual_stack"}, "Cluster.networkType"),
    (
        "MemcachedCache",
        "ip_discovery",
        {"ip_discovery": "ipv6", "network_type": "dual_stack"},
        "Cluster.ipDiscovery",
    ),
    ("MemcachedCache", "apply_immediately", {"apply_immediately": False}, "Cluster.applyImmediately"),
    ("MemcachedCache", "deletion_protection", {"deletion_protection": True}, "Cluster.protect"),
    ("MemcachedCache", "tags", {"tags": {"owner": "me"}}, "Cluster.tags"),
]


def declared(component, args):
    """Return KIND.property -> what the resources of the kind have there, by name."""
    given = {key: value for key, value in args.items() if value is not None}
    found: dict[str, dict[str, str]] = {}
    for item in deploy(lambda: BY_NAME[component]("it", given)).resources.values():
        if item.custom:
            for key, value in {**item.inputs, "protect": item.protect}.items():
                place = f"{item.type.rpartition(':')[2]}.{key}"
                found.setdefault(place, {})[item.name] = json.dumps(value, sort_keys=True)
    return found


@functools.cache
def smallest(component):
    return declared(component, COMPLETE[component])


@pytest.mark.parametrize(
    ("component", "argument", "change", "place"), CASES, ids=[f"{case[0]}.{case[1]}" for case in CASES]
)
def test_an_argument_reaches_its_property(component, argument, change, place):
    assert argument in change

    now = declared(component, {**COMPLETE[component], **change})
    assert now.get(place) != smallest(component).get(place)


@pytest.mark.parametrize("component", sorted(AUDITED))
def test_no_argument_is_left_out(component):
    args_type = inspect.signature(BY_NAME[component].__init__).parameters["args"].annotation

    cases = {argument for name, argument, _, _ in CASES if name == component}
    elsewhere = {argument for name, argument in ELSEWHERE if name == component}
    assert cases | elsewhere == set(args_type.__annotations__)
