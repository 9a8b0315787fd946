"""The rule book is whole, and what docs/rules.md says of it is so."""

from __future__ import annotations

import ast
import functools
import json
import re
import sys
from pathlib import Path

import pytest

from components.memcached_arguments import REFUSED as NOT_TAKEN_BY_MEMCACHED
from components.redis_arguments import REFUSED as NOT_TAKEN_BY_REDIS
from tests.components.rules.book import HINTED, REFUSED, WARNED
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parent.parent
DATA = json.loads((ROOT / "docs" / "rules.json").read_text("utf-8"))
RULES = DATA["rules"]
CASES = [*REFUSED, *WARNED, *HINTED]


@pytest.fixture(scope="module")
def script():
    return load_script("rules")


@functools.cache
def tree_of(path):
    return ast.parse((ROOT / path).read_text("utf-8"))


def functions_of(path):
    return {node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)}


def texts_of(path):
    return [
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_the_document_is_not_stale(script, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["rules", "--check"])

    script.main()


def test_a_stale_document_is_told_and_left_alone(script, tmp_path, monkeypatch):
    stale = tmp_path / "rules.md"
    stale.write_text("of yesterday")
    monkeypatch.setattr(script, "TARGET", stale)
    monkeypatch.setattr(sys, "argv", ["rules", "--check"])

    with pytest.raises(SystemExit, match="is not what the rules and cases say; `make docs` renews it"):
        script.main()
    assert stale.read_text() == "of yesterday"


def test_every_case_is_in_the_document_with_its_message(script):
    document = script.render(DATA)

    for case in CASES:
        assert f"`{case.argument}` | {case.message} |" in document, case.id


def test_names_of_cases_are_all_different():
    for cases in (REFUSED, WARNED, HINTED):
        assert len({case.id for case in cases}) == len(cases)


def test_every_rule_that_a_case_names_exists():
    assert {rule for case in CASES for rule in case.rules} <= set(RULES)


def test_every_rule_that_the_source_names_exists():
    named = set()
    for folder in ("components", "sandbox", "client", "tests", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".json", ".md", ".sh"):
                named |= set(re.findall(r"\bR\d{1,3}\b", path.read_text("utf-8")))

    assert named - set(RULES) == set()


def test_every_rule_says_what_it_is_and_where_it_is_known_from():
    for rule in RULES.values():
        assert rule["says"].endswith(".")
        assert rule["level"] in ("error", "warning", "default", "fact")
        assert rule["known_from"] in ("measured", "provider", "documentation", "inference")


def test_every_rule_that_aws_holds_one_to_is_kept_somehow():
    """What is refused, destroys data or should be known, and is more than our inference."""
    cased = {rule for case in CASES for rule in case.rules}
    bare = [
        name
        for name, rule in RULES.items()
        if rule["level"] in ("error", "warning")
        and rule["known_from"] != "inference"
        and name not in cased
        and "held" not in rule
    ]

    assert bare == []


def test_nothing_is_refused_on_an_inference_alone():
    inferred = {
        case.id
        for case in REFUSED
        if case.rules
        and all(RULES[rule]["known_from"] == "inference" for rule in case.rules)
        # What a component does not take at all is refused for its own sake.
        and case.argument not in {**NOT_TAKEN_BY_REDIS, **NOT_TAKEN_BY_MEMCACHED}
    }

    # Two endpoints of one service would be one resource declared twice; more than all of a CPU is never in use.
    assert inferred == {
        "R137-Network-interface_endpoints[1]",
        "R185-CacheAlarms-thresholds.cpu_percent",
    }


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "tests" in rule])
def test_the_tests_of_a_rule_exist(name):
    for test in RULES[name]["tests"]:
        path, function = test.split("::")
        assert function in functions_of(path), test


def test_a_rule_about_a_change_has_a_test_or_says_that_the_sandbox_does_not_model_it():
    for name, rule in RULES.items():
        if rule.get("change"):
            assert rule.get("tests") or "Not modelled by the sandbox." in rule["held"], name


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "message_of_the_api" in rule])
def test_the_message_of_a_refused_change_is_the_one_a_test_has_seen(name):
    message = RULES[name]["message_of_the_api"]
    seen = [text for test in RULES[name]["tests"] for text in texts_of(test.split("::")[0])]

    assert [text for text in seen if text.startswith(message)]
