"""SNS topics, who may use them, and who is told."""

from __future__ import annotations

import json

from ..fields import document, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, deleting, table
from ..tagging import resource_tagging
from ..work import Work

_DEFAULT_POLICY_ID = "__default_policy_ID"
_OWNERS_VERBS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"),
    *("Subscribe", "ListSubscriptionsByTopic", "Publish"),
)

_TOPIC_FIELDS = {
    "name": text("Name", required=True, replaces=True),
    "displayName": text(read="DisplayName", group="display"),
    "kmsMasterKeyId": text(read="KmsMasterKeyId", group="key"),
    "policy": document(read="Policy", computed=True, group="policy"),
}
_ATTRIBUTES = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId", "policy": "Policy"}


def _create_topic(work: Work, given: Properties) -> str:
    attributes = {api: given[name] for name, api in _ATTRIBUTES.items() if given.get(name)}
    tags = dict(work.tag_request)
    return work.call("create_topic", Name=given["name"], Attributes=attributes, **tags)["TopicArn"]


def _describe_topic(work: Work, topic: str, state: Properties) -> Properties | None:
    attributes = work.call("get_topic_attributes", TopicArn=topic)["Attributes"]
    return {**attributes, "Name": topic.rpartition(":")[2]}


def _set_attributes(work: Work, topic: str, change: Change) -> None:
    for name in sorted(change.names):
        value = change.new.get(name, "")
        work.call(
            "set_topic_attributes", TopicArn=topic, AttributeName=_ATTRIBUTES[name], AttributeValue=value
        )


def _find_topic(work: Work, given: Properties) -> str | None:
    topic = work.arn(given["name"])
    return topic if _describe_topic(work, topic, given) else None


_TOPIC = ResourceType(
    "aws:sns/topic:Topic",
    "sns",
    _TOPIC_FIELDS,
    create=_create_topic,
    describe=_describe_topic,
    delete=deleting("delete_topic", "TopicArn"),
    outputs={"arn": "TopicArn", "owner": "Owner"},
    updates={"display": _set_attributes, "key": _set_attributes, "policy": _set_attributes},
    find=_find_topic,
    tagging=resource_tagging(lambda work, topic: {"ResourceArn": topic}),
    auto_name=AutoName(limit=256),
)

_POLICY_FIELDS = {
    "arn": text("TopicArn", required=True, replaces=True),
    "policy": document("Policy", required=True, group="policy"),
}


def _create_policy(work: Work, given: Properties) -> str:
    _put_policy(work, given["arn"], given["policy"])
    return given["arn"]


def _put_policy(work: Work, topic: str, policy: str) -> None:
    work.call("set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _describe_policy(work: Work, topic: str, state: Properties) -> Properties | None:
    """Every topic has a policy; the one it begins with is as good as none."""
    attributes = work.call("get_topic_attributes", TopicArn=topic)["Attributes"]
    return None if json.loads(attributes["Policy"]).get("Id") == _DEFAULT_POLICY_ID else attributes


def _update_policy(work: Work, topic: str, change: Change) -> None:
    _put_policy(work, topic, change.new["policy"])


def _delete_policy(work: Work, topic: str, state: Properties) -> None:
    """Puts back what a new topic has."""
    own = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{verb}" for verb in _OWNERS_VERBS],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": work.account_id}},
    }
    default = {"Version": "2008-10-17", "Id": _DEFAULT_POLICY_ID, "Statement": [own]}
    _put_policy(work, topic, json.dumps(default))


def _find_policy(work: Work, given: Properties) -> str | None:
    return given["arn"] if _describe_policy(work, given["arn"], given) else None


_POLICY = ResourceType(
    "aws:sns/topicPolicy:TopicPolicy",
    "sns",
    _POLICY_FIELDS,
    create=_create_policy,
    describe=_describe_policy,
    delete=_delete_policy,
    outputs={"owner": "Owner"},
    updates={"policy": _update_policy},
    find=_find_policy,
)

_SUBSCRIPTION_FIELDS = {
    "topic": text("TopicArn", required=True, replaces=True),
    "protocol": text("Protocol", required=True, replaces=True),
    "endpoint": text("Endpoint", required=True, replaces=True),
}


def _create_subscription(work: Work, given: Properties) -> str:
    asked = request(_SUBSCRIPTION_FIELDS, given)
    return work.call("subscribe", **asked, ReturnSubscriptionArn=True)["SubscriptionArn"]


def _describe_subscription(work: Work, subscription: str, state: Properties) -> Properties | None:
    found = work.call("get_subscription_attributes", SubscriptionArn=subscription)["Attributes"]
    return {**found, "PendingConfirmation": str(found["PendingConfirmation"]).lower() == "true"}


_SUBSCRIPTION = ResourceType(
    "aws:sns/topicSubscription:TopicSubscription",
    "sns",
    _SUBSCRIPTION_FIELDS,
    create=_create_subscription,
    describe=_describe_subscription,
    delete=deleting("unsubscribe", "SubscriptionArn"),
    outputs={"arn": "SubscriptionArn", "ownerId": "Owner", "pendingConfirmation": "PendingConfirmation"},
)

TYPES = table(_TOPIC, _POLICY, _SUBSCRIPTION)
