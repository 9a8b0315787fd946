"""An environment with a function URL and flow logs: called as a person calls it, up, unchanged, refreshed, gone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from client import function_url

from .environment import Environment

pytestmark = [pytest.mark.system, pytest.mark.namespaces]


@pytest.fixture(scope="module")
def environment(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with Environment(tmp_path_factory.mktemp("url")) as made:
        made.configure("network", flow_logs_retention_days=7)
        made.configure("clients", function={"url": "iam"})
        made.up()
        yield made


@pytest.fixture
def url(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the outputs; calls of it are signed by the sandbox's key."""
    for name, value in environment.aws.items():
        monkeypatch.setenv(name, value)
    return environment.outputs()["client_function_url"]


def local_address(environment: Environment) -> str:
    (function,) = json.loads(environment.sandbox("status", "--json").stdout)["functions"]
    return function["URL here"]


def test_the_outputs_hold_awss_own_form(url: str):
    assert re.fullmatch(r"https://[a-z0-9]{32}\.lambda-url\.eu-west-1\.on\.aws/", url)


def test_the_url_answers_a_signed_call_and_no_other(url: str):
    evidence = function_url.prove(url, "eu-west-1")

    assert "without a signature 403" in evidence


def test_a_call_asks_by_its_body(url: str):
    task = {"command": "put", "key": "city", "value": "Oslo"}
    function_url.call(url, "eu-west-1", body=json.dumps(task).encode())
    answer = function_url.call(url, "eu-west-1", body=b'{"command": "get", "key": "city"}')

    assert answer.status == 200
    assert "Oslo" in answer.body


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
def test_the_line_to_paste_works(environment: Environment, url: str):
    line = function_url.shell_line(url, "eu-west-1", local_address(environment))
    variables = {**environment.variables, **environment.aws}
    said = subprocess.run(
        ["sh", "-c", line.replace("curl ", "curl --silent --fail ", 1)],
        env=variables, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    checks = json.loads(said.stdout)["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == []
    assert len(checks) > 10


def test_flow_logs_go_to_the_declared_group(environment: Environment):
    (flow_log,) = environment.boto("ec2").describe_flow_logs()["FlowLogs"]
    group = flow_log["LogDestination"].partition(":log-group:")[2]

    assert (flow_log["TrafficType"], flow_log["ResourceId"]) == ("ALL", environment.outputs()["vpc_id"])
    (found,) = environment.boto("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["retentionInDays"] == 7
    assert found["kmsKeyId"].startswith("arn:aws:kms:eu-west-1:")


def test_a_second_up_changes_nothing_and_a_refresh_finds_no_drift(environment: Environment):
    number = len(environment.resources())
    for said in (environment.up(), environment.sandbox("refresh").stdout):
        assert f"aws-cache (dev): {number} unchanged in" in said


def test_at_the_end_nothing_is_left_of_both(environment: Environment):
    environment.sandbox("destroy")

    assert environment.boto("ec2").describe_flow_logs()["FlowLogs"] == []
    assert environment.boto("lambda").list_functions()["Functions"] == []
    assert environment.boto("logs").describe_log_groups()["logGroups"] == []
