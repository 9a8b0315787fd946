"""What AWS would answer to the recorder: computed properties by resource type, and the lookups programs may do."""

from __future__ import annotations

from typing import Any

REGION = "eu-west-1"
ACCOUNT = "123456789012"

# The id of these is their (automatic) name, and `name` is computed when the program gave none.
_NAMED = {
    "aws:elasticache/subnetGroup:SubnetGroup",
    "aws:elasticache/parameterGroup:ParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:rds/parameterGroup:ParameterGroup",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/instanceProfile:InstanceProfile",
    "aws:kms/alias:Alias",
    "aws:lambda/function:Function",
    "aws:sns/topic:Topic",
    "aws:ssm/parameter:Parameter",
}

INVOKES: dict[str, Any] = {
    "aws:index/getRegion:getRegion": {
        "region": REGION,
        "id": REGION,
        "name": REGION,
        "description": "Ireland",
    },
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "id": ACCOUNT,
        "userId": ACCOUNT,
    },
    "aws:index/getPartition:getPartition": {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    },
    # Ids tell where they are: subnet-eu-west-1a-vpc-1 is in that zone of that VPC.
    "aws:ec2/getSubnet:getSubnet": lambda arguments: {
        "id": arguments["id"],
        "availabilityZone": arguments["id"].removeprefix("subnet-").partition("-vpc-")[0],
        "vpcId": "vpc-" + arguments["id"].partition("-vpc-")[2],
    },
    "aws:ec2/getVpc:getVpc": lambda arguments: {"id": arguments["id"], "cidrBlock": "172.31.0.0/16"},
    "aws:ec2/getPrefixList:getPrefixList": lambda arguments: {
        "id": "pl-6da54004",
        "name": arguments["name"],
    },
    "aws:ssm/getParameter:getParameter": lambda arguments: {
        "name": arguments["name"],
        "value": "ami-0123456789abcdef0",
        "arn": f"arn:aws:ssm:{REGION}::parameter{arguments['name']}",
        "id": arguments["name"],
        "type": "String",
        "version": 1,
    },
}


def computed(type_: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the id and the computed properties of a new resource."""
    service, _, kind = type_.removeprefix("aws:").partition("/")
    kind = kind.split(":")[0]
    if type_ in _NAMED:
        id_ = inputs.get("name") or f"{name}-1234567"
        values = {"name": id_}
    else:
        id_ = inputs.get("bucket") if type_ == "aws:s3/bucket:Bucket" and "bucket" in inputs else f"{name}-id"
        values = {}
    values["arn"] = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}/{id_}"
    values.update(_SPECIAL.get(type_, lambda *_: {})(id_, inputs))
    return id_, values


def _replication_group(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "replicationGroupId": id_,
        "primaryEndpointAddress": f"master.{id_}.abc123.euw1.cache.amazonaws.com",
        "readerEndpointAddress": f"replica.{id_}.abc123.euw1.cache.amazonaws.com",
        "memberClusters": [
            f"{id_}-{number:03}" for number in range(1, inputs.get("numCacheClusters", 1) + 1)
        ],
        "engineVersionActual": inputs.get("engineVersion", "7.1.0"),
        "engineVersion": "7.1",
    }


def _cluster(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    host, port = f"{id_}.abc123.cfg.euw1.cache.amazonaws.com", inputs.get("port", 11211)
    return {
        "clusterId": id_,
        "clusterAddress": host,
        "engineVersionActual": inputs.get("engineVersion", "1.6.22"),
        "configurationEndpoint": f"{host}:{port}",
        "cacheNodes": [
            {
                "id": f"{number:04}",
                "address": f"{id_}.abc123.{number:04}.euw1.cache.amazonaws.com",
                "port": port,
            }
            for number in range(1, inputs.get("numCacheNodes", 1) + 1)
        ],
    }


def _database(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-0a1b2c3d-AbCdEf"
    return {
        "identifier": id_,
        "address": f"{id_}.abc123.{REGION}.rds.amazonaws.com",
        "masterUserSecrets": [
            {"secretArn": secret, "secretStatus": "active", "kmsKeyId": "aws/secretsmanager"}
        ],
    }


_SPECIAL: dict[str, Any] = {
    "aws:rds/instance:Instance": _database,
    "aws:elasticache/replicationGroup:ReplicationGroup": _replication_group,
    "aws:elasticache/cluster:Cluster": _cluster,
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda id_, _: {
        "arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{id_}"
    },
    "aws:sns/topic:Topic": lambda id_, _: {"arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{id_}"},
    "aws:kms/key:Key": lambda id_, _: {"keyId": id_},
    "aws:s3/bucket:Bucket": lambda id_, _: {"bucket": id_, "arn": f"arn:aws:s3:::{id_}"},
    "aws:s3/bucketObjectv2:BucketObjectv2": lambda _, inputs: {"versionId": "1", "key": inputs.get("key")},
    "aws:ec2/instance:Instance": lambda _, __: {"privateIp": "10.20.0.10", "publicIp": "198.51.100.7"},
    "aws:ec2/vpc:Vpc": lambda id_, _: {
        "defaultSecurityGroupId": f"{id_}-default",
        "mainRouteTableId": f"{id_}-main",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda _, __: {"prefixListId": "pl-6da54004"},
    "aws:ec2/eip:Eip": lambda id_, _: {"allocationId": id_, "publicIp": "198.51.100.8"},
    "aws:ssm/parameter:Parameter": lambda id_, _: {
        "arn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{id_}",
        "version": 1,
    },
    "aws:lambda/functionUrl:FunctionUrl": lambda _, __: {
        "functionUrl": "https://abc.lambda-url.eu-west-1.on.aws/"
    },
}
