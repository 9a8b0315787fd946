"""The published schema: what every command prints with --json fits it, and it leaves no field out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from client import cluster_view, doctor, load_results, results
from client.results import KeyShares, Report

from .test_command_line import environment, run  # noqa: F401 - fixtures
from .test_report import DRILL, FAILED, PASSED

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text("utf-8"))


def fits(value: Any, part: str) -> None:
    """Validate against one definition, as of several alternatives the message would name none."""
    schema = {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{part}"}]}
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)
    jsonschema.validate(value, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["verify"], "report"),
        (["bench", "--seconds", "0.5"], "report"),
        (["bench", "--rate", "500", "--count", "50"], "report"),
        (["watch", "--seconds", "0.2"], "report"),
        (["put", "City", "Oslo"], "operation"),
        (["get", "City"], "operation"),
        (["get", "nothing"], "operation"),
        (["delete", "City"], "operation"),
        (["doctor"], "diagnosis"),
    ],
)
def test_what_a_command_prints_fits(run, words, part):  # noqa: F811
    result = run(*words, "--json")
    assert result.stdout, result.stderr
    fits(json.loads(result.stdout), part)


def test_errors_fit_too(run):  # noqa: F811
    for words, part in ((["get", "x", "--timeout", "0.2"], "operation"), (["doctor"], "diagnosis")):
        fits(json.loads(run(*words, "--json", CACHE_PORT="1").stdout), part)
    result = run("watch", "--seconds", "0.2", "--json", CACHE_PORT="1")
    report = json.loads(result.stdout)
    fits(report, "report")
    assert len(report["watches"][0]["gaps"]) == 2


def test_a_report_with_a_drill_fits():
    shares = KeyShares(10, 3, 3, 0, 0.3, 0.3)
    drills = [
        None,
        DRILL,
        dataclasses.replace(DRILL, kind="scale-in", shares=shares, errors={"OutcomeUnknown": 1}),
    ]
    for drill in drills:
        report = Report("dev", "redis 7.1", [PASSED, FAILED], drill, {"up": 3.0}, ["in the sandbox"], "today")
        fits(json.loads(json.dumps(report.as_mapping())), "report")


def test_answers_of_several_clients_fit():
    answer = {"ok": True, "found": True, "value": "Oslo", "seconds": 0.1}
    fits({"app": answer, "function": {"ok": False, "error": "no answer", "seconds": 0.1}}, "operations")


@pytest.mark.parametrize("change", [{"more": 1}, {"ok": "yes"}, {"checks": [{}]}, {"drill": {}}])
def test_what_is_no_report_does_not_fit(change):
    report = {**Report("dev", "redis", [PASSED]).as_mapping(), **change}
    with pytest.raises(jsonschema.ValidationError):
        fits(json.loads(json.dumps(report)), "report")


@pytest.mark.parametrize(
    ("part", "kind", "beside"),
    [
        ("check", results.CheckResult, set()),
        ("drill", results.Drill, {"ok", "operations"}),
        ("event", results.Event, set()),
        ("shares", results.KeyShares, set()),
        ("load", load_results.Load, {"ok"}),
        ("latency", load_results.Latency, set()),
        ("watch", load_results.Watch, {"ok"}),
        ("gap", load_results.Gap, set()),
        ("report", results.Report, {"ok"}),
        ("finding", doctor.Finding, set()),
        ("cluster", cluster_view.ClusterView, set()),
        ("node", cluster_view.NodeView, set()),
    ],
)
def test_every_field_is_described(part, kind, beside):
    fields = {field.name for field in dataclasses.fields(kind)}
    assert set(SCHEMA["$defs"][part]["properties"]) ^ fields == beside
