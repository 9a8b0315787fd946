"""What a person gets wrong, and what AWS says no to: one clear line, nothing half done, the exit code of the table."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from client import remote, triggers
from client.packing import LIMIT, pack

from .memcached_servers import MemcachedCluster, MemcachedServer, listing
from .test_command_line import Result, environment, one_line, run  # noqa: F401 - fixtures

INSTANCE = "i-0123456789abcdef0"
STACK = {"engine": "redis", "host": "master.c.test", "port": 6379, "region": "eu-west-1"}
WITH_INSTANCE = {**STACK, "client_instance_ids": {"app": INSTANCE}}
WITH_FUNCTION = {**STACK, "client_function_name": "function"}


def refused(result: Result, code: int, words: str) -> None:
    """The command ended so, with one line that says why and nothing on its standard output."""
    assert (result.returncode, result.stdout) == (code, b"")
    assert words in one_line(result)


@pytest.fixture
def memcached(monkeypatch: pytest.MonkeyPatch, environment) -> Iterator[None]:  # noqa: F811
    """The environment leads to a cluster of one node."""
    server = MemcachedServer()
    cluster = MemcachedCluster([])
    cluster.configuration.answer = listing(1, [("127.0.0.1", server.port)])
    monkeypatch.setenv("CACHE_ENGINE", "memcached")
    monkeypatch.setenv("CACHE_PORT", str(cluster.configuration.port))
    yield
    cluster.stop()
    server.stop()


@pytest.mark.parametrize("command", ["get", "delete", "put"])
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("k" * 251, "has 251 bytes; Memcached takes at most 250; nothing was sent"),
        ("ø" * 126, "has 252 bytes; Memcached takes at most 250; nothing was sent"),
        ("two words", "the key 'two words' holds a space or a control character; nothing was sent"),
        ("line\nend", "holds a space or a control character; nothing was sent"),
        ("", "is empty; nothing was sent"),
    ],
    ids=["long", "long in bytes", "space", "line end", "empty"],
)
def test_a_key_that_memcached_cannot_hold(run, memcached, command, key, words):  # noqa: F811
    further = ["value"] if command == "put" else []

    refused(run(command, key, *further), 4, words)


def test_a_value_over_the_limit_of_memcached(run, memcached):  # noqa: F811
    refused(run("put", "large", text="x" * (1 << 20)), 4, "object too large for cache")
    assert run("get", "large").returncode == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"CACHE_HOST": "https://cache.test"}, "host: must be a bare name without a scheme"),
        ({"CACHE_HOST": "rediss://cache.test:6379"}, "host: must be a bare name without a scheme"),
        ({"CACHE_HOST": "cache.test:6379"}, "host: must be without the port, which has a field of its own"),
        ({"CACHE_PORT": "six"}, "CACHE_PORT: must be a whole number 1-65535, got 'six'"),
        ({"CACHE_PORT": "70000"}, "port: must be 1-65535, got 70000"),
        ({"CACHE_ENGINE": "memcache"}, "did you mean memcached?"),
        ({"CACHE_TLS": "perhaps"}, "CACHE_TLS: must be true or false, got 'perhaps'"),
        ({"CACHE_AUTH_FILE": "/nowhere"}, "CACHE_AUTH_FILE: cannot read /nowhere"),
        ({"CACHE_TLS": "true", "CACHE_CA_FILE": "/nowhere"}, "the trusted certificates in /nowhere"),
    ],
)
def test_an_endpoint_that_cannot_be_used(run, variables, words):  # noqa: F811
    refused(run("get", "City", **variables), 2, words)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (
            {"bucket": "b", "url": "https://x"},
            "not the outputs of an aws-cache stack: engine, host, port missing",
        ),
        ([], "not the outputs of an aws-cache stack"),
        ({**STACK, "port": "6379"}, "port: must be a whole number, got '6379'"),
        ({**STACK, "host": "redis://master.c.test"}, "host: must be a bare name without a scheme"),
        ({**STACK, "engine": "rediss"}, "did you mean redis?"),
        (STACK, "the stack has no clients"),
    ],
)
@pytest.mark.parametrize("command", [["get", "City"], ["verify"], ["failover"]])
def test_outputs_that_cannot_be_used(run, outputs, words, command):  # noqa: F811
    refused(run(*command, "--outputs", "-", text=json.dumps(outputs)), 2, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["verfy"], "unknown command 'verfy'; did you mean verify?"),
        (["fail-over"], "unknown command 'fail-over'; did you mean failover?"),
        (["frobnicate"], "unknown command 'frobnicate'; there are bench, delete, discover, doctor"),
        (["failover", "--trigger", "scale-up"], "Invalid value for '--trigger': 'scale-up' is not one of"),
        (["failover", "--lost", "-1"], "Invalid value for '--lost'"),
        (["failover"], "failover needs --outputs"),
    ],
)
def test_a_command_line_with_a_slip(run, words, message):  # noqa: F811
    refused(run(*words), 2, message)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, run) -> Iterator[Callable[[str], Stubber]]:  # noqa: F811
    """AWS's services, which answer what a test queues and refuse every other call."""
    stubs: dict[str, Stubber] = {}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")

    def service(name: str) -> Stubber:
        if name not in stubs:
            client = boto3.client(
                name, region_name="eu-west-1", config=Config(retries={"total_max_attempts": 1})
            )
            stubs[name] = Stubber(client)
            stubs[name].activate()
        return stubs[name]

    for module in (remote, triggers):
        monkeypatch.setattr(module, "aws_client", lambda name, *_, **__: service(name).client)
    monkeypatch.setattr(remote, "_POLL_SECONDS", 0.0)
    yield service
    for stub in stubs.values():
        stub.assert_no_pending_responses()


SAYS_NO = [
    ("ExpiredTokenException", 4, "your AWS credentials are not valid, or have expired: as AWS says"),
    ("InvalidSignatureException", 4, "your AWS credentials are not valid, or have expired"),
    ("AccessDeniedException", 4, "your AWS identity may not do that: as AWS says"),
    ("InvalidInstanceId", 3, "Systems Manager does not reach the instance. It is stopped, still booting"),
    ("ThrottlingException", 3, "ThrottlingException: as AWS says"),
]


@pytest.mark.parametrize(("code", "exit_code", "words"), SAYS_NO, ids=[case[0] for case in SAYS_NO])
def test_run_command_that_aws_refuses(run, aws, code, exit_code, words):  # noqa: F811
    aws("ssm").add_client_error("send_command", code, "as AWS says")

    result = run("get", "City", "--outputs", "-", text=json.dumps(WITH_INSTANCE))

    refused(result, exit_code, words)
    assert f"the command on app ({INSTANCE})" in one_line(result)


COMMAND_ID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (
            {"Status": "Success", "StandardOutputContent": pack({"x": os.urandom(30_000).hex()})[:LIMIT]},
            "the report cannot be read: Run Command returns the first 24000 characters only, and there were more",
        ),
        ({"Status": "Success", "StandardOutputContent": "Oslo"}, "the client there printed no report"),
        (
            {"Status": "Failed", "ResponseCode": 127, "StandardErrorContent": "cache-client: not found\n"},
            f"the client on {INSTANCE} ended with Failed (127): cache-client: not found",
        ),
        ({"Status": "TimedOut", "ResponseCode": -1}, "ended with TimedOut (-1): it said nothing"),
    ],
    ids=["longer than Run Command returns", "no report", "failed", "timed out"],
)
def test_an_answer_of_an_instance_that_is_none(run, aws, ended, words):  # noqa: F811
    aws("ssm").add_response("send_command", {"Command": {"CommandId": COMMAND_ID}}, dict.fromkeys(_SENT, ANY))
    aws("ssm").add_response(
        "get_command_invocation", ended, {"CommandId": COMMAND_ID, "InstanceId": INSTANCE}
    )

    refused(run("get", "City", "--outputs", "-", text=json.dumps(WITH_INSTANCE)), 3, words)


_SENT = ("InstanceIds", "DocumentName", "Parameters", "TimeoutSeconds")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"errorType": "Sandbox.Timedout", "errorMessage": "timed out after 60 s"}, "timed out after 60 s"),
        (
            {"errorType": "Runtime.ImportModuleError", "errorMessage": "No module"},
            "Runtime.ImportModuleError",
        ),
    ],
)
def test_a_function_that_fails(run, aws, payload, words):  # noqa: F811
    body = json.dumps(payload).encode()
    aws("lambda").add_response(
        "invoke",
        {"FunctionError": "Unhandled", "Payload": StreamingBody(io.BytesIO(body), len(body))},
        {"FunctionName": "function", "InvocationType": "RequestResponse", "Payload": ANY},
    )

    refused(run("get", "City", "--outputs", "-", text=json.dumps(WITH_FUNCTION)), 3, words)


@pytest.mark.parametrize(("code", "exit_code", "words"), SAYS_NO[:3], ids=[case[0] for case in SAYS_NO[:3]])
def test_a_change_of_the_cache_that_aws_refuses(run, aws, code, exit_code, words):  # noqa: F811
    aws("elasticache").add_client_error("describe_replication_groups", code, "as AWS says")
    outputs = {**WITH_INSTANCE, "member_ids": ["c-001", "c-002"]}

    result = run("failover", "--trigger", "reboot", "--outputs", "-", text=json.dumps(outputs))

    refused(result, exit_code, words)


@pytest.fixture
def without_aws(monkeypatch: pytest.MonkeyPatch, run, tmp_path: Path) -> None:  # noqa: F811
    """A laptop on which nobody has set AWS up."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("outputs", "code", "words"),
    [
        (WITH_INSTANCE, 4, 'found here; for the sandbox: eval "$(python -m sandbox env)"'),
        ({key: value for key, value in WITH_INSTANCE.items() if key != "region"}, 2, "set AWS_REGION"),
    ],
)
def test_a_laptop_without_aws(run, without_aws, outputs: Any, code, words):  # noqa: F811
    refused(run("get", "City", "--outputs", "-", text=json.dumps(outputs)), code, words)
