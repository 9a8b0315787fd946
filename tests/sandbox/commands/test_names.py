"""What a person calls a thing, and what AWS calls it."""

from __future__ import annotations

import json

import pytest

from sandbox.command_line import main
from sandbox.commands import engine as engines
from sandbox.commands import inspection
from sandbox.deploy.project import Project
from sandbox.stack_marks import StackMarks
from sandbox.state import StateFolder


def resource(type_, name, id_, **more):
    urn = f"urn:pulumi:dev::shop::my:Component${type_}::{name}"
    return {"urn": urn, "type": type_, **({"id": id_} if id_ else {}), **more}


RESOURCES = [
    {
        "urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
        "type": "pulumi:pulumi:Stack",
        "outputs": {"client_instance_ids": {"app": "i-1"}, "client_function_name": "function-1a2b3c4"},
    },
    resource("my:Component", "function", ""),
    resource("aws:iam/role:Role", "function", "role-9"),
    resource("aws:lambda/function:Function", "function", "function-1a2b3c4"),
    resource("aws:ec2/instance:Instance", "client-app", "i-1"),
    resource("aws:rds/instance:Instance", "database", "database-5d6e7f8"),
]


class LoggingCloud:
    """A cloud that writes down whose log is asked for."""

    incarnation = "one"

    def __init__(self):
        self.asked = []

    def logs(self, name):
        self.asked.append(name)
        return [f"the log of {name}"]


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    """A stack that the sandbox itself has deployed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    marks = StackMarks(StateFolder(tmp_path), "dev")
    marks.take("one", "embedded")
    marks.state_file.write_text(json.dumps({"version": 3, "deployment": {"resources": RESOURCES}}))
    cloud = LoggingCloud()
    monkeypatch.setattr(inspection.Cloud, "require", lambda folder: cloud)
    return cloud


@pytest.mark.parametrize(
    ("name", "aws_name"),
    [
        ("app", "i-1"),
        ("client-app", "i-1"),
        ("function", "function-1a2b3c4"),
        ("function-1a2b3c4", "function-1a2b3c4"),
        ("database", "database-5d6e7f8"),
        ("somebody", "somebody"),
    ],
)
def test_a_log_is_found_by_the_names_of_the_program_and_by_those_of_aws(cloud, capsys, name, aws_name):
    assert main(["logs", name]) == 0
    assert cloud.asked == [aws_name]
    assert capsys.readouterr().out == f"the log of {aws_name}\n"


def test_the_names_of_the_program_are_those_of_the_types_asked_for(cloud, tmp_path):
    project = Project.load(tmp_path, "dev")
    assert engines.physical_ids(project, cloud, inspection.FUNCTION) == {"function": "function-1a2b3c4"}
    assert engines.physical_ids(project, cloud, ["my:Component"]) == {}


@pytest.fixture
def pulumi(cloud, tmp_path, monkeypatch):
    """The same stack, deployed by the pulumi command; one that tells what it is asked for."""
    StackMarks(StateFolder(tmp_path), "dev").forget()
    StackMarks(StateFolder(tmp_path), "dev").take("one", "pulumi")
    (tmp_path / "export.json").write_text(json.dumps({"deployment": {"resources": RESOURCES}}))
    command = tmp_path / "pulumi"
    command.write_text('#!/bin/sh\n[ "$*" = "stack export --stack dev" ] && cat export.json\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(engines, "select_stack", lambda project, cloud: None)
    return command


def test_a_stack_of_the_pulumi_command_is_asked_for_its_names(cloud, pulumi, tmp_path):
    project = Project.load(tmp_path, "dev")
    assert engines.physical_ids(project, cloud, inspection.LOGGED)["database"] == "database-5d6e7f8"


def test_a_stack_that_the_pulumi_command_cannot_read_is_told(cloud, pulumi, tmp_path):
    pulumi.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(engines.SandboxError, match=r"^pulumi cannot read the stack's resources$"):
        engines.physical_ids(Project.load(tmp_path, "dev"), cloud, inspection.LOGGED)
