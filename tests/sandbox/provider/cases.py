"""One life for each resource type: how it is made, what is changed in place, and what replaces it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi

from tests.sandbox.provider.driver import REGION, secret
from tests.sandbox.provider.network import Network, policy, trust

Inputs = dict[str, Any]
TAGS = ({"tags": {"a": "2", "c": "3"}}, {"tags": None})


@dataclass(frozen=True)
class Case:
    """`updates` follow each other; each of `replacing` is compared with the last of them."""

    short: str
    inputs: Callable[[Network], Inputs]
    updates: Callable[[Network], tuple[Inputs, ...]] = lambda net: ()
    replacing: Callable[[Network], Inputs] = lambda net: {}
    outputs: set[str] = field(default_factory=set)
    tagged: bool = True


def _rule(net: Network) -> Inputs:
    ports = {"fromPort": 6379, "toPort": 6379}
    group = {"securityGroupId": net.group, "referencedSecurityGroupId": net.other_group}
    return {**group, **ports, "ipProtocol": "tcp", "description": "from the clients"}


def _instance(net: Network) -> Inputs:
    return {
        "ami": net.image,
        "instanceType": "t4g.micro",
        "subnetId": net.subnets[0],
        "vpcSecurityGroupIds": [net.group],
        "iamInstanceProfile": net.profile,
        "associatePublicIpAddress": False,
        "monitoring": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        },
        "rootBlockDevice": {"encrypted": True, "volumeType": "gp3", "tags": {"z": "1"}},
        "userData": "#!/bin/sh\ntrue\n",
        "userDataReplaceOnChange": True,
    }


def _function(net: Network) -> Inputs:
    return {
        "role": net.role_arn,
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "handler": "handler.handler",
        "code": pulumi.FileArchive("function.zip"),
        "sourceCodeHash": "one",
        "timeout": 60,
        "memorySize": 256,
        "environment": {"variables": {"CACHE_PARAMETER": "/a/b"}},
        "vpcConfig": {"subnetIds": net.subnets, "securityGroupIds": [net.group]},
    }


def _database(net: Network) -> Inputs:
    return {
        "engine": "mysql",
        "engineVersion": "8.4",
        "instanceClass": "db.t4g.micro",
        "allocatedStorage": 20,
        "storageType": "gp3",
        "storageEncrypted": True,
        "dbName": "demo",
        "username": "demo",
        "manageMasterUserPassword": True,
        "port": 3306,
        "dbSubnetGroupName": net.database_subnets,
        "vpcSecurityGroupIds": [net.group],
        "publiclyAccessible": False,
        "skipFinalSnapshot": True,
    }


def _group(net: Network) -> Inputs:
    return {
        "description": "a cache",
        "engine": "redis",
        "engineVersion": "7.1",
        "nodeType": "cache.t4g.micro",
        "numCacheClusters": 2,
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "preferredCacheClusterAzs": ["eu-west-1a", "eu-west-1b"],
        "port": 6379,
        "subnetGroupName": net.cache_subnets,
        "securityGroupIds": [net.group],
        "atRestEncryptionEnabled": True,
        "transitEncryptionEnabled": True,
        "transitEncryptionMode": "required",
        "authToken": secret("a" * 40),
        "authTokenUpdateStrategy": "ROTATE",
        "autoMinorVersionUpgrade": True,
        "applyImmediately": True,
        "snapshotRetentionLimit": 1,
        "logDeliveryConfigurations": [
            {
                "destination": net.log,
                "destinationType": "cloudwatch-logs",
                "logFormat": "json",
                "logType": kind,
            }
            for kind in ("slow-log", "engine-log")
        ],
    }


EC2 = (
    Case(
        "ec2/Vpc",
        lambda net: {"cidrBlock": "10.9.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True},
        lambda net: ({"enableDnsHostnames": None}, {"enableDnsSupport": False}),
        lambda net: {"cidrBlock": "10.8.0.0/16"},
        {
            "arn",
            "ownerId",
            "defaultSecurityGroupId",
            "mainRouteTableId",
            "defaultNetworkAclId",
            "instanceTenancy",
        },
    ),
    Case(
        "ec2/Subnet",
        lambda net: {"vpcId": net.vpc, "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-west-1a"},
        lambda net: ({"mapPublicIpOnLaunch": True},),
        lambda net: {"cidrBlock": "10.0.10.0/24", "availabilityZone": "eu-west-1b"},
        {"arn", "availabilityZoneId", "mapPublicIpOnLaunch"},
    ),
    Case("ec2/RouteTable", lambda net: {"vpcId": net.vpc}, outputs={"arn", "ownerId"}),
    Case(
        "ec2/RouteTableAssociation",
        lambda net: {"routeTableId": net.table, "subnetId": net.subnets[1]},
        lambda net: ({"routeTableId": net.other_table},),
        lambda net: {"subnetId": net.subnets[0]},
        tagged=False,
    ),
    Case("ec2/InternetGateway", lambda net: {}, lambda net: ({"vpcId": net.vpc},), outputs={"arn"}),
    Case("ec2/Eip", lambda net: {"domain": "vpc"}, outputs={"publicIp", "allocationId", "publicDns"}),
    Case("ec2/NatGateway", lambda net: {"subnetId": net.subnets[0], "connectivityType": "private"}),
    Case(
        "ec2/VpcEndpoint",
        lambda net: {
            "vpcId": net.vpc,
            "serviceName": "com.amazonaws.eu-west-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [net.table],
        },
        lambda net: ({"routeTableIds": [net.table, net.other_table]}, {"routeTableIds": [net.other_table]}),
        lambda net: {"serviceName": "com.amazonaws.eu-west-1.dynamodb"},
        {"prefixListId", "state", "arn"},
    ),
    Case(
        "ec2/VpcEndpoint",
        lambda net: {
            "vpcId": net.vpc,
            "serviceName": "com.amazonaws.eu-west-1.ssm",
            "vpcEndpointType": "Interface",
            "subnetIds": net.subnets[:1],
            "securityGroupIds": [net.group],
            "privateDnsEnabled": True,
        },
        lambda net: (
            {"subnetIds": net.subnets},
            {"securityGroupIds": [net.other_group]},
            {"privateDnsEnabled": False},
        ),
        lambda net: {"serviceName": "com.amazonaws.eu-west-1.ssmmessages"},
        {"networkInterfaceIds", "dnsEntries"},
    ),
    Case(
        "ec2/SecurityGroup",
        lambda net: {"vpcId": net.vpc},
        replacing=lambda net: {"description": "another", "name": "another"},
        outputs={"arn", "name", "description"},
    ),
    Case(
        "vpc/SecurityGroupIngressRule",
        _rule,
        lambda net: (
            {"fromPort": 6380, "toPort": 6380},
            {"description": None},
            {"referencedSecurityGroupId": net.group},
        ),
        lambda net: {"securityGroupId": net.other_group},
        {"arn", "securityGroupRuleId"},
    ),
    Case(
        "vpc/SecurityGroupEgressRule",
        lambda net: {"securityGroupId": net.group, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
        lambda net: ({"cidrIpv4": "10.0.0.0/8"},),
    ),
    Case(
        "ec2/Instance",
        _instance,
        lambda net: (
            {"instanceType": "t4g.small"},
            {"vpcSecurityGroupIds": [net.group, net.other_group]},
            {"monitoring": True},
            {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}},
            {"rootBlockDevice": {"encrypted": True, "volumeType": "gp3", "tags": {"z": "2"}}},
        ),
        lambda net: {"userData": "#!/bin/sh\nfalse\n", "subnetId": net.subnets[1], "ami": "ami-other"},
        {"privateIp", "arn", "primaryNetworkInterfaceId", "instanceState", "privateDns", "availabilityZone"},
    ),
    Case(
        "ec2/FlowLog",
        lambda net: {
            "vpcId": net.vpc,
            "trafficType": "ALL",
            "iamRoleArn": net.role_arn,
            "logDestination": net.log_arn,
        },
        replacing=lambda net: {"trafficType": "REJECT"},
        outputs={"arn"},
    ),
)

OTHERS = (
    Case(
        "iam/Role",
        lambda net: {"assumeRolePolicy": trust("ec2")},
        lambda net: (
            {"assumeRolePolicy": trust("lambda")},
            {"description": "text"},
            {"maxSessionDuration": 7200},
        ),
        lambda net: {"name": "another", "path": "/x/"},
        {"arn", "uniqueId", "createDate", "path"},
    ),
    Case(
        "iam/RolePolicy",
        lambda net: {"role": net.role, "policy": policy("s3:GetObject")},
        lambda net: ({"policy": policy("s3:PutObject")},),
        lambda net: {"name": "another"},
        tagged=False,
    ),
    Case(
        "iam/Policy",
        lambda net: {"policy": policy("s3:GetObject")},
        lambda net: tuple({"policy": policy(f"s3:Put{number}")} for number in range(6)),
        lambda net: {"description": "another"},
        {"arn", "policyId"},
    ),
    Case(
        "iam/RolePolicyAttachment",
        lambda net: {"role": net.role, "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
        tagged=False,
    ),
    Case(
        "iam/InstanceProfile", lambda net: {"role": net.role}, lambda net: ({"role": None},), outputs={"arn"}
    ),
    Case(
        "cloudwatch/LogGroup",
        lambda net: {"retentionInDays": 14},
        lambda net: ({"retentionInDays": 7}, {"retentionInDays": None}),
        lambda net: {"name": "another"},
        {"arn", "name"},
    ),
    Case(
        "kms/Key",
        lambda net: {"description": "one", "enableKeyRotation": True, "deletionWindowInDays": 7},
        lambda net: (
            {"description": "two"},
            {"enableKeyRotation": False},
            {"isEnabled": False},
            {"isEnabled": None},
        ),
        lambda net: {"keyUsage": "SIGN_VERIFY"},
        {"arn", "keyId", "policy"},
    ),
    Case(
        "kms/Alias",
        lambda net: {"name": f"alias/aws-cache/{net.mark}", "targetKeyId": net.key},
        lambda net: ({"targetKeyId": net.other_key},),
        lambda net: {"name": "alias/another"},
        {"arn", "targetKeyArn"},
        tagged=False,
    ),
    Case(
        "ssm/Parameter",
        lambda net: {
            "name": f"/test-{net.mark}/connection",
            "type": "SecureString",
            "value": secret("a secret value"),
            "keyId": net.key,
        },
        lambda net: ({"value": secret("another secret value")}, {"description": "text"}),
        lambda net: {"name": "/another"},
        {"arn", "version", "tier"},
    ),
    Case(
        "s3/Bucket",
        lambda net: {"forceDestroy": True},
        replacing=lambda net: {"bucket": "another"},
        outputs={"arn", "bucket", "bucketRegionalDomainName"},
    ),
    Case(
        "s3/BucketPublicAccessBlock",
        lambda net: {"bucket": net.bucket, "blockPublicAcls": True, "restrictPublicBuckets": True},
        lambda net: ({"blockPublicAcls": None}, {"blockPublicPolicy": True}),
        tagged=False,
    ),
    Case(
        "s3/BucketServerSideEncryptionConfiguration",
        lambda net: {
            "bucket": net.bucket,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": net.key_arn,
                    }
                }
            ],
        },
        lambda net: ({"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},),
        tagged=False,
    ),
    Case(
        "s3/BucketVersioning",
        lambda net: {"bucket": net.bucket, "versioningConfiguration": {"status": "Enabled"}},
        lambda net: ({"versioningConfiguration": {"status": "Suspended"}},),
        tagged=False,
    ),
    Case(
        "s3/BucketOwnershipControls",
        lambda net: {"bucket": net.bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        lambda net: ({"rule": {"objectOwnership": "BucketOwnerPreferred"}},),
        tagged=False,
    ),
    Case(
        "s3/BucketPolicy",
        lambda net: {
            "bucket": net.bucket,
            "policy": policy(
                "s3:GetObject", {"Principal": "*", "Resource": f"arn:aws:s3:::{net.bucket}/public/*"}
            ),
        },
        lambda net: (
            {
                "policy": policy(
                    "s3:GetObject", {"Principal": "*", "Resource": f"arn:aws:s3:::{net.bucket}/shown/*"}
                )
            },
        ),
        tagged=False,
    ),
    Case(
        "s3/BucketObjectv2",
        lambda net: {
            "bucket": net.bucket,
            "key": "client/a.zip",
            "source": pulumi.FileAsset("object.txt"),
            "contentType": "application/zip",
        },
        lambda net: ({"contentType": "text/plain"}, {"source": pulumi.StringAsset("two")}),
        lambda net: {"key": "client/b.zip"},
        {"arn", "etag"},
    ),
    Case(
        "sns/Topic",
        lambda net: {"kmsMasterKeyId": net.key_arn},
        lambda net: (
            {"displayName": "Alarms"},
            {"kmsMasterKeyId": None},
            {"policy": policy("sns:Publish", {"Principal": "*", "Resource": net.topic_arn})},
        ),
        lambda net: {"name": "another"},
        {"arn", "owner", "name"},
    ),
    Case(
        "sns/TopicPolicy",
        lambda net: {
            "arn": net.topic_arn,
            "policy": policy("sns:Publish", {"Principal": "*", "Resource": net.topic_arn}),
        },
        lambda net: ({"policy": policy("sns:Subscribe", {"Principal": "*", "Resource": net.topic_arn})},),
        lambda net: {"arn": f"{net.topic_arn}-of-others"},
        {"owner"},
        tagged=False,
    ),
    Case(
        "sns/TopicSubscription",
        lambda net: {"topic": net.topic_arn, "protocol": "email", "endpoint": "on-call@example.com"},
        replacing=lambda net: {"endpoint": "others@example.com", "protocol": "email-json"},
        outputs={"arn", "ownerId", "pendingConfirmation"},
        tagged=False,
    ),
    Case(
        "cloudwatch/MetricAlarm",
        lambda net: {
            "namespace": "AWS/ElastiCache",
            "metricName": "CurrConnections",
            "dimensions": {"CacheClusterId": "cache-001", "CacheNodeId": "0001"},
            "statistic": "Maximum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0.5,
            "period": 60,
            "evaluationPeriods": 5,
            "datapointsToAlarm": 5,
            "alarmActions": [net.topic_arn],
        },
        lambda net: (
            {"threshold": 100},
            {"dimensions": {"CacheClusterId": "cache-002"}},
            {"alarmDescription": "text", "okActions": [net.topic_arn], "treatMissingData": "notBreaching"},
            {"alarmActions": None, "okActions": None},
            {"metricName": "Evictions", "statistic": "Sum", "evaluationPeriods": 10},
        ),
        lambda net: {"name": "another"},
        {"arn", "name"},
    ),
    Case(
        "cloudwatch/Dashboard",
        lambda net: {"dashboardName": f"cache-{net.mark}", "dashboardBody": '{"widgets": []}'},
        lambda net: ({"dashboardBody": '{"widgets": [{"type": "text"}]}'},),
        lambda net: {"dashboardName": "another"},
        {"dashboardArn"},
        tagged=False,
    ),
    Case(
        "lambda/Function",
        _function,
        lambda net: (
            {"timeout": 30},
            {"environment": {"variables": {"CACHE_PARAMETER": "/a/c"}}},
            {"environment": None},
            {"sourceCodeHash": "two"},
            {"memorySize": None},
            {"code": pulumi.AssetArchive({"handler.py": pulumi.StringAsset("pass")})},
            {"reservedConcurrentExecutions": 2},
            {"reservedConcurrentExecutions": None},
        ),
        lambda net: {"name": "another"},
        {"arn", "invokeArn", "qualifiedArn", "codeSha256", "version", "lastModified"},
    ),
    Case(
        "lambda/FunctionUrl",
        lambda net: {"functionName": net.function, "authorizationType": "AWS_IAM"},
        lambda net: ({"authorizationType": "NONE"},),
        outputs={"functionUrl", "functionArn", "urlId"},
        tagged=False,
    ),
    Case(
        "lambda/Permission",
        lambda net: {
            "function": net.function,
            "action": "lambda:InvokeFunctionUrl",
            "principal": "123456789012",
            "functionUrlAuthType": "AWS_IAM",
        },
        replacing=lambda net: {"principal": "*"},
        outputs={"statementId"},
        tagged=False,
    ),
    Case(
        "rds/SubnetGroup",
        lambda net: {"description": "two", "subnetIds": net.subnets},
        lambda net: ({"description": "the same two"},),
        lambda net: {"name": "another"},
        {"arn", "name", "vpcId"},
    ),
    Case(
        "rds/ParameterGroup",
        lambda net: {
            "family": "mysql8.4",
            "parameters": [
                {"name": "require_secure_transport", "value": "1"},
                {"name": "max_connections", "value": "50"},
            ],
        },
        lambda net: (
            {"parameters": [{"name": "require_secure_transport", "value": "0"}]},
            {"parameters": None},
        ),
        lambda net: {"family": "mysql8.0", "name": "another", "description": "another"},
        {"arn", "name"},
    ),
    Case(
        "rds/Instance",
        _database,
        lambda net: (
            {"instanceClass": "db.t4g.small", "allocatedStorage": 30, "applyImmediately": True},
            {"vpcSecurityGroupIds": [net.other_group]},
            {"backupRetentionPeriod": 3, "multiAz": True},
            {"port": 3307},
        ),
        lambda net: {
            "identifier": "another",
            "username": "another",
            "dbName": "another",
            "storageEncrypted": False,
        },
        {"arn", "address", "endpoint", "engineVersionActual", "masterUserSecrets", "port"},
    ),
    Case(
        "elasticache/SubnetGroup",
        lambda net: {"name": f"Subnets-{net.mark}", "subnetIds": net.subnets},
        lambda net: ({"subnetIds": net.subnets[:1]}, {"description": "text"}),
        lambda net: {"name": "another"},
        {"arn", "vpcId", "description"},
    ),
    Case(
        "elasticache/ParameterGroup",
        lambda net: {
            "family": "redis7",
            "parameters": [
                {"name": "maxmemory-policy", "value": "allkeys-lru"},
                {"name": "timeout", "value": "60"},
            ],
        },
        lambda net: (
            {
                "parameters": [
                    {"name": "timeout", "value": "90"},
                    {"name": "maxmemory-policy", "value": "noeviction"},
                ]
            },
            {"parameters": [{"name": "timeout", "value": "90"}]},
            {"parameters": None},
        ),
        lambda net: {"family": "redis6.x", "description": "another"},
        {"arn", "name"},
    ),
    Case(
        "elasticache/Cluster",
        lambda net: {
            "engine": "memcached",
            "engineVersion": "1.6.12",
            "nodeType": "cache.t4g.micro",
            "numCacheNodes": 2,
            "azMode": "cross-az",
            "preferredAvailabilityZones": ["eu-west-1a", "eu-west-1b"],
            "port": 11300,
            "transitEncryptionEnabled": True,
            "subnetGroupName": net.cache_subnets,
            "securityGroupIds": [net.group],
            "applyImmediately": True,
        },
        lambda net: (
            {
                "numCacheNodes": 4,
                "preferredAvailabilityZones": ["eu-west-1a", "eu-west-1b", "eu-west-1b", "eu-west-1a"],
            },
            {"numCacheNodes": 3, "preferredAvailabilityZones": ["eu-west-1a", "eu-west-1b", "eu-west-1b"]},
            {"securityGroupIds": [net.other_group]},
            {"maintenanceWindow": "mon:05:00-mon:06:00"},
            {"notificationTopicArn": f"arn:aws:sns:{REGION}:123456789012:events"},
            {"engineVersion": "1.6.22"},
            {"numCacheNodes": 1, "azMode": "single-az", "preferredAvailabilityZones": ["eu-west-1a"]},
        ),
        lambda net: {
            "nodeType": "cache.t4g.small",
            "engineVersion": "1.6.17",
            "port": 11211,
            "transitEncryptionEnabled": False,
            "subnetGroupName": "another",
            "engine": "redis",
        },
        {"arn", "cacheNodes", "clusterAddress", "configurationEndpoint", "engineVersionActual"},
    ),
    Case(
        "elasticache/Cluster",
        lambda net: {
            "engine": "redis",
            "engineVersion": "7.0",
            "nodeType": "cache.t4g.micro",
            "numCacheNodes": 1,
            "port": 6379,
            "subnetGroupName": net.cache_subnets,
            "securityGroupIds": [net.group],
            "applyImmediately": True,
        },
        lambda net: (
            {"nodeType": "cache.t4g.small"},
            {"securityGroupIds": [net.other_group]},
            {"maintenanceWindow": "mon:05:00-mon:06:00"},
            {"engineVersion": "7.1"},
        ),
        lambda net: {
            "port": 6380,
            "engineVersion": "6.2",
            "subnetGroupName": "another",
            "engine": "memcached",
        },
        {"arn", "cacheNodes", "engineVersionActual", "availabilityZone"},
    ),
    Case(
        "elasticache/ReplicationGroup",
        _group,
        lambda net: (
            {"numCacheClusters": 3, "preferredCacheClusterAzs": ["eu-west-1a", "eu-west-1b", "eu-west-1a"]},
            {"numCacheClusters": 2, "preferredCacheClusterAzs": ["eu-west-1a", "eu-west-1b"]},
            {"nodeType": "cache.t4g.small"},
            {"securityGroupIds": [net.other_group]},
            {"snapshotRetentionLimit": 3},
            {"maintenanceWindow": "mon:05:00-mon:06:00"},
            {"logDeliveryConfigurations": None},
            {"authToken": secret("b" * 40)},
            {"authTokenUpdateStrategy": "SET"},
            {"description": "text"},
            {"transitEncryptionMode": "preferred"},
            {"engine": "valkey", "engineVersion": "8.0"},
            {"automaticFailoverEnabled": False, "multiAzEnabled": False, "numCacheClusters": 1},
        ),
        lambda net: {
            "port": 6380,
            "engineVersion": "7.2",
            "atRestEncryptionEnabled": False,
            "kmsKeyId": net.key_arn,
            "subnetGroupName": "another",
        },
        {"arn", "memberClusters", "primaryEndpointAddress", "readerEndpointAddress", "engineVersionActual"},
    ),
)

CASES = {f"{case.short}-{number}": case for number, case in enumerate((*EC2, *OTHERS))}
