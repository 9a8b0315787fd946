"""A record of a network's connections: who spoke with whom, and what was refused."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .place import place_of
from .policies import KEY_USE, account_administers_key, assume_role_policy, policy_document
from .problems import Checks, check_component_name
from .retention import retention_fault
from .rotating_key import rotating_key


class FlowLogsArgs(TypedDict):
    """Arguments of FlowLogs."""

    vpc_id: pulumi.Input[str]
    """VPC whose connections are recorded."""
    retention_days: int
    """Days that the record is kept: 1, 3, 5, 7, 14, 30, 60, 90, 365 and others that CloudWatch knows."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


class FlowLogs(pulumi.ComponentResource):
    """Flow logs of a VPC, all traffic, encrypted, in a log group of their own.

    Creates a key with yearly rotation that only CloudWatch Logs uses, the log group, the role by which the VPC
    writes into this group and no other, and the flow log.
    """

    log_group_name: pulumi.Output[str]
    """Log group that holds the record."""
    key_arn: pulumi.Output[str]
    """Key that encrypts it."""
    role_name: pulumi.Output[str]
    """Role by which the VPC writes it."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_flow_logs(name, args).raise_problems()
        super().__init__("aws-cache:index:FlowLogs", name, dict(args), opts)
        tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=self)
        place, label = place_of(self), f"{name}-flow-logs"
        key = rotating_key(label, f"Flow logs of {name}", _key_policy(*place), tags, child)
        group = aws.cloudwatch.LogGroup(
            label, retention_in_days=int(args["retention_days"]), kms_key_id=key.arn, tags=tags, opts=child
        )
        role = aws.iam.Role(label, assume_role_policy=_trust_policy(*place), tags=tags, opts=child)
        writing = aws.iam.RolePolicy(
            label, role=role.name, policy=group.arn.apply(_writing_policy), opts=child
        )
        aws.ec2.FlowLog(
            label,
            vpc_id=args["vpc_id"],
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={**tags, "Name": label},
            # No output of the policy reaches the flow log, whose delivery fails without it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[writing]),
        )
        self.log_group_name = group.name
        self.key_arn = key.arn
        self.role_name = role.name
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def check_flow_logs(name: str, args: FlowLogsArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(FlowLogsArgs, args, "FlowLogs", name)
    check_component_name(checks, name)
    days = checks.get("retention_days")
    if days is not None and not (days and retention_fault(days) is None):
        checks.add(
            "retention_days", retention_fault(days) or "must be 1 or more; leave FlowLogs out for none"
        )
    return checks


def _key_policy(partition: str, region: str, account_id: str) -> str:
    """Return a policy by which the account administers the key, and its log groups are encrypted with it."""
    context = {
        "kms:EncryptionContext:aws:logs:arn": f"arn:{partition}:logs:{region}:{account_id}:log-group:*"
    }
    return policy_document(
        account_administers_key(partition, account_id),
        {
            "Sid": "LogsUseForGroupsOfTheAccount",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": [*KEY_USE, "kms:Describe*"],
            "Resource": "*",
            "Condition": {"ArnLike": context},
        },
    )


def _trust_policy(partition: str, region: str, account_id: str) -> str:
    """Return a trust policy for the flow logs of this account only: the service acts for every account."""
    source = f"arn:{partition}:ec2:{region}:{account_id}:vpc-flow-log/*"
    condition = {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source}}
    return assume_role_policy("vpc-flow-logs", condition)


def _writing_policy(log_group_arn: str) -> str:
    return policy_document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [log_group_arn, f"{log_group_arn}:*"],
        },
        # Cannot be limited to one group, and tells no content.
        {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"},
    )
