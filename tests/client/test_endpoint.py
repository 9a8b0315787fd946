"""Where an Endpoint comes from, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import os

import boto3
import pytest
from moto import mock_aws

from client import CacheRefused, CacheUnreachable, Endpoint, InvalidEndpoint

TOKEN = "secret-token-of-32-characters-xy"
PARAMETER = "/shop/dev/connection"
CONNECTION = {
    "engine": "redis",
    "host": "master.cache.test",
    "reader_host": "replica.cache.test",
    "port": 6380,
    "tls": True,
    "auth_token": TOKEN,
}
OUTPUTS = {
    "engine": "redis",
    "engine_version": "7.1",
    "host": "master.cache.test",
    "reader_host": "replica.cache.test",
    "port": 6380,
    "tls": True,
    "connection_parameter": PARAMETER,
    "region": "eu-west-1",
    "member_ids": ["cache-001", "cache-002"],
}


@pytest.fixture
def systems_manager(monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield boto3.client("ssm", region_name="eu-west-1")


def put(systems_manager, value: object, name: str = PARAMETER) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    systems_manager.put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True)


def test_it_is_frozen_and_its_repr_hides_the_token():
    endpoint = Endpoint("redis", "cache.test", 6379, auth_token=TOKEN)
    with pytest.raises(dataclasses.FrozenInstanceError):
        endpoint.host = "other.test"
    assert TOKEN not in repr(endpoint) + str(endpoint)
    assert endpoint.address == "cache.test:6379"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"engine": "reddis"},
            "engine: must be one of redis, valkey, memcached, got 'reddis'; did you mean redis?",
        ),
        (
            {"host": "rediss://cache.test"},
            "host: must be a bare name without a scheme, got 'rediss://cache.test'",
        ),
        (
            {"host": "cache.test:6379"},
            "host: must be without the port, which has a field of its own, got 'cache.test:6379'",
        ),
        ({"host": ""}, "host: must be a name or an address, got ''"),
        ({"host": "user@cache.test"}, "host: must be a name or an address, got 'user@cache.test'"),
        ({"host": "cache .test"}, "host: must be a name or an address, got 'cache .test'"),
        ({"host": None}, "host: must be a name or an address, got None"),
        ({"reader_host": "redis://x"}, "reader_host: must be a bare name without a scheme, got 'redis://x'"),
        ({"port": "6379"}, "port: must be a whole number, got '6379'"),
        ({"port": True}, "port: must be a whole number, got True"),
        ({"port": 0}, "port: must be 1-65535, got 0"),
        ({"port": 70000}, "port: must be 1-65535, got 70000"),
        ({"tls": "true"}, "tls: must be true or false, got 'true'"),
        ({"auth_token": ""}, "auth_token: must be printable text without spaces"),
        ({"auth_token": "two words"}, "auth_token: must be printable text without spaces"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, problem):
    with pytest.raises(InvalidEndpoint) as invalid:
        Endpoint(**{"engine": "redis", "host": "cache.test", "port": 6379, **changes})
    assert str(invalid.value) == f"the endpoint cannot be used: {problem}"
    assert invalid.value.exit_code == 2


def test_all_problems_come_in_one_message_without_the_token():
    with pytest.raises(InvalidEndpoint) as invalid:
        Endpoint("x", "redis://y", 0, auth_token=f"{TOKEN} ")
    assert [part.split(":")[0] for part in str(invalid.value).split("used: ")[1].split("; ")] == [
        "engine",
        "host",
        "port",
        "auth_token",
    ]
    assert TOKEN not in str(invalid.value)


@pytest.mark.parametrize(
    "host", ["10.20.1.5", "::1", "fd00::5", "localhost", "master.x.0001.euw1.cache.amazonaws.com"]
)
def test_names_and_addresses_are_taken(host):
    assert Endpoint("valkey", host, 6379).host == host


def test_the_environment_with_nothing_but_a_host_means_redis_with_tls():
    assert Endpoint.from_environment({"CACHE_HOST": "cache.test"}) == Endpoint(
        "redis", "cache.test", 6379, tls=True
    )


def test_the_environment_can_say_everything(tmp_path):
    secret = tmp_path / "token"
    secret.touch(mode=0o600)
    secret.write_text(f"{TOKEN}\n")
    found = Endpoint.from_environment(
        {
            "CACHE_ENGINE": "valkey",
            "CACHE_HOST": "master.test",
            "CACHE_READER_HOST": "replica.test",
            "CACHE_PORT": "6380",
            "CACHE_TLS": "False",
            "CACHE_CA_FILE": "/etc/authority.pem",
            "CACHE_AUTH_FILE": str(secret),
        }
    )
    assert found == Endpoint(
        "valkey", "master.test", 6380, False, "replica.test", auth_token=TOKEN, ca_file="/etc/authority.pem"
    )


def test_memcached_has_its_own_usual_port():
    assert Endpoint.from_environment({"CACHE_ENGINE": "memcached", "CACHE_HOST": "x.cfg.test"}).port == 11211


def test_a_token_is_never_taken_from_a_variable():
    variables = {
        "CACHE_HOST": "cache.test",
        "CACHE_AUTH_TOKEN": TOKEN,
        "CACHE_TOKEN": TOKEN,
        "REDISCLI_AUTH": TOKEN,
    }
    assert Endpoint.from_environment(variables).auth_token is None


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "where is the cache? set CACHE_PARAMETER, or CACHE_HOST and CACHE_PORT"),
        ({"CACHE_HOST": "x", "CACHE_PORT": "no"}, "CACHE_PORT: must be a whole number 1-65535, got 'no'"),
        ({"CACHE_HOST": "x", "CACHE_PORT": "99999"}, "port: must be 1-65535, got 99999"),
        ({"CACHE_HOST": "x", "CACHE_TLS": "maybe"}, "CACHE_TLS: must be true or false, got 'maybe'"),
        (
            {"CACHE_HOST": "x", "CACHE_AUTH_FILE": "/nowhere/token"},
            "CACHE_AUTH_FILE: cannot read /nowhere/token",
        ),
    ],
)
def test_a_wrong_environment_is_refused(variables, message):
    with pytest.raises(InvalidEndpoint) as invalid:
        Endpoint.from_environment(variables)
    assert message in str(invalid.value)


@pytest.mark.parametrize(
    ("mode", "content", "message"), [(0o644, TOKEN, "others can read"), (0o600, "\n", "is empty")]
)
def test_a_token_file_that_others_can_read_or_that_is_empty_is_refused(tmp_path, mode, content, message):
    secret = tmp_path / "token"
    secret.write_text(content)
    secret.chmod(mode)
    with pytest.raises(InvalidEndpoint, match=message) as invalid:
        Endpoint.from_environment({"CACHE_HOST": "x", "CACHE_AUTH_FILE": str(secret)})
    assert TOKEN not in str(invalid.value)


def test_the_parameter_is_read_with_decryption(systems_manager):
    put(systems_manager, CONNECTION)
    found = Endpoint.from_parameter(PARAMETER)
    expected = Endpoint(
        "redis", "master.cache.test", 6380, True, "replica.cache.test", auth_token=TOKEN, parameter=PARAMETER
    )
    assert found == expected


def test_the_environment_may_name_the_parameter(systems_manager, monkeypatch):
    put(systems_manager, CONNECTION)
    monkeypatch.setenv("CACHE_PARAMETER", PARAMETER)
    monkeypatch.setenv("CACHE_CA_FILE", "/etc/authority.pem")
    found = Endpoint.from_environment(os.environ)
    assert (found.host, found.auth_token, found.ca_file) == ("master.cache.test", TOKEN, "/etc/authority.pem")


def test_refreshed_reads_the_parameter_again_and_keeps_the_trust(systems_manager):
    put(systems_manager, CONNECTION)
    endpoint = dataclasses.replace(Endpoint.from_parameter(PARAMETER), ca_file="/etc/authority.pem")
    put(systems_manager, {**CONNECTION, "port": 7000})
    assert endpoint.refreshed() == dataclasses.replace(endpoint, port=7000)


def test_refreshed_without_a_parameter_is_the_endpoint_itself():
    endpoint = Endpoint("redis", "cache.test", 6379)
    assert endpoint.refreshed() is endpoint


@pytest.mark.parametrize(
    "value", ["master.cache.test:6380", "[1]", "{}", '{"engine": "redis", "host": "x"}', "{"]
)
def test_a_parameter_with_something_else_is_refused_without_showing_it(systems_manager, value):
    put(systems_manager, value)
    with pytest.raises(InvalidEndpoint, match=f"parameter {PARAMETER} holds no connection") as invalid:
        Endpoint.from_parameter(PARAMETER)
    assert value not in str(invalid.value)


def test_a_parameter_that_does_not_exist_is_named(systems_manager):
    with pytest.raises(InvalidEndpoint, match="parameter /x does not exist in this account and region"):
        Endpoint.from_parameter("/x")


def test_a_parameter_without_a_region_says_what_to_set(systems_manager, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(InvalidEndpoint, match="set AWS_REGION"):
        Endpoint.from_parameter(PARAMETER)


def test_the_region_may_come_from_the_variable_of_lambda(systems_manager, monkeypatch):
    put(systems_manager, CONNECTION)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Endpoint.from_parameter(PARAMETER).host == "master.cache.test"


def test_a_parameter_that_nobody_may_read_is_refused(systems_manager, monkeypatch):
    from botocore.exceptions import ClientError

    from client import sources

    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "GetParameter"
    )
    with pytest.raises(
        CacheRefused, match="AWS refuses it: AccessDeniedException: not authorized"
    ) as refused:
        raise sources._refusal(PARAMETER, denied.response["Error"])
    assert (refused.value.code, refused.value.exit_code) == ("AWS", 4)


@pytest.mark.parametrize("code", ["InternalServerError", "ThrottlingException", "ServiceUnavailable"])
def test_a_systems_manager_that_cannot_answer_now_is_unreachable(code):
    from client import sources

    failure = sources._refusal(PARAMETER, {"Code": code, "Message": "later"})
    assert type(failure) is CacheUnreachable
    assert (str(failure), failure.stage) == (
        f"parameter {PARAMETER}: Systems Manager answers {code}",
        "parameter",
    )


def test_without_credentials_it_is_said_that_there_are_none(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CacheRefused, match="no AWS credentials were found here") as refused:
        Endpoint.from_parameter(PARAMETER, region="eu-west-1")
    assert refused.value.code == "AWS"


def test_a_region_that_can_be_none_is_refused_by_name():
    with pytest.raises(InvalidEndpoint, match=f"^parameter {PARAMETER}: .*'no region'"):
        Endpoint.from_parameter(PARAMETER, region="no region")


def test_a_systems_manager_that_does_not_answer_is_unreachable(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CacheUnreachable, match="Systems Manager does not answer") as unreachable:
        Endpoint.from_parameter(PARAMETER, region="eu-west-1")
    assert unreachable.value.stage == "parameter"


def test_stack_outputs_give_the_endpoint_and_where_its_token_is():
    assert Endpoint.from_stack_outputs(OUTPUTS) == Endpoint(
        "redis",
        "master.cache.test",
        6380,
        True,
        "replica.cache.test",
        parameter=PARAMETER,
        region="eu-west-1",
    )


def test_a_port_that_became_a_fraction_on_its_way_is_taken():
    assert Endpoint.from_stack_outputs({**OUTPUTS, "port": 6380.0}).port == 6380


def test_memcached_outputs_lead_to_the_configuration_endpoint_as_nodes_come_and_go():
    outputs = {
        "engine": "memcached",
        "host": "x.cfg.test",
        "port": 11211,
        "node_addresses": ["a:11211", "b:11211"],
    }
    assert Endpoint.from_stack_outputs(outputs) == Endpoint("memcached", "x.cfg.test", 11211)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"bucket": "b", "url": "u"}, "engine, host, port missing; found: bucket, url"),
        ({}, "engine, host, port missing; found: none"),
        ([], "engine, host, port missing; found: none"),
        ({"engine": "redis", "host": "x"}, "port missing; found: engine, host"),
    ],
)
def test_the_outputs_of_another_project_are_refused(outputs, message):
    with pytest.raises(InvalidEndpoint, match=f"not the outputs of an aws-cache stack: {message}"):
        Endpoint.from_stack_outputs(outputs)
