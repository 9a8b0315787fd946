"""The components can be offered to every Pulumi language: their schema is inferred, and committed."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import pytest

from tests.scripts import load_script

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "docs" / "schema.json"

# The SDK leaves a file of pulumi_aws for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


SCRIPT = load_script("schema")
COMPONENTS = SCRIPT.components()


@functools.cache
def rendered():
    return SCRIPT.render()


@functools.cache
def schema():
    return json.loads(rendered())


def test_every_component_has_its_arguments_and_outputs_described():
    resources = schema()["resources"]

    cache = resources["aws-cache:index:RedisCache"]
    assert cache["inputProperties"]["replicas"]["type"] == "integer"
    assert cache["inputProperties"]["replicas"]["description"].startswith("Copies of the primary, 0-5")
    assert {"host", "port", "tls", "memberIds", "authToken"} <= set(cache["properties"])
    assert len(resources) == len(COMPONENTS)


@pytest.mark.parametrize("properties", ["inputProperties", "properties"])
def test_every_argument_and_output_says_what_it_is(properties):
    undescribed = [
        f"{token}.{key}"
        for token, resource in schema()["resources"].items()
        for key, value in resource.get(properties, {}).items()
        if not value.get("description")
    ]

    assert undescribed == []


def test_the_committed_schema_is_what_the_source_says(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["schema", "--check"])
    monkeypatch.setattr(SCRIPT, "render", rendered)

    SCRIPT.main()


def test_a_change_of_the_surface_is_shown_as_a_difference(monkeypatch, tmp_path):
    of_yesterday = tmp_path / "schema.json"
    of_yesterday.write_text(SCHEMA.read_text("utf-8").replace('"nodeType"', '"nodeSize"'))
    monkeypatch.setattr(sys, "argv", ["schema", "--check"])
    monkeypatch.setattr(SCRIPT, "render", rendered)
    monkeypatch.setattr(SCRIPT, "TARGET", of_yesterday)

    with pytest.raises(SystemExit) as told:
        SCRIPT.main()
    lines = str(told.value).splitlines()
    assert lines[0] == "docs/schema.json is not what the source says; `make docs` renews it"
    assert {line.strip(" {:") for line in lines if line[0] in "+-" and "node" in line} >= {
        '-        "nodeSize": {'.strip(" {:"),
        '+        "nodeType": {'.strip(" {:"),
    }
    assert "nodeSize" in of_yesterday.read_text()


def test_it_is_written_as_it_is_checked(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["schema"])
    monkeypatch.setattr(SCRIPT, "render", rendered)
    monkeypatch.setattr(SCRIPT, "TARGET", tmp_path / "schema.json")

    SCRIPT.main()
    assert (tmp_path / "schema.json").read_text("utf-8") == SCHEMA.read_text("utf-8")
