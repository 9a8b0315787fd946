"""A run killed at any moment, then run again: it converges, and nothing is made twice or left behind."""

from __future__ import annotations

import json
import random
import signal
from typing import Any

import pytest

from .cut_run import run_and_die
from .stack import Stack

FIRST = """
net = Thing("net", zone="x")
a = Thing("a", of=net.arn, size=1)
b = Thing("b", of=net.arn, address="one")
Thing("c", of=b.arn)
Thing("gone")
pulumi.export("a", a.arn)
"""
# net is replaced, a updated, b deleted and made anew, c updated, new made, gone deleted
SECOND = """
net = Thing("net", zone="y")
a = Thing("a", of=net.arn, size=2)
b = Thing("b", of=net.arn, address="two")
Thing("c", of=b.arn)
Thing("new")
pulumi.export("a", a.arn)
"""


def assert_converged(stack: Stack, names: set[str]) -> None:
    """Exactly the declared things exist, the state knows each of them, and nothing is left to do."""
    found = stack.cloud.by_logical_name()
    assert {name: len(things) for name, things in found.items()} == dict.fromkeys(names, 1)
    known = {one["id"] for one in stack.deployed()["resources"] if one["type"] == "fake:index:Thing"}
    assert known == set(stack.cloud.things())
    assert stack.deployed()["pending_operations"] == []
    assert stack.up().counts == {"same": len(names) + 1}
    assert stack.provider.calls == []


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 6, 8, 9, 10])
def test_a_first_up_killed_at_any_moment_converges(stack: Stack, moment: int) -> None:
    stack.program(FIRST)
    assert run_and_die(stack.base, "up", moment, seed=moment) == -signal.SIGKILL
    assert stack.up().ok
    assert_converged(stack, {"net", "a", "b", "c", "gone"})


@pytest.mark.parametrize("moment", [1, 2, 3, 5, 6, 7, 9, 10, 12, 13])
def test_a_changing_up_killed_at_any_moment_converges(stack: Stack, moment: int) -> None:
    stack.settled(FIRST).program(SECOND)
    assert run_and_die(stack.base, "up", moment, seed=100 + moment) == -signal.SIGKILL
    result = stack.up()
    assert result.ok, result
    assert_converged(stack, {"net", "a", "b", "c", "new"})


@pytest.mark.parametrize("moment", [2, 5, 9])
def test_a_program_that_was_set_back_after_the_kill_converges_to_what_it_was(
    stack: Stack, moment: int
) -> None:
    stack.settled(FIRST).program(SECOND)
    assert run_and_die(stack.base, "up", moment, seed=200 + moment) == -signal.SIGKILL
    result = stack.up(FIRST)
    assert result.ok, result
    assert_converged(stack, {"net", "a", "b", "c", "gone"})
    assert stack.cloud.by_logical_name()["a"][0]["inputs"]["size"] == 1


@pytest.mark.parametrize("moment", [1, 2, 7, 10])
def test_a_destroy_killed_at_any_moment_is_finished_by_the_next(stack: Stack, moment: int) -> None:
    stack.settled(FIRST)
    assert run_and_die(stack.base, "destroy", moment, seed=moment) == -signal.SIGKILL
    assert stack.deployment().destroy().ok
    assert (stack.cloud.things(), stack.deployed()["resources"]) == ({}, [])


def test_several_kills_in_a_row_converge(stack: Stack) -> None:
    stack.program(FIRST)
    moments = random.Random(7)
    for _ in range(4):
        run_and_die(stack.base, "up", moments.randint(1, 5), seed=moments.randint(0, 99))
    assert stack.up().ok
    assert_converged(stack, {"net", "a", "b", "c", "gone"})


def cut(stack: Stack, kind: str, name: str, **changes: Any) -> dict[str, Any]:
    """Writes the state as a run leaves it that is killed in a call for a resource."""
    saved = json.loads(stack.state_path.read_text())
    deployment = saved["deployment"]
    (entry,) = [one for one in deployment["resources"] if one["urn"].endswith(f"::{name}")]
    operation = {"type": kind, "resource": {**entry, **changes}}
    if kind == "creating":
        deployment["resources"].remove(entry)
        operation["resource"] = {key: value for key, value in entry.items() if key not in ("id", "outputs")}
    deployment["pending_operations"] = [operation]
    stack.state_path.write_text(json.dumps(saved))
    return entry


def test_what_a_cut_creation_made_is_adopted_and_told(stack: Stack) -> None:
    stack.settled('Thing("a", size=1)\nThing("b")')
    made = cut(stack, "creating", "a")
    result = stack.up()
    assert result.counts == {"adopt": 1, "same": 3}
    assert stack.resources()["a"]["id"] == made["id"]
    assert stack.messages("info") == [
        f"adopted fake:index:Thing a ({made['id']}). An earlier run was cut while it created a."
    ]


def test_a_cut_creation_that_made_nothing_is_tried_again_under_the_same_name(stack: Stack) -> None:
    stack.settled('Thing("a")')
    made = cut(stack, "creating", "a")
    stack.cloud.remove(made["id"])
    assert stack.up().counts == {"same": 1, "create": 1}
    assert stack.resources()["a"]["inputs"]["name"] == made["inputs"]["name"]


def test_what_a_cut_creation_made_goes_when_the_program_no_longer_has_it(stack: Stack) -> None:
    stack.settled('Thing("a")\nThing("b")')
    cut(stack, "creating", "a")
    assert stack.up('Thing("b")').counts == {"adopt": 1, "same": 2, "delete": 1}
    assert list(stack.cloud.by_logical_name()) == ["b"]


def test_destroy_takes_what_a_cut_creation_made(stack: Stack) -> None:
    stack.settled('Thing("a")')
    cut(stack, "creating", "a")
    assert stack.deployment().destroy().ok
    assert (stack.cloud.things(), stack.deployed()["pending_operations"]) == ({}, [])


def test_a_preview_after_a_cut_tells_what_up_will_do_and_writes_nothing(stack: Stack) -> None:
    stack.settled('Thing("a")\nThing("b")')
    cut(stack, "creating", "a")
    before = stack.state_path.read_text()
    assert stack.deployment().preview().counts == {"adopt": 1, "same": 3}
    assert stack.state_path.read_text() == before


def test_a_provider_that_cannot_look_is_told_to_the_person(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.settled('Thing("a")')
    cut(stack, "creating", "a")
    monkeypatch.setattr(type(stack.provider), "adopt", None)
    stack.up()
    assert stack.messages("warning") == [
        "An earlier run was cut while it created a. Nothing can be said about what it left: look for it "
        "(fake:index:Thing) and remove it by hand."
    ]


def test_a_look_that_fails_keeps_the_note_for_the_next_run(stack: Stack) -> None:
    stack.settled('Thing("a")')
    made = cut(stack, "creating", "a")
    stack.provider.failures["adopt", "a"] = RuntimeError("no answer")
    result = stack.up()
    assert result.errors == [
        "fake:index:Thing a: An earlier run was cut while it created a. It cannot be looked for: no answer"
    ]
    assert len(stack.deployed()["pending_operations"]) == 1
    stack.provider.failures.clear()
    assert stack.up().counts == {"adopt": 1, "same": 2}
    assert stack.resources()["a"]["id"] == made["id"]


def test_a_cut_update_is_made_again_before_the_program_is_compared(stack: Stack) -> None:
    stack.settled('Thing("a", size=1)')
    entry = stack.resources()["a"]
    tried = {**entry["inputs"], "size": 2}
    cut(stack, "updating", "a", inputs=tried)
    assert stack.up('Thing("a", size=1)').ok
    assert stack.provider.named("update") == ["a", "a"]
    assert stack.cloud.things()[entry["id"]]["inputs"]["size"] == 1


def test_a_cut_update_that_can_no_longer_be_made_gives_way_to_the_program(stack: Stack) -> None:
    stack.settled('Thing("a", size=1)')
    cut(stack, "updating", "a", inputs={**stack.resources()["a"]["inputs"], "size": 2})
    stack.provider.failures["update", "a"] = RuntimeError("invalid size")
    result = stack.up('Thing("a", size=1)')
    assert result.ok
    assert stack.messages("warning") == ["the update of a that was cut fails: invalid size"]


def test_a_cut_deletion_is_made_again_and_what_is_still_declared_is_made_anew(stack: Stack) -> None:
    stack.settled('Thing("a")')
    entry = cut(stack, "deleting", "a")
    assert stack.up().counts == {"delete": 1, "same": 1, "create": 1}
    assert list(stack.cloud.things()) == [stack.resources()["a"]["id"]] != [entry["id"]]
