"""Flow logs: who writes what where, and under which key."""

from __future__ import annotations

import json

import pytest

from components.flow_logs import FlowLogs, check_flow_logs
from components.network import Network
from components.problems import Problem

FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
NAME = "net-flow-logs"


@pytest.fixture
def run(deploy):
    return deploy(lambda: FlowLogs("net", {"vpc_id": "vpc-1", "retention_days": 365}))


def statements(text):
    return json.loads(text)["Statement"]


def test_a_network_keeps_none_unless_asked(deploy):
    zones = {"availability_zones": ["eu-west-1a"]}

    assert deploy(lambda: Network("net", zones)).of_type(FLOW_LOG) == {}
    asked = deploy(lambda: Network("net", {**zones, "flow_logs_retention_days": 365}))
    assert asked.one(FLOW_LOG).inputs["vpcId"] == "net-id"
    assert asked.one(LOG_GROUP).inputs["retentionInDays"] == 365
    assert asked.ancestors(asked.one(FLOW_LOG)) == ["net", "net"]


def test_they_are_exactly_these_resources(run):
    assert run.counts() == {
        "aws-cache:index:FlowLogs": 1,
        KEY: 1,
        LOG_GROUP: 1,
        ROLE: 1,
        ROLE_POLICY: 1,
        FLOW_LOG: 1,
    }


def test_all_traffic_goes_to_a_log_group_of_their_own(run):
    group = f"arn:aws:cloudwatch:eu-west-1:123456789012:logGroup/{NAME}-1234567"

    assert run.one(FLOW_LOG).inputs == {
        "vpcId": "vpc-1",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": group,
        "iamRoleArn": f"arn:aws:iam:eu-west-1:123456789012:role/{NAME}-1234567",
        "tags": {"Name": NAME},
    }
    assert run.one(LOG_GROUP).inputs["retentionInDays"] == 365


def test_the_log_group_is_encrypted_by_a_rotating_key_of_its_own(run):
    key = run.one(KEY)

    assert run.one(LOG_GROUP).inputs["kmsKeyId"] == f"arn:aws:kms:eu-west-1:123456789012:key/{NAME}-id"
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 7


def test_the_key_opens_for_the_accounts_log_groups_only(run):
    administration, use = statements(run.one(KEY).inputs["policy"])

    assert administration["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert not {"kms:Decrypt", "kms:*", "*"} & set(administration["Action"])
    assert use["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert use["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:123456789012:log-group:*"}
    }


def test_the_role_is_taken_by_flow_logs_of_this_account_only(run):
    (trust,) = statements(run.one(ROLE).inputs["assumeRolePolicy"])

    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/*"},
    }


def test_the_role_writes_into_this_group_only(run):
    writing, listing = statements(run.one(ROLE_POLICY).inputs["policy"])
    group = f"arn:aws:cloudwatch:eu-west-1:123456789012:logGroup/{NAME}-1234567"

    assert writing["Resource"] == [group, f"{group}:*"]
    assert writing["Action"] == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert listing == {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}


def test_the_flow_log_waits_for_its_permission(run):
    assert run.one(ROLE_POLICY).urn in run.one(FLOW_LOG).dependencies


def test_outputs_name_group_key_and_role(run):
    assert run.one("aws-cache:index:FlowLogs").outputs == {
        "log_group_name": f"{NAME}-1234567",
        "key_arn": f"arn:aws:kms:eu-west-1:123456789012:key/{NAME}-id",
        "role_name": f"{NAME}-1234567",
    }


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (0, "must be 1 or more; leave FlowLogs out for none"),
        (
            2,
            "CloudWatch keeps logs for one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
            "1096, 1827, 2192, 2557, 2922, 3288, 3653 days, got 2",
        ),
    ],
)
def test_a_retention_cloudwatch_does_not_know_is_refused(days, message):
    assert check_flow_logs("net", {"vpc_id": "vpc-1", "retention_days": days}).problems == [
        Problem("retention_days", message)
    ]
