"""Words the tests of the components share: type tokens, and arguments that are complete and right."""

from __future__ import annotations

from typing import Any

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SUBNET_GROUP = "aws:elasticache/subnetGroup:SubnetGroup"
PARAMETER_GROUP = "aws:elasticache/parameterGroup:ParameterGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
STASH = "pulumi:index:Stash"

TOKEN = "0123456789abcdefABCDEF!&#$^<>-"


def cache_args(**changes: Any) -> dict[str, Any]:
    """Arguments of a RedisCache in two zones; None removes one."""
    args = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}, **changes}
    return {key: value for key, value in args.items() if value is not None}
