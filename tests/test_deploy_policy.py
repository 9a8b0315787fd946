"""The deploy policies are what the record of the sandbox says, and the record knows everything a stack declares."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_program import run

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "deploy-policy"
FOLDER = ROOT / "docs" / "deploy-policy"
RECORD = json.loads((FOLDER / "recorded.json").read_text("utf-8"))
STACKS = sorted(RECORD["stacks"])
LARGEST_MANAGED_POLICY = 6144  # characters without white space
CONDITIONS = {
    "iam:PassRole": {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}},
    "iam:CreateServiceLinkedRole": {
        "StringEquals": {"iam:AWSServiceName": "elasticache.amazonaws.com"},
    },
}


def statements(stack):
    return json.loads((FOLDER / f"{stack}.json").read_text("utf-8"))["Statement"]


def checked(folder=FOLDER):
    return subprocess.run(
        [sys.executable, SCRIPT, "--check", "--folder", folder], capture_output=True, text=True, check=False
    )


def test_no_policy_is_stale():
    result = checked()

    assert (result.returncode, result.stderr) == (0, "")


def test_a_policy_that_is_not_what_the_record_says_is_told(tmp_path):
    (tmp_path / "recorded.json").write_text((FOLDER / "recorded.json").read_text("utf-8"))
    (tmp_path / f"{STACKS[0]}.json").write_text("{}")

    result = checked(tmp_path)

    assert result.returncode == 1
    assert result.stderr == f"{STACKS[0]}.json is not what the record says; scripts/deploy-policy renews it\n"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_record_knows_every_type_and_lookup_of_the_stack(stack):
    plan = run(stack)

    types = {item.type for item in plan.resources.values() if item.type.startswith("aws:")}
    lookups = {token for token, _ in plan.invokes}
    known = set(RECORD["stacks"][stack])
    assert types | lookups <= known, "scripts/deploy-policy STACK records it anew"
    assert {kind for kind in known - lookups if not RECORD["types"][kind]} == set()


@pytest.mark.parametrize("stack", STACKS)
def test_actions_are_named_one_by_one_and_roles_go_only_to_the_services_that_need_them(stack):
    first, *conditional = statements(stack)

    assert [action for action in first["Action"] if "*" in action] == []
    assert first["Action"] == sorted(set(first["Action"]))
    assert not {"iam:PassRole", "iam:CreateServiceLinkedRole"} & set(first["Action"])
    found = {statement["Action"]: statement["Condition"] for statement in conditional}
    assert {action: found[action] for action in CONDITIONS} == CONDITIONS


@pytest.mark.parametrize("stack", STACKS)
def test_a_policy_fits_into_one_managed_policy(stack):
    document = json.loads((FOLDER / f"{stack}.json").read_text("utf-8"))

    assert len(json.dumps(document, separators=(",", ":"))) <= LARGEST_MANAGED_POLICY


def test_dev_needs_what_makes_a_cache_and_nothing_of_what_it_does_not_use():
    actions = set(statements("dev")[0]["Action"])

    assert {"elasticache:CreateReplicationGroup", "kms:CreateKey", "ssm:PutParameter"} <= actions
    assert {action.split(":")[0] for action in actions} == {
        *("ec2", "elasticache", "iam", "kms", "lambda", "logs", "s3", "ssm")
    }
