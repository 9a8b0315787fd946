"""A project in a folder of its own, deployed to a fake cloud, for tests."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import yaml

from sandbox.deploy import Deployment
from sandbox.deploy.events import DiagnosticEvent, Event, Result, StepEvent
from sandbox.deploy.project import Project

from .fake_cloud import FakeCloud, FakeProvider

THINGS = '''
import pulumi

class Thing(pulumi.CustomResource):
    """Any properties; outputs `name`, `arn` and `token`."""

    def __init__(self, resource_name, opts=None, type_="Thing", **properties):
        outputs = {"name": None, "arn": None, "token": None}
        super().__init__(f"fake:index:{type_}", resource_name, {**outputs, **properties}, opts)


class Box(pulumi.ComponentResource):
    def __init__(self, name, properties=None, opts=None):
        super().__init__("test:index:Box", name, properties, opts)


class Chest(pulumi.ComponentResource):
    def __init__(self, name, properties=None, opts=None):
        super().__init__("test:index:Chest", name, properties, opts)


class FakeProvider(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **properties):
        super().__init__("fake", name, properties, opts)


def lookup(question):
    return pulumi.runtime.invoke("fake:index:lookup", {"question": question}).value
'''
PROLOGUE = """
import json, os, pathlib
import pulumi
from pulumi import Output, ResourceOptions as Options
from things import Box, Chest, FakeProvider, Thing, lookup
"""


class Stack:
    """Stack `dev` of project `shop`."""

    def __init__(self, folder: Path) -> None:
        self._attach(folder)
        self.folder.mkdir()
        self.declare({})
        self.configure({})
        (self.folder / "things.py").write_text(THINGS)

    @classmethod
    def existing(cls, folder: Path) -> Stack:
        """The same stack again, in another process."""
        stack = cls.__new__(cls)
        stack._attach(folder)
        return stack

    def _attach(self, folder: Path) -> None:
        self.base = folder
        self.folder = folder / "project"
        self.cloud = FakeCloud(folder / "cloud")
        self.provider = FakeProvider(self.cloud)
        self.events: list[Event] = []

    def declare(self, config: dict[str, Any], **spec: Any) -> None:
        """Writes Pulumi.yaml."""
        text = yaml.safe_dump({"name": "shop", "runtime": "python", "config": config, **spec})
        (self.folder / "Pulumi.yaml").write_text(text)

    def configure(self, config: dict[str, Any]) -> None:
        """Writes Pulumi.dev.yaml."""
        (self.folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))

    def program(self, text: str) -> Stack:
        (self.folder / "__main__.py").write_text(PROLOGUE + textwrap.dedent(text))
        return self

    def deployment(self) -> Deployment:
        def make_provider(package: str) -> FakeProvider:
            if package != "fake":
                raise ValueError(f"no provider for {package}")
            return self.provider

        self.provider.calls.clear()
        self.events.clear()
        return Deployment(Project.load(self.folder, "dev"), make_provider, self.events.append)

    def deployment_of(self, text: str) -> Deployment:
        return self.program(text).deployment()

    def up(self, text: str | None = None) -> Result:
        if text is not None:
            self.program(text)
        return self.deployment().up()

    def settled(self, text: str) -> Stack:
        """Brings a program up, which must succeed."""
        result = self.up(text)
        assert result.ok, result
        return self

    @property
    def state_path(self) -> Path:
        return self.folder / ".sandbox" / "stacks" / "dev.json"

    def deployed(self) -> dict[str, Any]:
        return json.loads(self.state_path.read_text())["deployment"]

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's entries by name, those apart that are replaced and still have to go."""
        return {
            one["urn"].split("::")[-1]: one for one in self.deployed()["resources"] if not one.get("delete")
        }

    def steps(self, *ops: str) -> list[tuple[str, str]]:
        """(op, name) of the steps that ended, of some operations or all."""
        ended = [one for one in self.events if isinstance(one, StepEvent) and one.phase == "end"]
        return [(one.op, one.name) for one in ended if not ops or one.op in ops]

    def step(self, name: str, op: str = "") -> StepEvent:
        """How the one step of a resource (the one of some operation) ended."""
        ended = [one for one in self.events if isinstance(one, StepEvent) and one.phase == "end"]
        (found,) = [one for one in ended if one.name == name and op in ("", one.op)]
        return found

    def messages(self, severity: str) -> list[str]:
        found = [one for one in self.events if isinstance(one, DiagnosticEvent)]
        return [one.message for one in found if one.severity == severity]
