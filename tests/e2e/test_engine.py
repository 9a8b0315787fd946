"""The whole program under a real engine, beside the embedded way: the same resources, outputs and operations."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.real_engine import NEEDS_ENGINE

from .environment import Environment
from .inventory import inventory

pytestmark = [
    pytest.mark.namespaces,
    pytest.mark.timeout(600),
    *NEEDS_ENGINE,
]

RUNS = ("preview", "up", "second up", "refresh", "destroy")
WORDS = {"created": "create", "unchanged": "same", "deleted": "delete", "updated": "update"}
Counts = Mapping[str, int]


@dataclass
class Life:
    """One stack from preview to destroy: the counted operations of each run, and what was there in between."""

    counts: dict[str, Counts] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    resources: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    left: Mapping[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def embedded(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    life = Life()
    with Environment(tmp_path_factory.mktemp("embedded")) as environment:
        for run in RUNS:
            said = environment.sandbox(run.split()[-1], "--engine", "embedded").stdout
            life.said[run], life.counts[run] = said, _counted(said)
            if run == "second up":
                life.resources, life.outputs = environment.resources(), environment.outputs()
        life.left = inventory(environment)
        return life


@pytest.fixture(scope="module")
def engine(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    life, home = Life(), tmp_path_factory.mktemp("pulumi-home")
    with Environment(tmp_path_factory.mktemp("engine")) as environment:
        (environment.folder / ".venv").symlink_to(sys.prefix)
        for run in RUNS:
            flags = ["--json"] if run == "preview" else ["--yes", "--skip-preview"]
            said = _pulumi(environment, home, run.split()[-1], *flags)
            life.said[run] = said
            if run == "preview":
                life.counts[run] = json.loads(said)["changeSummary"]
            else:
                latest = json.loads(_pulumi(environment, home, "stack", "history", "--json"))[0]
                assert latest["result"] == "succeeded"
                life.counts[run] = latest["resourceChanges"]
            if run == "second up":
                life.outputs = json.loads(_pulumi(environment, home, "stack", "output", "--json"))
                exported = json.loads(_pulumi(environment, home, "stack", "export"))
                life.resources = {one["urn"]: one for one in exported["deployment"]["resources"]}
        life.left = inventory(environment)
        return life


def _pulumi(environment: Environment, home: Any, *words: str) -> str:
    """Type the command as a person does, after `eval "$(python -m sandbox env)"`."""
    command = shlex.join(["pulumi", *words, "--non-interactive", "--stack", "dev"])
    script = f'set -e; lines=$({shlex.quote(sys.executable)} -m sandbox env); eval "$lines"; exec {command}'
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=environment.folder,
        env={**environment.variables, "PULUMI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def _counted(said: str) -> Counts:
    """The operations that the embedded way counted, in the engine's words."""
    summary = re.search(r"^aws-cache \(dev\): (.*) in [\d.]+ s$", said, re.MULTILINE)
    assert summary, said
    pairs = [part.split(" ", 1) for part in summary[1].split(", ")]
    return {WORDS.get(word, word.removeprefix("to ")): int(number) for number, word in pairs}


@pytest.mark.parametrize("run", RUNS)
def test_both_count_the_same_operations(embedded: Life, engine: Life, run: str):
    assert embedded.counts[run] == engine.counts[run]


def test_the_operations_are_those_of_a_stack_that_comes_and_goes(engine: Life):
    number = engine.counts["up"]["create"]

    assert number > 40
    assert engine.counts == {
        "preview": {"create": number},
        "up": {"create": number},
        "second up": {"same": number},
        "refresh": {"same": number},
        "destroy": {"delete": number},
    }


def test_no_run_of_the_engine_has_anything_to_say_against_it(engine: Life):
    said = {
        run: re.findall(r"(?im)^.*\b(?:warning|error|diagnostics).*$", text)
        for run, text in engine.said.items()
        if run != "preview"
    }
    notes = json.loads(engine.said["preview"])["diagnostics"]

    assert said == {run: [] for run in RUNS if run != "preview"}
    assert {note["severity"] for note in notes} == {"info"}, "what the program tells of itself"


def test_both_make_the_same_resources_below_the_same_parents(embedded: Life, engine: Life):
    def tree(life: Life) -> dict[str, str]:
        return {
            urn: one.get("parent", "")
            for urn, one in life.resources.items()
            if not one["type"].startswith("pulumi:providers:")
        }

    assert tree(embedded) == tree(engine)


def test_both_end_with_the_same_outputs(embedded: Life, engine: Life):
    assert sorted(embedded.outputs) == sorted(engine.outputs)
    for name in ("engine", "engine_version", "port", "tls", "connection_parameter", "region"):
        assert embedded.outputs[name] == engine.outputs[name]


def test_both_leave_nothing_but_a_key_that_is_pending_deletion(embedded: Life, engine: Life):
    assert list(embedded.left) == list(engine.left) == ["pending key"]
