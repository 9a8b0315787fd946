"""The topic that tells of alarms: encrypted, and open to this account's alarms only."""

from __future__ import annotations

import json

import pytest

from components.alarm_topic import AlarmTopic, check_alarm_topic
from components.problems import Problem
from tests.components.shared import ALARMS_NAME, ALARMS_TOPIC_ARN

COMPONENT = "aws-cache:index:AlarmTopic"
KEY = "aws:kms/key:Key"
TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/alarms-id"
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}
OWN_ALARMS = {
    "StringEquals": {"aws:SourceAccount": "123456789012"},
    "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"},
}


@pytest.fixture
def topic(deploy):
    def declare(**args):
        return deploy(lambda: AlarmTopic("alarms", args))

    return declare


def statements(document):
    return {each["Sid"]: each for each in json.loads(document)["Statement"]}


def test_a_topic_has_its_key_and_a_subscription_per_address(topic):
    made = topic(emails=["a@example.com", "b@example.com"])

    assert made.counts() == {COMPONENT: 1, KEY: 1, TOPIC: 1, SUBSCRIPTION: 2}
    assert {
        name: (item.inputs["topic"], item.inputs["protocol"], item.inputs["endpoint"])
        for name, item in made.of_type(SUBSCRIPTION).items()
    } == {f"alarms-{who}@example.com": (ALARMS_TOPIC_ARN, "email", f"{who}@example.com") for who in "ab"}


def test_the_topic_is_encrypted_by_a_rotating_key_of_its_own(topic):
    made = topic()

    assert made.one(TOPIC).inputs["kmsMasterKeyId"] == KEY_ARN
    key = made.one(KEY).inputs
    assert (key["enableKeyRotation"], key["deletionWindowInDays"]) == (True, 7)


def test_cloudwatch_may_use_the_key_for_alarms_of_this_account_only(topic):
    found = statements(topic().one(KEY).inputs["policy"])

    assert found["AlarmsOfTheAccountPublish"] == {
        "Sid": "AlarmsOfTheAccountPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": OWN_ALARMS,
    }
    through_sns = {"kms:CallerAccount": "123456789012", "kms:ViaService": "sns.eu-west-1.amazonaws.com"}
    assert found["AccountPublishesThroughSns"]["Principal"] == ROOT
    assert found["AccountPublishesThroughSns"]["Condition"] == {"StringEquals": through_sns}
    assert not {"kms:*", "kms:Decrypt"} & set(found["AccountAdministers"]["Action"])
    assert len(found) == 3


def test_only_the_accounts_alarms_and_the_account_may_publish_and_only_over_tls(topic):
    made = topic().one(TOPIC).inputs
    found = statements(made["policy"])

    assert made["name"] == ALARMS_NAME
    assert {each["Resource"] for each in found.values()} == {ALARMS_TOPIC_ARN}
    assert {sid: (each["Effect"], each["Principal"]) for sid, each in found.items()} == {
        "AlarmsOfTheAccountPublish": ("Allow", {"Service": "cloudwatch.amazonaws.com"}),
        "AccountManagesAndPublishes": ("Allow", ROOT),
        "OnlyOverTls": ("Deny", "*"),
    }
    assert found["AlarmsOfTheAccountPublish"]["Action"] == "sns:Publish"
    assert found["AlarmsOfTheAccountPublish"]["Condition"] == OWN_ALARMS
    assert found["OnlyOverTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_outputs_are_the_topic_and_its_key(topic):
    assert topic().one(COMPONENT).outputs == {"topic_arn": ALARMS_TOPIC_ARN, "key_arn": KEY_ARN}


def test_tags_reach_key_and_topic(topic):
    made = topic(emails=["a@example.com"], tags={"owner": "me"})

    tagged = {item.type for item in made.resources.values() if item.inputs.get("tags") == {"owner": "me"}}
    assert tagged == {COMPONENT, KEY, TOPIC}
    assert {tuple(made.ancestors(item)) for item in made.resources.values() if item.custom} == {("alarms",)}


@pytest.mark.parametrize(
    ("emails", "path", "message"),
    [
        (["a.example.com"], "emails[0]", "must look like name@example.com, got 'a.example.com'"),
        (["a@example.com", "b@example"], "emails[1]", "must look like name@example.com, got 'b@example'"),
        (["a@example.com", "a@example.com"], "emails[1]", "'a@example.com' is named twice"),
        (["a::b@example.com"], "emails[0]", "must look like name@example.com, got 'a::b@example.com'"),
        ("a@example.com", "emails", "must be a list, got 'a@example.com'"),
    ],
)
def test_what_is_no_address_is_refused(emails, path, message):
    assert check_alarm_topic("alarms", {"emails": emails}).problems == [Problem(path, message)]
