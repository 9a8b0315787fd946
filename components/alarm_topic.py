"""Where alarms go: an encrypted SNS topic that only this account and its alarms may publish to."""

import re
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from typing_extensions import NotRequired, TypedDict

from .names import stack_name
from .place import place_of
from .policies import account_administers_key, policy_document
from .problems import Checks, check_component_name
from .rotating_key import rotating_key

_SENDING = ("kms:Decrypt", "kms:GenerateDataKey*")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class AlarmTopicArgs(TypedDict):
    """Arguments of AlarmTopic."""

    emails: NotRequired[Sequence[str]]
    """Addresses that get what is published, each after the confirmation that AWS asks of it. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource that can have them. Default: none."""


class AlarmTopic(pulumi.ComponentResource):
    """An encrypted SNS topic for CloudWatch alarms, with a subscription per address.

    Creates a key with yearly rotation, the topic with its policy, and the subscriptions. The key is the topic's own,
    as CloudWatch cannot publish to a topic under AWS's key for SNS, whose policy admits no service.
    """

    topic_arn: pulumi.Output[str]
    """The topic, for other subscriptions."""
    key_arn: pulumi.Output[str]
    """Key that encrypts what waits to be delivered."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_alarm_topic(name, args).raise_problems()
        super().__init__("aws-cache:index:AlarmTopic", name, dict(args), opts)
        tags, child = args.get("tags") or {}, pulumi.ResourceOptions(parent=self)
        place = place_of(self)
        told = f"Alarms of {pulumi.get_project()} {pulumi.get_stack()}"
        key = rotating_key(name, told, _key_policy(*place), tags, child)
        # A name of our own, so that the policy, which names the topic, is there from the topic's first moment.
        topic_name = stack_name(pulumi.get_project(), pulumi.get_stack(), name)
        topic = aws.sns.Topic(
            name,
            name=topic_name,
            kms_master_key_id=key.arn,
            policy=_topic_policy(topic_name, *place),
            tags=tags,
            opts=child,
        )
        for address in args.get("emails", ()):
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        self.topic_arn = topic.arn
        self.key_arn = key.arn
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def check_alarm_topic(name: str, args: AlarmTopicArgs) -> Checks:
    """Collect every problem of these arguments."""
    checks = Checks.of(AlarmTopicArgs, args, "AlarmTopic", name)
    check_component_name(checks, name)
    check_emails(checks)
    return checks


def check_emails(checks: Checks) -> None:
    """Refuse what is no address in the argument `emails`, and one that is named twice."""
    seen: set[str] = set()
    for index, address in enumerate(checks.get("emails", ())):
        if not _ADDRESS.fullmatch(address):
            checks.add(f"emails[{index}]", f"must look like name@example.com, got {address!r}")
        elif address in seen:
            checks.add(f"emails[{index}]", f"{address!r} is named twice")
        seen.add(address)


def _alarms_of_the_account(partition: str, region: str, account_id: str) -> dict[str, object]:
    """Return the condition for the service, which acts for every account."""
    source = f"arn:{partition}:cloudwatch:{region}:{account_id}:alarm:*"
    return {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source}}


def _key_policy(partition: str, region: str, account_id: str) -> str:
    """Return a policy by which the account administers the key, and it is used for publishing to SNS only."""
    return policy_document(
        account_administers_key(partition, account_id),
        {
            "Sid": "AlarmsOfTheAccountPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": list(_SENDING),
            "Resource": "*",
            "Condition": _alarms_of_the_account(partition, region, account_id),
        },
        {
            "Sid": "AccountPublishesThroughSns",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
            "Action": list(_SENDING),
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": account_id,
                    "kms:ViaService": f"sns.{region}.amazonaws.com",
                }
            },
        },
    )


def _topic_policy(topic_name: str, partition: str, region: str, account_id: str) -> str:
    """Return a policy that lets the account's alarms and nobody outside the account publish, and only over TLS."""
    topic_arn = f"arn:{partition}:sns:{region}:{account_id}:{topic_name}"
    return policy_document(
        {
            "Sid": "AlarmsOfTheAccountPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": _alarms_of_the_account(partition, region, account_id),
        },
        {
            "Sid": "AccountManagesAndPublishes",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
            "Action": [
                "sns:GetTopicAttributes",
                "sns:SetTopicAttributes",
                "sns:DeleteTopic",
                "sns:Subscribe",
                "sns:ListSubscriptionsByTopic",
                "sns:Publish",
            ],
            "Resource": topic_arn,
        },
        {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
