"""Without an endpoint that the clients need, what fails says so: at boot, and when a command is sent."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from .environment import Environment

pytestmark = [pytest.mark.namespaces, pytest.mark.system]


@dataclass(frozen=True)
class FailingUp:
    """An `up` that is under way in an environment whose instance cannot reach the bundle's bucket."""

    environment: Environment
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def without_s3(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailingUp]:
    """Begun before the other tests here: an instance tries for three quarters of a minute before it gives up."""
    with Environment(tmp_path_factory.mktemp("without-s3")) as environment:
        environment.configure("network", s3_gateway_endpoint=False)
        environment.configure("cache", replicas=0)
        environment.configure("clients", function=False)
        process = environment.start("up", "--engine", "embedded")
        yield FailingUp(environment, process)
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def without_ssm(
    without_s3: FailingUp, tools_ready: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """An environment whose instance reaches the bundle's bucket, and no other service of AWS."""
    with Environment(tmp_path_factory.mktemp("without-ssm")) as environment:
        environment.configure("network", interface_endpoints=[])
        environment.configure("cache", replicas=0)
        environment.up()
        yield environment


def test_without_the_ssm_endpoints_run_command_finds_no_instance(without_ssm: Environment):
    result = without_ssm.client("verify", "--json", "--from", "instances", code=3)

    known = without_ssm.boto("ssm").describe_instance_information()["InstanceInformationList"]
    assert known == []
    (check,) = json.loads(result.stdout)["checks"]
    assert (check["name"], check["where"], check["ok"]) == ("client-reached", "app", False)
    assert "Systems Manager does not reach the instance" in check["evidence"]
    assert "cannot reach the ssm and ssmmessages endpoints" in check["evidence"]


def test_without_the_ssm_endpoints_an_operation_on_the_instance_ends_as_unreachable(without_ssm: Environment):
    result = without_ssm.client("get", "city", "--from", "instances", code=3)

    (line,) = result.stderr.splitlines()
    assert "Systems Manager does not reach the instance" in line


def test_without_the_ssm_endpoints_the_function_says_in_time_that_it_cannot_read_its_parameter(
    without_ssm: Environment,
):
    began = time.monotonic()

    result = without_ssm.client("get", "city", "--from", "function", code=3)

    seconds = time.monotonic() - began
    assert without_ssm.outputs()["connection_parameter"] in result.stderr
    assert seconds < 20


def test_without_the_ssm_endpoints_the_instance_is_up_and_the_sandbox_still_gets_in(without_ssm: Environment):
    state = without_ssm.sandbox("run", "app", "--", "cat /opt/cache-client/state.json").stdout

    assert json.loads(state)["state"] == "ready"


def test_without_the_s3_endpoint_up_fails_with_the_end_of_the_boots_log(without_s3: FailingUp):
    said, _ = without_s3.process.communicate(timeout=100)

    instance = without_s3.environment.outputs()["client_instance_ids"]["app"]
    assert without_s3.process.returncode == 1
    error, log = said.split(f"error: the user data of client-app ({instance}) failed; the end of its log:\n")
    assert "created" in error
    assert [line for line in log.splitlines() if re.search(r"Connection timed out .* for https://.*s3", line)]
    assert log.splitlines()[-3:] == [
        "  cache-client: failed at packages",
        "  all of it: python -m sandbox logs client-app",
        "  begin anew, without what the sandbox holds: python -m sandbox stop, then python -m sandbox up",
    ]
    assert "look around:" not in said
    assert "Traceback" not in said
