"""What exists already becomes the stack's own: by the import option, or by a file as `pulumi import` takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.deploy.errors import ConfigurationProblem

from .stack import Stack

OPTION = 'Thing("a", size={0}, opts=Options(import_="given-1"))'
CHILD = 'box = Box("box", {"k": 1})\nThing("a", size=1, opts=Options(parent=box))'
FILE = {
    "resources": [
        {"type": "test:index:Box", "name": "box", "component": True},
        {
            "type": "fake:index:Thing",
            "name": "boxThing",
            "logicalName": "a",
            "id": "given-1",
            "parent": "box",
        },
    ]
}


@pytest.fixture
def given(stack: Stack) -> Stack:
    """A stack of nothing, beside two things that somebody else has made."""
    for number in (1, 2):
        inputs = {"name": f"n{number}", "size": 1}
        thing = {"type": "fake:index:Thing", "logical_name": "a", "name": f"n{number}", "inputs": inputs}
        stack.cloud.write(f"given-{number}", thing)
    return stack


def written(stack: Stack, content: Any) -> Path:
    path = stack.base / "adopt.json"
    path.write_text(json.dumps(content))
    return path


def test_the_import_option_takes_what_is_there_without_a_change(given: Stack) -> None:
    planned = given.deployment_of(OPTION.format(1)).preview()
    assert planned.counts == {"create": 1, "import": 1}
    result = given.up()
    assert result.counts == {"create": 1, "import": 1}
    assert given.provider.calls == [("read", "a")]
    entry = given.resources()["a"]
    assert (entry["id"], entry["importID"]) == ("given-1", "given-1")
    assert entry["inputs"] == {"name": "n1", "size": 1}
    assert given.up().counts == {"same": 2}


def test_what_differs_is_updated_in_place_right_after(given: Stack) -> None:
    result = given.up(OPTION.format(5))
    assert result.counts == {"create": 1, "import": 1, "update": 1}
    assert given.cloud.things()["given-1"]["inputs"] == {"name": "n1", "size": 5}


def test_what_would_be_replaced_is_refused_and_stays_as_it_is(given: Stack) -> None:
    result = given.up('Thing("a", zone="z", opts=Options(import_="given-1"))')
    assert result.kind == "failed"
    (error,) = result.errors
    assert error == (
        "fake:index:Thing a: it was imported, and zone would replace it: make the program say what there is, or "
        "remove the import option"
    )
    assert given.provider.named("create") + given.provider.named("delete") == []
    assert sorted(given.cloud.things()) == ["given-1", "given-2"]


def test_ignored_changes_keep_what_the_imported_one_has(given: Stack) -> None:
    given.settled('Thing("a", name="mine", size=1, opts=Options(import_="given-1", ignore_changes=["name"]))')
    assert given.resources()["a"]["inputs"] == {"name": "n1", "size": 1}
    assert given.up().counts == {"same": 2}


def test_an_id_that_is_not_there_is_an_error_and_nothing_is_kept(given: Stack) -> None:
    result = given.up('Thing("a", opts=Options(import_="given-9"))')
    assert result.errors == ["fake:index:Thing a: there is none with id 'given-9'"]
    assert "a" not in given.resources()


def test_another_id_takes_the_place_of_what_the_stack_had(given: Stack) -> None:
    given.settled(OPTION.format(1))
    result = given.up('Thing("a", size=1, opts=Options(import_="given-2"))')
    assert result.counts == {"same": 1, "replace": 1}
    assert given.resources()["a"]["id"] == "given-2"
    assert sorted(given.cloud.things()) == ["given-2"]


def test_the_option_may_go_when_the_import_is_done(given: Stack) -> None:
    given.settled(OPTION.format(1))
    assert given.up('Thing("a", size=1)').counts == {"same": 2}
    assert "importID" not in given.resources()["a"]


def test_a_file_brings_a_child_under_its_component(given: Stack) -> None:
    result = given.deployment().import_file(written(given, FILE))
    assert result.counts == {"import": 2}
    assert given.provider.calls == [("read", "a")]
    assert given.resources()["a"]["parent"].endswith("::test:index:Box::box")

    result = given.up(CHILD)

    assert result.counts == {"same": 2, "update": 1}
    assert given.steps("update") == [("update", "box")]
    assert given.resources()["a"]["id"] == "given-1"
    assert given.deployment().destroy().ok
    assert sorted(given.cloud.things()) == ["given-2"]


def test_a_file_may_be_taken_again_and_may_protect(given: Stack) -> None:
    given.deployment().import_file(written(given, FILE), protect=True)
    assert given.resources()["a"]["protect"] is True
    assert given.deployment().import_file(written(given, FILE)).counts == {}
    assert given.deployment().destroy().kind == "failed"


def test_an_entry_that_is_not_there_fails_alone(given: Stack) -> None:
    lost = {"type": "fake:index:Thing", "name": "lost", "id": "given-9"}
    result = given.deployment().import_file(written(given, {"resources": [lost, *FILE["resources"]]}))
    assert result.errors == ["fake:index:Thing lost: there is none with id 'given-9'"]
    assert sorted(given.resources()) == ["a", "box", "default", "shop-dev"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "is no import file: 'resources'"),
        ({"resources": [{"kind": "x"}]}, "is no import file: "),
        ({"resources": [{"type": "t", "name": "a"}]}, ": a has no id"),
        (
            {"resources": [{"type": "t", "name": "a", "id": "1", "parent": "b"}]},
            ": the parent b of a does not stand before it",
        ),
        (
            {"resources": [{"type": "t", "name": "a", "id": "1"}, {"type": "u", "name": "a", "id": "2"}]},
            ": there are two with the name a; use logicalName",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(given: Stack, content: Any, words: str) -> None:
    with pytest.raises(ConfigurationProblem) as refused:
        given.deployment().import_file(written(given, content))
    assert words in str(refused.value)


def test_a_replacement_has_nothing_of_what_was_ignored(given: Stack) -> None:
    program = 'Thing("b", size={0}, zone="{1}", opts=Options(ignore_changes=["size", "name"]))'
    given.settled(program.format(1, "x")).settled(program.format(2, "x"))
    before = given.resources()["b"]["inputs"]
    assert before["size"] == 1
    assert given.up(program.format(2, "y")).counts == {"same": 1, "replace": 1}
    after = given.resources()["b"]["inputs"]
    assert (after["size"], after["zone"]) == (2, "y")
    assert after["name"] != before["name"]


def test_a_protected_replacement_is_refused_before_anything_else_is_changed(stack: Stack) -> None:
    program = (
        'Thing("first", size={0})\nThing("a", zone="{1}", opts=Options(protect=True))\nThing("z", size={0})'
    )
    stack.settled(program.format(1, "x"))
    before = stack.deployed()["resources"]

    result = stack.up(program.format(2, "y"))

    assert result.errors == [
        "fake:index:Thing a: it is protected and would have to be replaced (zone); unprotect it first"
    ]
    assert stack.provider.calls == []
    assert stack.deployed()["resources"] == before
    assert stack.up(program.format(2, "x")).counts == {"same": 2, "update": 2}
