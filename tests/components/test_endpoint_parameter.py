"""The endpoint and the connection as parameters under a key of their own."""

from __future__ import annotations

import json

import pytest

from components.endpoint_parameter import EndpointParameter, check_endpoint_parameter
from components.problems import Problem
from tests.components.shared import TOKEN

COMPONENT = "aws-cache:index:EndpointParameter"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
PARAMETER = "aws:ssm/parameter:Parameter"
ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/endpoint-id"
REDIS = {
    "engine": "redis",
    "host": "master.cache",
    "reader_host": "replica.cache",
    "port": 6379,
    "tls": True,
    "auth_token": TOKEN,
}


@pytest.fixture
def endpoint(deploy):
    def declare(project="shop", **args):
        return deploy(lambda: EndpointParameter("endpoint", {**REDIS, **args}), project=project)

    return declare


def test_a_key_its_alias_and_two_parameters_are_made(endpoint):
    assert endpoint().counts() == {COMPONENT: 1, KEY: 1, ALIAS: 1, PARAMETER: 2}


def test_the_connection_says_everything_a_client_needs(endpoint):
    parameter = endpoint().one(PARAMETER, "endpoint-connection")

    assert json.loads(parameter.inputs["value"]) == REDIS
    assert parameter.inputs["name"] == "/shop/dev/connection"


def test_the_endpoint_is_host_and_port_alone(endpoint):
    parameter = endpoint().one(PARAMETER, "endpoint-endpoint")

    assert (parameter.inputs["name"], parameter.inputs["value"]) == (
        "/shop/dev/endpoint",
        "master.cache:6379",
    )


def test_what_does_not_apply_is_absent_from_the_connection(endpoint):
    value = (
        endpoint(engine="memcached", reader_host=None, auth_token=None, tls=False)
        .one(PARAMETER, "endpoint-connection")
        .inputs["value"]
    )

    assert json.loads(value) == {"engine": "memcached", "host": "master.cache", "port": 6379, "tls": False}


def test_both_are_encrypted_with_the_key_and_secret_in_the_state(endpoint):
    for parameter in endpoint().of_type(PARAMETER).values():
        assert (parameter.inputs["type"], parameter.inputs["keyId"]) == ("SecureString", KEY_ARN)
        assert parameter.secrets == {"value"}


def test_the_token_appears_nowhere_else(endpoint):
    for item in endpoint().resources.values():
        for values, secrets in ((item.inputs, item.secrets), (item.outputs, item.secret_outputs)):
            for key, value in values.items():
                assert key in secrets or TOKEN not in str(value), f"{item.name}.{key}"


def test_the_key_rotates_and_leaves_after_a_week(endpoint):
    key = endpoint().one(KEY)

    assert (key.inputs["enableKeyRotation"], key.inputs["deletionWindowInDays"]) == (True, 7)
    assert endpoint(key_deletion_window_days=30).one(KEY).inputs["deletionWindowInDays"] == 30


def test_a_person_finds_the_key_under_project_and_stack(endpoint):
    alias = endpoint().one(ALIAS)

    assert (alias.inputs["name"], alias.inputs["targetKeyId"]) == ("alias/shop/dev/endpoint", "endpoint-id")


def test_the_key_opens_nothing_but_through_parameter_store_in_this_account(endpoint):
    administers, uses = json.loads(endpoint().one(KEY).inputs["policy"])["Statement"]

    root = {"AWS": "arn:aws:iam::123456789012:root"}
    assert administers["Principal"] == uses["Principal"] == root
    assert not {"kms:*", "kms:Decrypt", "kms:Encrypt", "kms:Re*"} & set(administers["Action"])
    assert {"kms:Put*", "kms:Schedule*", "kms:Describe*"} <= set(administers["Action"])
    assert uses["Action"] == ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
    assert uses["Condition"] == {
        "StringEquals": {"kms:CallerAccount": "123456789012", "kms:ViaService": "ssm.eu-west-1.amazonaws.com"}
    }


def test_a_reader_may_read_these_two_parameters_and_nothing_else(endpoint):
    policy = json.loads(endpoint().one(COMPONENT).outputs["read_policy_json"])

    both = [f"{ARN}/shop/dev/endpoint", f"{ARN}/shop/dev/connection"]
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": both},
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": KEY_ARN,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": "ssm.eu-west-1.amazonaws.com",
                    "kms:EncryptionContext:PARAMETER_ARN": both,
                }
            },
        },
    ]


def test_outputs_are_the_names_and_the_key(endpoint):
    outputs = endpoint().one(COMPONENT).outputs
    outputs.pop("read_policy_json")

    assert outputs == {
        "endpoint_parameter": "/shop/dev/endpoint",
        "connection_parameter": "/shop/dev/connection",
        "key_arn": KEY_ARN,
    }


def test_another_path_can_be_chosen(endpoint):
    names = {item.inputs["name"] for item in endpoint(parameter_path="/app-10").of_type(PARAMETER).values()}

    assert names == {"/app-10/endpoint", "/app-10/connection"}


def test_another_alias_can_be_chosen(endpoint):
    assert endpoint(key_alias="app-10").one(ALIAS).inputs["name"] == "alias/app-10"


def test_a_project_whose_name_parameter_store_refuses_gets_a_path_it_takes(endpoint):
    names = {item.inputs["name"] for item in endpoint(project="aws-cache").of_type(PARAMETER).values()}

    assert names == {"/pulumi/aws-cache/dev/endpoint", "/pulumi/aws-cache/dev/connection"}


def test_two_stacks_share_no_name(deploy):
    runs = [
        deploy(lambda: EndpointParameter("endpoint", dict(REDIS)), stack=stack) for stack in ("dev", "prod")
    ]

    names = [
        {item.inputs["name"] for item in run.resources.values() if "name" in item.inputs} for run in runs
    ]
    assert len(names[0]) == 3
    assert not names[0] & names[1]


def test_tags_reach_every_taggable_child(endpoint):
    run = endpoint(tags={"owner": "me"})

    tagged = {item.type for item in run.resources.values() if item.inputs.get("tags") == {"owner": "me"}}
    assert tagged == {COMPONENT, KEY, PARAMETER}
    assert {tuple(run.ancestors(item)) for item in run.resources.values() if item.custom} == {("endpoint",)}


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"key_deletion_window_days": 6}, "key_deletion_window_days", "must be 7-30, got 6"),
        ({"host": None}, "host", "is required"),
        (
            {"engine": "memcached", "reader_host": None},
            "auth_token",
            "Memcached has no password: network and TLS protect it (R105)",
        ),
        (
            {"engine": "memcached", "auth_token": None},
            "reader_host",
            "Memcached has no replicas, hence no host to read from",
        ),
        ({"port": "6379"}, "port", "must be a whole number, got '6379'"),
        (
            {"parameter_path": "/aws-cache/dev"},
            "parameter_path",
            "'/aws-cache/dev' is refused by Parameter Store: names may not begin with aws or ssm; put a word before it",
        ),
    ],
)
def test_a_wrong_argument_is_refused(change, path, message):
    assert check_endpoint_parameter("endpoint", {**REDIS, **change}).problems == [Problem(path, message)]
