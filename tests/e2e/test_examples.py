"""Each example as a person tries it: `demo.py --stack NAME`, then the same again, refreshed, and taken down."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

import demos
from tests.real_engine import NEEDS_ENGINE

from .environment import REPOSITORY, Environment
from .inventory import inventory

# One life of an environment for all tests that look at it.
pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(900)]

STACKS = ("dev", *demos.SYSTEMS)
ENGINES = {
    "embedded": [],
    "pulumi": NEEDS_ENGINE,
}
LIVES = [
    pytest.param((stack, engine), id=f"{stack}-{engine}", marks=marks)
    for engine, marks in ENGINES.items()
    for stack in STACKS
]


@dataclass
class Life:
    """What was seen of one stack: the demo and its report, the runs after it, and what was left."""

    stack: str
    said: str
    report: dict[str, Any]
    outputs: dict[str, Any]
    second_up: str
    refreshed: str
    destroyed: str
    left: dict[str, list[str]]
    files: tuple[str, str]
    """The stack file after the demo, and the one it was copied from."""


@pytest.fixture(scope="module", params=LIVES)
def life(request: pytest.FixtureRequest, tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    stack, engine = request.param
    if stack == "web-demo" and shutil.which("mariadbd", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("MariaDB is not installed")
    environment = Environment(tmp_path_factory.mktemp(stack))
    for name in ("examples", "demos", "webapp"):
        ignored = shutil.ignore_patterns("__pycache__")
        # The program itself may hold one of them already.
        shutil.copytree(REPOSITORY / name, environment.folder / name, ignore=ignored, dirs_exist_ok=True)
    shutil.copy(REPOSITORY / "demo.py", environment.folder)
    with environment:
        return live(environment, stack, engine)


def live(environment: Environment, stack: str, engine: str) -> Life:
    which = ("--stack", stack, "--engine", engine)
    (environment.folder / ".venv").symlink_to(sys.prefix)  # where Pulumi.yaml says that it is
    source = "Pulumi.dev.yaml" if stack == "dev" else f"examples/{stack}.yaml"
    said = environment.python("demo.py", *which, code=None, timeout=600).stdout
    file = environment.folder / "build" / "demo" / "report.json"
    assert file.exists(), environment.said[-1]
    outputs = json.loads(environment.sandbox("outputs", "--stack", stack, "--json").stdout)
    second_up = environment.sandbox("up", *which).stdout
    refreshed = environment.sandbox("refresh", *which).stdout
    destroyed = environment.sandbox("destroy", *which).stdout
    return Life(
        stack=stack,
        said=said,
        report=json.loads(file.read_text()),
        outputs=outputs,
        second_up=second_up,
        refreshed=refreshed,
        destroyed=destroyed,
        left=inventory(environment),
        files=(
            (environment.folder / f"Pulumi.{stack}.yaml").read_text(),
            (REPOSITORY / source).read_text(),
        ),
    )


def counted(said: str, stack: str) -> dict[str, int]:
    """The operations that a run told at its end, in the words of either engine."""
    resources = re.search(r"^Resources:\n((?: +.*\n)+)", said, re.MULTILINE)
    if resources:
        found = re.findall(r"^ +(?:[-+~]+ )?(\d+) (\w+)$", resources[1], re.MULTILINE)
        return {word: int(number) for number, word in found}
    summary = re.search(rf"^aws-cache \({stack}\): (.*) in [\d.]+ s$", said, re.MULTILINE)
    assert summary, said
    return {word: int(number) for number, word in (part.split(" ", 1) for part in summary[1].split(", "))}


def test_the_demo_proves_everything_and_each_proof_has_evidence(life: Life):
    checks = life.report["checks"]

    assert [(one["name"], one["where"], one["evidence"]) for one in checks if not one["ok"]] == []
    assert life.report["drill"]["problems"] == []
    assert life.report["ok"] is True
    assert all(one["evidence"] for one in checks)
    assert "PASSED" in life.said


def test_what_the_system_is_for_is_shown_after_the_checks_from_each_client(life: Life):
    places = {one["where"] for one in life.report["checks"]}
    clients = {*life.outputs["client_instance_ids"]}
    clients |= {"function"} if "client_function_name" in life.outputs else set()

    assert places == clients | ({life.stack} if demos.has_claims(life.stack) else set())


def test_the_drill_is_the_one_that_fits_the_cache(life: Life):
    survives = "reader_host" in life.outputs

    assert life.report["drill"]["kind"] == ("failover" if survives else "reboot")
    assert life.report["drill"]["acknowledged"] > 50


def test_the_stack_file_is_the_example_as_it_was(life: Life):
    copied, example = map(yaml.safe_load, life.files)

    assert copied["config"] == example["config"]  # a real engine notes its salt beside it


def test_a_second_up_changes_nothing_and_a_refresh_finds_no_drift(life: Life):
    again, refreshed = counted(life.second_up, life.stack), counted(life.refreshed, life.stack)

    assert list(again) == list(refreshed) == ["unchanged"]
    assert again == refreshed
    assert again["unchanged"] > 30


def test_destroy_leaves_nothing_but_keys_that_aws_keeps_for_a_while(life: Life):
    assert list(counted(life.destroyed, life.stack)) == ["deleted"]
    assert set(life.left) == {"pending key"}
