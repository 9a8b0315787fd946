"""Words the tests of the components share: type tokens, and arguments that are complete and right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.names import stack_name
from tests.recorder import Deployment

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SUBNET_GROUP = "aws:elasticache/subnetGroup:SubnetGroup"
PARAMETER_GROUP = "aws:elasticache/parameterGroup:ParameterGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
STASH = "pulumi:index:Stash"

ALARMS_NAME = stack_name("aws-cache", "dev", "alarms")
"""What the topic and the dashboard of `alarms` are called."""
ALARMS_TOPIC_ARN = f"arn:aws:sns:eu-west-1:123456789012:{ALARMS_NAME}"

TOKEN = "0123456789abcdefABCDEF!&#$^<>-"


def cache_args(**changes: Any) -> dict[str, Any]:
    """Arguments of a RedisCache in two zones; None removes one."""
    args = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}, **changes}
    return {key: value for key, value in args.items() if value is not None}


def vpcs_of_groups(run: Deployment) -> set[str]:
    """VPCs that the security groups stand in."""
    return {item.inputs["vpcId"] for item in run.of_type(SECURITY_GROUP).values()}


def arguments_proved(reaches: Iterable[tuple[Mapping[str, Any], Any]], elsewhere: Iterable[str]) -> set[str]:
    """Arguments that a table changes, and those with a test of their own."""
    return {key for change, _ in reaches for key in change} | set(elsewhere)
