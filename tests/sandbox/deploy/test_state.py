"""The file that holds a stack's state, and what happens when it cannot be read or written."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox.deploy.errors import DeployError, StackBusy, StateProblem
from sandbox.deploy.handover import export
from sandbox.deploy.project import Project
from sandbox.deploy.state_file import StateFile

from .stack import Stack

ONE = 'Thing("a", size=1)'


def test_the_state_is_pulumi_s_deployment_format_3(stack: Stack) -> None:
    stack.configure({"fake:place": "x"})
    stack.settled("""
    box = Box("box", {"size": 1})
    Thing("a", secret=Output.secret({"deep": [1, "x"]}), opts=Options(parent=box, ignore_changes=["size"]))
    """)
    saved = json.loads(stack.state_path.read_text())
    assert saved["version"] == 3
    assert (saved["deployment"]["manifest"]["magic"], saved["deployment"]["pending_operations"]) == ("", [])
    a = stack.resources()["a"]
    assert a["inputs"]["secret"] == {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": '{"deep": [1, "x"]}',
    }
    assert a["propertyDependencies"] == {"secret": []}
    assert a["ignoreChanges"] == ["size"]
    assert a["created"] <= a["modified"]
    assert a["created"].endswith("Z")
    default = stack.resources()["default"]
    assert (default["type"], default["inputs"]) == ("pulumi:providers:fake", {"place": "x"})


def test_nobody_else_may_read_it(stack: Stack) -> None:
    stack.settled(ONE).settled(ONE.replace("1", "2"))
    folder = stack.state_path.parent
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {
        "dev.json": "0o600",
        "dev.json.bak": "0o600",
        "dev.lock": "0o600",
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"version": 3, "depl', "it is not JSON"),
        ("", "it is not JSON"),
        ("[]", "it holds no deployment"),
        ('{"version": 2, "deployment": {}}', "its format is 2; this deployer reads format 3"),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x"}]}}', "an entry in it is damaged"),
        ('{"version": 3, "deployment": {"resources": ["x"]}}', "an entry in it is damaged"),
        (
            '{"version": 3, "deployment": {"pending_operations": [{"type": "creating"}]}}',
            "an entry lacks 'resource'",
        ),
    ],
)
@pytest.mark.parametrize("command", ["up", "preview", "destroy"])
def test_a_state_that_makes_no_sense_is_told_with_the_way_out_and_kept(
    stack: Stack, text: str, why: str, command: str
) -> None:
    stack.settled(ONE).settled(ONE.replace("1", "2"))
    stack.state_path.write_text(text)
    with pytest.raises(StateProblem) as caught:
        getattr(stack.deployment(), command)()
    message = str(caught.value).splitlines()
    assert message[0] == "the state of stack dev cannot be read; nothing was changed"
    assert why in message[1]
    assert (
        message[2]
        == f"  go back to the state before the last run: cp {stack.state_path}.bak {stack.state_path}"
    )
    assert (
        message[3]
        == f"  move it away to begin with an empty state: mv {stack.state_path} {stack.state_path}.broken"
    )
    assert stack.state_path.read_text() == text
    assert stack.provider.calls == []


def test_the_copy_beside_it_is_the_state_before_the_last_run(stack: Stack) -> None:
    stack.settled(ONE)
    before = stack.state_path.read_text()
    stack.settled(ONE.replace("1", "2"))
    assert Path(f"{stack.state_path}.bak").read_text() == before


def test_encrypted_secrets_are_told(stack: Stack) -> None:
    stack.settled('Thing("a", secret=Output.secret("x"))')
    stack.state_path.write_text(stack.state_path.read_text().replace("plaintext", "ciphertext"))
    with pytest.raises(StateProblem, match="export it with --show-secrets"):
        stack.up()


def test_a_second_run_at_the_same_time_is_refused_in_one_line(stack: Stack) -> None:
    reached, go = stack.provider.hold("create", "a")
    first = stack.program(ONE).deployment()
    thread = threading.Thread(target=first.up)
    thread.start()
    assert reached.wait(20)
    try:
        with pytest.raises(StackBusy) as caught:
            stack.deployment().up()
    finally:
        go.set()
        thread.join(20)
    assert (
        str(caught.value) == f"another run holds stack dev (process {os.getpid()}); wait until it has ended"
    )
    assert stack.up().counts == {"same": 2}


def test_a_preview_may_be_made_while_a_run_holds_the_stack(stack: Stack) -> None:
    stack.settled(ONE)
    with Project.load(stack.folder, "dev").state_file.held():
        assert stack.deployment().preview().counts == {"same": 2}


class FullDisk:
    """Lets some writes of the state pass, then fails as a full disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
        self.left = writes
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")
        self._fsync(descriptor)


def test_without_space_for_the_state_nothing_is_done_to_the_cloud(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch, 0)
    result = stack.up(ONE)
    assert result.kind == "failed"
    assert result.errors == [
        "the state of stack dev cannot be written: No space left on device\n"
        f"  {stack.state_path} holds the last state that could be saved\n"
        "  free some space, then run the same command again: it goes on from there"
    ]
    assert stack.cloud.things() == {}
    assert [path.name for path in stack.state_path.parent.iterdir()] == ["dev.lock"]


@pytest.mark.parametrize("writes", range(1, 9))
def test_when_the_disk_fills_up_in_between_the_next_up_goes_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    program = 'a = Thing("a")\nb = Thing("b", of=a.arn)\nThing("c", of=b.arn)'
    with monkeypatch.context() as patch:
        FullDisk(patch, writes)
        result = stack.up(program)
    json.loads(stack.state_path.read_text())
    assert result.ok or len(result.errors) == 1
    assert stack.up().ok
    assert {name: len(found) for name, found in stack.cloud.by_logical_name().items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }
    assert stack.up().counts == {"same": 4}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "stacks").write_text("a file where the folder should be")
    file = StateFile(tmp_path / "stacks" / "dev.json", "dev")
    with pytest.raises(StateProblem, match="make it writable"), file.held():
        pass


def test_unknown_keys_of_another_engine_s_entries_are_kept(stack: Stack) -> None:
    stack.settled(ONE)
    saved = json.loads(stack.state_path.read_text())
    for entry in saved["deployment"]["resources"]:
        entry["sourcePosition"] = "project:///__main__.py#6"
    stack.state_path.write_text(json.dumps(saved))
    stack.settled(ONE.replace("1", "2"))
    assert stack.resources()["a"]["sourcePosition"] == "project:///__main__.py#6"


def test_an_export_names_the_provider_of_its_secrets(stack: Stack) -> None:
    stack.settled(ONE)
    exported = export(Project.load(stack.folder, "dev"), "v1:salt")
    assert exported["deployment"]["secrets_providers"] == {"type": "passphrase", "state": {"salt": "v1:salt"}}
    assert exported["deployment"]["resources"] == stack.deployed()["resources"]


def test_an_export_without_state_or_salt_says_what_is_missing(stack: Stack) -> None:
    project = Project.load(stack.folder, "dev")
    with pytest.raises(DeployError, match="has no state to hand over"):
        export(project, "v1:salt")
    stack.settled(ONE)
    with pytest.raises(DeployError, match="has no encryptionsalt"):
        export(project, "")


def test_four_hundred_resources_are_saved_without_writing_all_of_them_each_time(stack: Stack) -> None:
    written: list[int] = []

    def count(self: StateFile, text: str) -> None:
        written.append(len(text))
        write(self, text)

    write = StateFile.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "write", count)
        stack.settled('[Thing(f"t{n}") for n in range(100)]')
    calls: dict[str, Any] = {"creations": len(stack.provider.named("create")), "writes": len(written)}
    assert calls["creations"] == 100
    assert calls["writes"] < 150  # one before and one after each step, shared by those at the same time
