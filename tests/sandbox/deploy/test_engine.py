"""Side by side with a real engine: same program, same provider, same steps and the same state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.deploy.handover import export
from sandbox.deploy.project import Project
from tests.real_engine import NEEDS_ENGINE

from .engine import Engine, served
from .stack import Stack

pytestmark = [
    pytest.mark.timeout(300),
    *NEEDS_ENGINE,
]

KEYS = (
    "urn",
    "type",
    "custom",
    "parent",
    "protect",
    "delete",
    "external",
    "dependencies",
    "propertyDependencies",
    "additionalSecretOutputs",
    "customTimeouts",
    "retainOnDelete",
    "deletedWith",
    "ignoreChanges",
    "importID",
    "inputs",
    "outputs",
)
TREE = """
stash = pulumi.Stash("stash", input=Output.secret("fixed"), opts=Options(ignore_changes=["input"]))
box = Box("box", {{"size": {0}}})
net = Thing("net", zone="{1}", opts=Options(parent=box))
Thing("box-in", opts=Options(parent=box))
a = Thing("a", of=net.arn, size={0}, tags={{"x": "{1}"}}, opts=Options(parent=box, ignore_changes=["tags.x"]))
b = Thing("b", address="{1}", secret=stash.output, opts=Options(depends_on=[a], protect={2}))
c = Thing("c", zone=b.arn, opts=Options(additional_secret_outputs=["token"], version="1.2.3"))
times = pulumi.CustomTimeouts(create="1m30s", delete="5s")
Thing("d", of=lookup("who")["answer"], opts=Options(custom_timeouts=times, deleted_with=a, retain_on_delete={2}))
here = FakeProvider("here", place="{1}")
e = Thing("e", opts=Options(provider=here))
chest = Chest("chest", opts=Options(parent=box))
Thing("leaf", opts=Options(parent=chest))
chest.register_outputs({{"net": net.arn}})
pulumi.export("net", net.arn)
pulumi.export("secret", Output.concat("x", c.token))
pulumi.export("nested", {{"list": [1, 2.5, True], "a": a.size}})
"""
ALIASED = """
new = Box("renamed", {"size": 1}, opts=Options(aliases=[pulumi.Alias(name="box")]))
net = Thing("net", zone="x", opts=Options(parent=new))
Thing("renamed-in", opts=Options(parent=new))
moved = Thing("moved", of=net.arn, size=5, opts=Options(aliases=[pulumi.Alias(name="a", parent=new)]))
"""
STEPS = [
    ("the first up", "up", TREE.format(1, "x", True)),
    ("nothing changed", "up", TREE.format(1, "x", True)),
    ("an update", "up", TREE.format(2, "x", False)),
    ("replacements of both kinds", "up", TREE.format(2, "y", False)),
    ("a refresh", "refresh", TREE.format(2, "y", False)),
    ("aliases and deletions", "up", ALIASED),
    ("a destroy", "destroy", ALIASED),
]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Stack, Stack, Engine]]:
    """The stack for the embedded deployer, its twin for the engine, and the engine."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours, theirs = Stack(tmp_path / "ours"), Stack(tmp_path / "theirs")
    with served(theirs.provider) as port:
        yield ours, theirs, Engine(theirs.folder, tmp_path / "backend", port)


def comparable(resources: list[dict[str, Any]]) -> list[str]:
    """The entries without times and positions in the source, made-up ids and names as one word, all in order."""
    chosen = [{key: one[key] for key in KEYS if one.get(key)} for one in resources]
    for one in chosen:
        one["dependencies"] = sorted(one.get("dependencies", []))
        properties = one.get("propertyDependencies", {})
        one["propertyDependencies"] = {key: sorted(urns) for key, urns in properties.items() if urns}
    text = json.dumps(chosen)
    text = re.sub(r"-[0-9a-f]{6,7}\b", "-MADE-UP", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    return sorted(json.dumps(one, sort_keys=True) for one in json.loads(text))


def calls(stack: Stack) -> list[tuple[str, str]]:
    return sorted(call for call in stack.provider.calls if call[0] in ("create", "update", "delete"))


def test_steps_calls_states_and_outputs_are_the_engine_s(both: tuple[Stack, Stack, Engine]) -> None:
    ours, theirs, engine = both
    for name, command, program in STEPS:
        ours.program(program)
        theirs.program(program)
        if command == "up":
            assert ours.deployment().preview().counts == engine.preview(), f"{name}, previewed"
        theirs.provider.calls.clear()
        expected = engine.perform(command)
        result = getattr(ours.deployment(), command)()
        assert result.ok, (name, result.errors)
        assert result.counts == expected, name
        assert calls(ours) == calls(theirs), name
        assert comparable(ours.deployed()["resources"]) == comparable(engine.resources()), name
        shown = json.loads(
            re.sub(r"-[0-9a-f]{6}\b", "-MADE-UP", json.dumps([result.outputs, engine.outputs()]))
        )
        assert shown[0] == shown[1], name


def test_a_read_resource_is_counted_and_forgotten_alike(both: tuple[Stack, Stack, Engine]) -> None:
    ours, theirs, engine = both
    for stack in (ours, theirs):
        stack.cloud.write(
            "given-1", {"type": "t", "logical_name": "given", "name": "n", "inputs": {"name": "n"}}
        )
        stack.program("""
        class Known(pulumi.CustomResource):
            def __init__(self, name, id):
                super().__init__("fake:index:Thing", name, {"arn": None}, Options(id=id))
        Known("known", "given-1")
        """)
    for command in ("up", "up", "destroy"):
        assert getattr(ours.deployment(), command)().counts == engine.perform(command)
        assert comparable(ours.deployed()["resources"]) == comparable(engine.resources())


IMPORTED = 'Thing("a", size={0}, opts=Options(import_="{1}", ignore_changes=["name"]))'


def test_imports_by_option_are_the_engine_s(both: tuple[Stack, Stack, Engine]) -> None:
    ours, theirs, engine = both
    for stack in (ours, theirs):
        give(stack)
    for size, given in ((1, "given-1"), (2, "given-1"), (1, "given-2"), (1, "given-2")):
        for stack in (ours, theirs):
            stack.program(IMPORTED.format(size, given))
        assert ours.deployment().preview().counts == engine.preview(), (size, given)
        assert ours.deployment().up().counts == engine.perform("up"), (size, given)
        assert comparable(ours.deployed()["resources"]) == comparable(engine.resources()), (size, given)
        assert sorted(ours.cloud.things()) == sorted(theirs.cloud.things())


def test_imports_by_file_are_the_engine_s(both: tuple[Stack, Stack, Engine], tmp_path: Path) -> None:
    ours, theirs, engine = both
    file = tmp_path / "adopt.json"
    thing = {"type": "fake:index:Thing", "name": "boxThing", "logicalName": "a", "id": "given-1"}
    box = {"type": "test:index:Box", "name": "box", "component": True}
    file.write_text(json.dumps({"resources": [box, {**thing, "parent": "box"}]}))
    for stack in (ours, theirs):
        give(stack)
        stack.program('box = Box("box", {"k": 1})\nThing("a", size=2, opts=Options(parent=box))')

    ours.deployment().import_file(file)
    flags = ("--yes", "--generate-code=false", "--protect=false", "--stack", "dev")
    engine.run("import", "--file", str(file), *flags)
    assert comparable(ours.deployed()["resources"]) == comparable(engine.resources())

    assert ours.deployment().up().counts == engine.perform("up")
    assert comparable(ours.deployed()["resources"]) == comparable(engine.resources())


@pytest.mark.parametrize("key", ["zone", "address"])
def test_protection_may_go_and_the_resource_be_replaced_at_once(
    both: tuple[Stack, Stack, Engine], key: str
) -> None:
    ours, theirs, engine = both
    for value, protect in (("x", True), ("y", False)):
        for stack in (ours, theirs):
            stack.program(f'Thing("a", {key}="{value}", opts=Options(protect={protect}))')
        assert ours.deployment().preview().counts == engine.preview()
        assert ours.deployment().up().counts == engine.perform("up")
        assert comparable(ours.deployed()["resources"]) == comparable(engine.resources())


def give(stack: Stack) -> None:
    """Put two things there that no stack has made."""
    for number in (1, 2):
        inputs = {"name": f"n{number}", "size": 1}
        thing = {"type": "fake:index:Thing", "logical_name": "a", "name": f"n{number}", "inputs": inputs}
        stack.cloud.write(f"given-{number}", thing)


def test_configuration_reaches_the_program_as_the_engine_gives_it(both: tuple[Stack, Stack, Engine]) -> None:
    ours, theirs, engine = both
    values = """
      a: yes
      b: 12:30
      c: 012
      d: 2026-01-01
      e: {z: [1, 2.50, true, null, on], 5: 0o7}
      f: 1e3
      g: 012345678901
      h:
    """
    for stack in (ours, theirs):
        stack.declare({"network": {"type": "object", "default": {}}, "n": {"type": "integer", "default": 3}})
        stack.program("from pulumi.runtime.config import CONFIG\npulumi.export('seen', CONFIG.get())")
        salt = yaml.safe_load((theirs.folder / "Pulumi.dev.yaml").read_text()) or {}
        text = "config:" + values.replace("\n      ", "\n  shop:") + "\n"
        (stack.folder / "Pulumi.dev.yaml").write_text(
            text + yaml.safe_dump({"encryptionsalt": salt["encryptionsalt"]})
        )
    engine.perform("up")
    assert ours.up().outputs == engine.outputs()


def test_the_engine_goes_on_with_a_state_of_ours(both: tuple[Stack, Stack, Engine], tmp_path: Path) -> None:
    ours, theirs, engine = both
    program = TREE.format(1, "x", False)
    theirs.provider.cloud = ours.cloud
    ours.settled(program)
    theirs.program(program)
    salt = yaml.safe_load((theirs.folder / "Pulumi.dev.yaml").read_text())["encryptionsalt"]
    file = tmp_path / "state.json"
    file.write_text(json.dumps(export(Project.load(ours.folder, "dev"), salt)))
    engine.run("stack", "import", "--file", str(file), "--stack", "dev")
    assert engine.preview() == ours.deployment().preview().counts == {"same": 13}
    assert {one["urn"]: one.get("id") for one in engine.resources()} == {
        one["urn"]: one.get("id") for one in ours.deployed()["resources"]
    }


def test_we_go_on_with_a_state_of_the_engine_s(both: tuple[Stack, Stack, Engine]) -> None:
    ours, theirs, engine = both
    program = TREE.format(1, "x", False)
    ours.provider.cloud = theirs.cloud
    theirs.program(program)
    engine.perform("up")
    exported = engine.run("stack", "export", "--show-secrets", "--stack", "dev").stdout
    ours.state_path.parent.mkdir(parents=True)
    ours.state_path.write_text(exported)
    assert ours.up(program).counts == {"same": 13}
    assert ours.provider.calls == []
    assert ours.deployment().destroy().ok
    assert list(theirs.cloud.by_logical_name()) == ["d"]  # it was to go with a
