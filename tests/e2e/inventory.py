"""What a person finds in the account through the API: everything but what AWS itself keeps or brings along."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .environment import Environment

DEFAULT_NAMES = ("default", "alias/aws/", "/aws/service/")


def inventory(environment: Environment) -> dict[str, list[str]]:
    """Ids by kind, of the kinds there are some of; a key that is pending deletion counts as `pending key`."""
    found = {kind: sorted(ids) for kind, ids in _kinds(environment.boto)}
    return {kind: ids for kind, ids in found.items() if ids}


def counts(environment: Environment) -> dict[str, int]:
    """How many there are of each kind."""
    return {kind: len(ids) for kind, ids in inventory(environment).items()}


def _kinds(boto: Callable[[str], Any]) -> Iterable[tuple[str, Iterable[str]]]:
    yield from _network(boto("ec2"))
    yield from _caches(boto("elasticache"))
    yield from _keys(boto("kms"))
    yield from _identities(boto("iam"))
    yield from _alarms(boto("cloudwatch"), boto("sns"))
    yield from _databases(boto("rds"))
    yield "secret", [one["Name"] for one in boto("secretsmanager").list_secrets()["SecretList"]]
    parameters = boto("ssm").get_paginator("describe_parameters").paginate()
    names = [one["Name"] for page in parameters for one in page["Parameters"]]
    yield "parameter", [one for one in names if not one.startswith(DEFAULT_NAMES)]
    yield "function", [one["FunctionName"] for one in boto("lambda").list_functions()["Functions"]]
    yield "bucket", [one["Name"] for one in boto("s3").list_buckets()["Buckets"]]
    yield "log group", [one["logGroupName"] for one in boto("logs").describe_log_groups()["logGroups"]]


def _network(ec2: Any) -> Iterable[tuple[str, Iterable[str]]]:
    """Everything outside the VPCs that each account has from the start."""
    ours = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]}
    yield "vpc", ours
    for kind, operation, key, name in (
        ("subnet", "describe_subnets", "Subnets", "SubnetId"),
        ("route table", "describe_route_tables", "RouteTables", "RouteTableId"),
        ("security group", "describe_security_groups", "SecurityGroups", "GroupId"),
        ("network interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
        ("vpc endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ):
        yield kind, [one[name] for one in getattr(ec2, operation)()[key] if one["VpcId"] in ours]
    reservations = ec2.describe_instances()["Reservations"]
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    yield "instance", [one["InstanceId"] for one in instances if one["State"]["Name"] != "terminated"]
    yield "volume", [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]]


def _caches(elasticache: Any) -> Iterable[tuple[str, Iterable[str]]]:
    for kind, operation, key, name in (
        ("replication group", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
        ("cache cluster", "describe_cache_clusters", "CacheClusters", "CacheClusterId"),
        ("subnet group", "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"),
        (
            "parameter group",
            "describe_cache_parameter_groups",
            "CacheParameterGroups",
            "CacheParameterGroupName",
        ),
    ):
        names = [one[name] for one in getattr(elasticache, operation)()[key]]
        yield kind, [one for one in names if not one.startswith(DEFAULT_NAMES)]


def _databases(rds: Any) -> Iterable[tuple[str, Iterable[str]]]:
    databases = rds.describe_db_instances()["DBInstances"]
    yield "database", [one["DBInstanceIdentifier"] for one in databases]
    yield (
        "database subnets",
        [one["DBSubnetGroupName"] for one in rds.describe_db_subnet_groups()["DBSubnetGroups"]],
    )
    groups = [one["DBParameterGroupName"] for one in rds.describe_db_parameter_groups()["DBParameterGroups"]]
    yield "database parameters", [one for one in groups if not one.startswith(DEFAULT_NAMES)]


def _keys(kms: Any) -> Iterable[tuple[str, Iterable[str]]]:
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    customer = [one for one in keys if one["KeyManager"] == "CUSTOMER"]
    yield "pending key", [one["KeyId"] for one in customer if one["KeyState"] == "PendingDeletion"]
    yield "key", [one["KeyId"] for one in customer if one["KeyState"] != "PendingDeletion"]
    aliases = [one["AliasName"] for one in kms.list_aliases()["Aliases"]]
    yield "alias", [one for one in aliases if not one.startswith(DEFAULT_NAMES)]


def _identities(iam: Any) -> Iterable[tuple[str, Iterable[str]]]:
    yield "role", [one["RoleName"] for one in iam.list_roles()["Roles"]]
    yield "policy", [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]]
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    yield "instance profile", [one["InstanceProfileName"] for one in profiles]


def _alarms(cloudwatch: Any, sns: Any) -> Iterable[tuple[str, Iterable[str]]]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate()
    yield "alarm", [one["AlarmName"] for page in pages for one in page["MetricAlarms"]]
    dashboards = cloudwatch.list_dashboards()["DashboardEntries"]
    yield "dashboard", [one["DashboardName"] for one in dashboards]
    yield "topic", [one["TopicArn"] for one in sns.list_topics()["Topics"]]
    yield "subscription", [one["SubscriptionArn"] for one in sns.list_subscriptions()["Subscriptions"]]
