"""Load, watch and the tutorial's function, where they are used: on the instance and in the function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .environment import REPOSITORY, Environment

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(400)]

SCHEMA = json.loads((REPOSITORY / "docs" / "report.schema.json").read_text("utf-8"))


def report_of(text: str) -> dict[str, Any]:
    report = json.loads(text)
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    return report


def test_bench_loads_the_cache_from_instance_and_function(dev: Environment, tmp_path: Path):
    page = tmp_path / "report.html"
    words = ("bench", "--rate", "100", "--seconds", "2", "--timeout", "5", "--json", "--html", str(page))
    loads = report_of(dev.client(*words).stdout)["loads"]
    assert [load["where"] for load in loads] == ["app", "function"]
    assert [(load["requests"], load["errors"], load["wrong"]) for load in loads] == [(200, {}, 0)] * 2
    assert page.read_text().count("<figure>") == 2


def test_watch_sees_no_gap_from_instance_and_function_in_a_healthy_cache(dev: Environment):
    words = ("watch", "--seconds", "3", "--timeout", "5", "--json")
    watches = report_of(dev.client(*words).stdout)["watches"]
    assert [(watch["where"], watch["gaps"], watch["wrong"]) for watch in watches] == [
        ("app", [], 0),
        ("function", [], 0),
    ]


def test_every_report_of_the_checks_fits_the_schema(dev: Environment):
    assert len(report_of(dev.client("verify", "--json").stdout)["checks"]) > 20


@pytest.fixture(scope="module")
def tutorial(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment whose function is the tutorial's."""
    with Environment(tmp_path_factory.mktemp("tutorial")) as environment:
        environment.configure("clients", function={"handler": "client.tutorials.redis_handler.handler"})
        environment.up()
        yield environment


def test_the_tutorials_function_writes_to_the_primary_and_reads_from_both(tutorial: Environment):
    outputs = tutorial.outputs()
    answer = tutorial.boto("lambda").invoke(FunctionName=outputs["client_function_name"], Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    assert (found["primary_endpoint"], found["reader_endpoint"], found["port"]) == (
        outputs["host"],
        outputs["reader_host"],
        outputs["port"],
    )
    assert found["written"] == found["from_primary"] == found["from_reader"]
    groups = [group["logGroupName"] for group in tutorial.boto("logs").describe_log_groups()["logGroups"]]
    messages = [
        event["message"]
        for group in groups
        for event in tutorial.boto("logs").filter_log_events(logGroupName=group)["events"]
    ]
    assert [message for message in messages if "SET tutorial:" in message and found["written"] in message]
