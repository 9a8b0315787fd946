"""A real engine behind the commands: what it refuses, it refuses before anything is done."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sandbox.cloud import Cloud
from sandbox.launching import PACKAGE_FOLDER
from tests.real_engine import NEEDS_ENGINE

pytestmark = [
    pytest.mark.namespaces,
    pytest.mark.timeout(300),
    *NEEDS_ENGINE,
]

PROGRAM = """
import pulumi
import pulumi_aws as aws

first = aws.cloudwatch.LogGroup("first", name="first", retention_in_days={days})
options = pulumi.ResourceOptions(protect=True, depends_on=[first])
aws.cloudwatch.LogGroup("kept", name="{kept}", opts=options)
"""


@pytest.fixture
def sandbox(tmp_path):
    """The commands in a folder of their own, whose sandbox ends with the test."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    foreign = ("AWS_", "PULUMI_", "CACHE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    variables = {**kept, "PYTHONPATH": str(PACKAGE_FOLDER), "PULUMI_HOME": str(tmp_path / "home")}

    def run(*words, code=0):
        command = [sys.executable, "-m", "sandbox", *words]
        answer = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=100, check=False
        )
        assert answer.returncode == code, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    yield run
    run("stop")


def log_groups(folder):
    told = Cloud.require(folder).client("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays") for group in told}


def test_a_refusal_for_protection_leaves_nothing_done(sandbox, tmp_path):
    program = tmp_path / "__main__.py"
    program.write_text(PROGRAM.format(days=7, kept="kept"))
    sandbox("up", "--engine", "pulumi")
    assert log_groups(tmp_path) == {"first": 7, "kept": None}

    program.write_text(PROGRAM.format(days=14, kept="another"))
    assert "marked for protection" in sandbox("up", code=1)
    assert log_groups(tmp_path) == {"first": 7, "kept": None}

    assert "cannot be deleted" in sandbox("destroy", code=1)
    assert log_groups(tmp_path) == {"first": 7, "kept": None}
