"""A stack's state belongs to one cloud."""

from __future__ import annotations

import pytest

from sandbox.errors import SandboxError
from sandbox.stack_marks import StackMark, StackMarks
from sandbox.state import StateFolder


@pytest.fixture
def marks(tmp_path):
    folder = StateFolder(tmp_path)
    folder.create()
    return StackMarks(folder, "dev")


def files(marks):
    return sorted(one.name for one in marks.state_file.parent.iterdir())


def test_a_new_stack_is_marked_without_a_word(marks):
    assert marks.take("one", "embedded") is None
    assert marks.read() == StackMark("one", "embedded")


def test_a_state_of_the_same_cloud_stays(marks):
    marks.take("one", "embedded")
    marks.state_file.write_text("state")
    assert marks.take("one", "embedded") is None
    assert marks.state_file.read_text() == "state"


def test_a_state_of_another_cloud_is_set_aside_with_its_backup(marks):
    marks.take("one", "embedded")
    marks.state_file.write_text("state")
    marks.state_file.with_name("dev.json.bak").write_text("before")
    assert marks.take("two", "embedded") == (
        "the state of stack dev belongs to a sandbox that has ended; set aside as .sandbox/stacks/dev.json.of-one"
    )
    assert files(marks) == ["dev.cloud", "dev.json.of-one", "dev.json.of-one.bak"]
    assert marks.read() == StackMark("two", "embedded")


def test_only_the_last_state_that_was_set_aside_is_kept(marks):
    for incarnation in ("one", "two", "three"):
        marks.take(incarnation, "embedded")
        marks.state_file.write_text("state")
        marks.state_file.with_name("dev.json.bak").write_text("before")
    marks.state_file.with_name("dev-2.json.of-one").write_text("another stack's")
    marks.take("four", "embedded")
    assert files(marks) == ["dev-2.json.of-one", "dev.cloud", "dev.json.of-three", "dev.json.of-three.bak"]


@pytest.mark.parametrize("mark", [None, "", "{", '{"a": 1}'])
def test_a_state_without_a_mark_that_makes_sense_is_set_aside(marks, mark):
    marks.state_file.parent.mkdir()
    marks.state_file.write_text("state")
    if mark is not None:
        marks.state_file.with_name("dev.cloud").write_text(mark)
    assert "set aside as .sandbox/stacks/dev.json.of-unknown" in marks.take("two", "embedded")


def test_a_state_that_names_nothing_is_not_worth_a_word(marks):
    marks.take("one", "embedded")
    marks.state_file.write_text('{"version": 3, "deployment": {"manifest": {}}}')
    assert marks.take("two", "embedded") is None
    assert files(marks) == ["dev.cloud", "dev.json"]


def test_a_stack_of_which_nothing_is_left_is_anybodys(marks):
    marks.take("one", "pulumi")
    marks.forget()
    marks.forget()
    assert marks.take("one", "embedded") is None


def test_the_other_engine_is_refused_in_the_same_cloud_only(marks):
    marks.take("one", "pulumi")
    with pytest.raises(SandboxError, match="was deployed with --engine pulumi"):
        marks.take("one", "embedded")
    assert marks.take("two", "embedded") is None
