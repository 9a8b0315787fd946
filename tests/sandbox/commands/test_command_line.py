"""The command line: refusals, exit codes, and what a person sees of a run."""

from __future__ import annotations

import io
import json
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from rich.console import Console

from client import __version__
from sandbox import command_line as program
from sandbox.commands import deployments, inspection
from sandbox.commands import engine as engines
from sandbox.deploy.events import DiagnosticEvent, Result, StepEvent
from sandbox.display import Display, summary
from sandbox.errors import SandboxError, UsageProblem
from sandbox.hosts.tools import Tools
from sandbox.stack_marks import StackMarks
from sandbox.state import StateFolder


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SANDBOX_DEBUG", raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "__main__.py").write_text("")
    return tmp_path


@pytest.fixture
def run(project, capsys):
    def run(*words):
        code = program.main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


def test_the_version_is_the_packages(run):
    assert run("--version") == (0, f"python -m sandbox, version {__version__}\n", "")


def test_an_unknown_command_is_refused_with_what_was_meant(run):
    assert run("stauts") == (2, "", "error: unknown command stauts; did you mean status?\n")


def test_a_command_like_no_other_is_refused_with_the_list(run):
    code, _, said = run("xyzzy")
    assert code == 2
    for name in (
        "up",
        "preview",
        "outputs",
        "refresh",
        "destroy",
        "status",
        "run",
        "shell",
        "logs",
        "invoke",
        "env",
    ):
        assert f" {name}" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["run", "app"],
            "error: Missing argument 'COMMAND...'.\n  usage: python -m sandbox run [OPTIONS] INSTANCE COMMAND...\n",
        ),
        (
            ["stop", "now"],
            "error: Got unexpected extra argument (now)\n  usage: python -m sandbox stop [OPTIONS]\n",
        ),
        (
            ["run", "app", "--user", "nobody", "--", "id"],
            "error: Invalid value for '--user': 'nobody' is not one of 'root', 'ec2-user'.\n"
            "  usage: python -m sandbox run [OPTIONS] INSTANCE COMMAND...\n",
        ),
    ],
)
def test_a_wrong_command_line_is_answered_with_how_the_command_is_used(run, words, said):
    assert run(*words) == (2, "", said)


def test_the_list_of_commands_says_each_in_a_whole_sentence(run):
    _, said, _ = run("--help")
    listed = " ".join(said.partition("Commands:")[2].split())
    for name, command in program.cli.commands.items():
        assert f"{name} {' '.join(command.help.split('.')[0].split())}." in listed


def test_an_unknown_option_is_refused_with_what_was_meant(run):
    code, _, said = run("up", "--stakc", "dev")
    assert code == 2
    assert "Did you mean '--stack'?" in said


@pytest.mark.parametrize("words", [("up",), ("preview",), ("refresh",), ("destroy",), ("outputs",), ("env",)])
def test_a_missing_stack_file_is_refused_with_the_stacks_there_are(run, words):
    code, out, said = run(*words, "--stack", "prod")
    assert (code, out) == (2, "")
    assert said.startswith("error: no stack prod: there is no Pulumi.prod.yaml in ")
    assert "the stacks there are: dev" in said


@pytest.mark.parametrize(
    "words",
    [
        ("run", "app", "--", "true"),
        ("shell", "app"),
        ("invoke", "f"),
        ("refresh",),
        ("import", "--file", "Pulumi.yaml"),
    ],
)
def test_what_needs_a_sandbox_says_how_to_start_one(run, words):
    message = "error: no sandbox is running in this folder\n  start one: python -m sandbox up\n"
    assert run(*words) == (1, "", message)


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "Missing option '--file'"), (("--file", "adopt.json"), "File 'adopt.json' does not exist")],
)
def test_an_import_without_its_file_is_refused(run, words, said):
    code, out, error = run("import", *words)
    assert (code, out) == (2, "")
    assert said in error


def test_what_needs_no_sandbox_goes_without_one(run):
    assert run("stop") == (0, "nothing was running\n", "")
    assert run("status") == (0, "no sandbox is running in this folder\n", "")
    assert run("status", "--json") == (0, '{"running": false}\n', "")
    assert run("outputs", "--json") == (0, "{}\n", "")
    assert run("destroy") == (0, "no sandbox is running, so there is nothing to destroy\n", "")


def test_destroy_without_a_sandbox_sets_the_state_aside(run, project):
    folder = StateFolder(project)
    folder.create()
    marks = StackMarks(folder, "dev")
    marks.take("gone", "embedded")
    marks.state_file.write_text("state")
    code, out, _ = run("destroy")
    assert (code, marks.state_file.exists()) == (0, False)
    assert "set aside as .sandbox/stacks/dev.json.of-gone" in out


def test_outputs_of_a_sandbox_that_has_ended_are_said_to_be_such(run, project):
    marks = StackMarks(StateFolder(project), "dev")
    marks.take("one", "embedded")
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn:x", "outputs": {"host": "cache.example"}}
    state = {"version": 3, "deployment": {"manifest": {}, "resources": [stack]}}
    marks.state_file.write_text(json.dumps(state))

    assert run("outputs") == (0, "host  cache.example\n", "note: these are of a sandbox that has ended\n")


def test_a_payload_that_is_not_json_is_refused_before_anything_is_asked(run):
    code, _, said = run("invoke", "--payload", "{no}")
    assert code == 2
    assert said.startswith("error: --payload is not JSON: ")


def test_the_pulumi_engine_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageProblem, match="no pulumi command on PATH"):
        engines.choose("pulumi", None)
    assert engines.choose("auto", None) == "embedded"


@pytest.mark.parametrize(
    ("wanted", "marked", "chosen"),
    [("auto", None, "pulumi"), ("auto", "embedded", "embedded"), ("embedded", "pulumi", "embedded")],
)
def test_the_engine_that_deployed_a_stack_goes_on_with_it(tmp_path, monkeypatch, wanted, marked, chosen):
    (tmp_path / "pulumi").write_text("#!/bin/sh\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engines.choose(wanted, marked) == chosen


def failing(error):
    @click.command()
    def fails():
        raise error

    return fails


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SandboxError("broken"), 1, "error: broken\n"),
        (UsageProblem("error: wrong"), 2, "error: wrong\n"),
        (KeyboardInterrupt(), 5, "\nerror: interrupted\n"),
        (ValueError("odd"), 1, "error: ValueError: odd\n  more with --debug\n"),
    ],
)
def test_every_failure_is_one_message_and_an_exit_code(run, monkeypatch, error, code, said):
    monkeypatch.setitem(program.cli.commands, "fails", failing(error))
    assert run("fails") == (code, "", said)


START_ANEW = (
    "\n  start it anew; what it holds ends with it: python -m sandbox stop, then python -m sandbox up\n"
)


@pytest.mark.parametrize(
    ("differs", "said"),
    [
        (False, "error: KeyError: 'published'\n  more with --debug\n"),
        (
            True,
            "error: the sandbox that runs was started before this program was changed, and they do not go together: "
            f"KeyError: 'published'{START_ANEW}",
        ),
    ],
)
def test_trouble_with_a_sandbox_of_other_sources_says_how_to_get_on(run, monkeypatch, differs, said):
    monkeypatch.setitem(program.cli.commands, "fails", failing(KeyError("published")))
    monkeypatch.setattr(program.Cloud, "attach", lambda folder: SimpleNamespace(is_of_other_sources=differs))
    assert run("fails") == (1, "", said)


def test_a_sandbox_of_other_sources_is_not_deployed_to(project):
    loaded, display = deployments.load_project("dev"), Display(console=Console(file=io.StringIO()))
    current = SimpleNamespace(incarnation="one", is_of_other_sources=False)
    assert deployments.take_stack(loaded, current, "embedded", display) == "embedded"
    other = SimpleNamespace(incarnation="one", is_of_other_sources=True)
    with pytest.raises(SandboxError) as refused:
        deployments.take_stack(loaded, other, "embedded", display)
    assert str(refused.value) + "\n" == (
        "the sandbox that runs was started before this program was changed" + START_ANEW
    )


def test_a_traceback_is_shown_when_asked_for(project, monkeypatch, capsys):
    monkeypatch.setitem(program.cli.commands, "fails", failing(ValueError("odd")))
    assert program.main(["--debug", "fails"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("result", "code", "said"),
    [
        (Result("done", {"create": 2}), 0, ""),
        (
            Result("configuration", {}, ["error: 2 problems\n  cache.replicas: no"]),
            2,
            "error: 2 problems\n  cache.",
        ),
        (Result("failed", {}, ["one", "two"]), 1, "error: one\nerror: two\n"),
        (
            Result("interrupted", {}, ["one", "interrupted: go on"]),
            5,
            "error: one\nerror: interrupted: the steps in hand are finished and saved\n"
            "  go on: python -m sandbox up --stack dev\n",
        ),
    ],
)
def test_a_run_ends_with_its_errors_and_its_code(project, capsys, result, code, said):
    loaded = deployments.load_project("dev")
    assert deployments.conclude(result, "up", loaded, Display(console=Console(file=io.StringIO()))) == code
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Result("done", {"same": 1}), "shop (dev): 1 unchanged in "),
        (Result("configuration", {"create": 1}, ["cache.replicas: no"]), ""),
        (Result("configuration", {"create": 3}, ["cache.replicas: no"]), "shop (dev): 3 created in "),
    ],
)
def test_a_refused_configuration_is_not_preceded_by_the_stack_alone(project, result, told):
    file = io.StringIO()
    deployments.conclude(result, "up", deployments.load_project("dev"), Display(console=Console(file=file)))
    assert file.getvalue()[: -len("0.0 s\n")] == told


def shown(*events, planning=False):
    console = Console(file=io.StringIO(), width=200)
    display = Display(planning, console)
    with display:
        for event in events:
            display(event)
    return console.file.getvalue().splitlines()


def step(op, phase="end", **more):
    return StepEvent(
        phase, op, "urn:pulumi:dev::p::aws:ec2/vpc:Vpc::network", "aws:ec2/vpc:Vpc", "network", **more
    )


def test_without_a_terminal_each_finished_step_is_one_line():
    lines = shown(step("create", "start"), step("create", seconds=1.23), step("same"))
    assert lines == [f"created    {'aws:ec2/vpc:Vpc':<44} network  [1.2 s]"]


def test_an_update_names_what_changed_and_a_preview_says_what_it_would_do():
    assert "[tags, cidrBlock]" in shown(step("update", changed=("tags", "cidrBlock")))[0]
    assert shown(step("replace", changed=("port",)), planning=True)[0].startswith("replace    ")


def test_a_failed_step_and_a_warning_are_lines_of_their_own():
    lines = shown(step("create", error="refused"), DiagnosticEvent("warning", "old engine", "urn::a::cache"))
    assert lines[0].startswith("failed     aws:ec2/vpc:Vpc")
    assert lines[1] == "warning (cache): old engine"


def test_markup_in_names_and_messages_is_text():
    assert shown(DiagnosticEvent("info", "[red]x[/red]")) == ["info: [red]x[/red]"]


def test_a_preview_keeps_what_the_program_tells_of_itself_for_the_end():
    told, warned = (
        DiagnosticEvent("info", "two nodes\n  by the hour"),
        DiagnosticEvent("warning", "old engine"),
    )

    assert shown(told, warned, step("create"), planning=True) == [
        "warning: old engine",
        f"create     {'aws:ec2/vpc:Vpc':<44} network",
        "info: two nodes",
        "  by the hour",
    ]
    assert shown(told, step("create"))[0] == "info: two nodes"


@pytest.mark.parametrize(
    ("counts", "planning", "text"),
    [
        ({"create": 41, "same": 2}, False, "41 created, 2 unchanged"),
        ({"update": 1, "delete": 2, "replace": 3}, False, "1 updated, 3 replaced, 2 deleted"),
        ({"create": 1, "same": 4}, True, "1 to create, 4 unchanged"),
        ({}, False, "nothing to do"),
    ],
)
def test_the_summary_counts_in_words(counts, planning, text):
    assert summary(counts, planning) == text


@pytest.fixture
def harmed(monkeypatch):
    """What a sandbox was asked to do to its cache nodes; it answers in words."""
    asked = []

    class Harmed:
        def fault(self, node, action, amount):
            asked.append((node, action, amount))
            return f"{node}: done"

    monkeypatch.setattr(inspection.Cloud, "require", lambda folder: Harmed())
    return asked


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["primary", "kill"], ("primary", "kill", None)),
        (["0002", "slow"], ("0002", "slow", None)),
        (["cache-001", "slow", "250"], ("cache-001", "slow", 250.0)),
        (["cache-001", "lose", "0.5"], ("cache-001", "lose", 0.5)),
        (["replica", "heal"], ("replica", "heal", None)),
    ],
)
def test_a_fault_is_asked_for_with_its_amount_and_told(run, harmed, words, asked):
    assert run("fault", *words) == (0, f"{words[0]}: done\n", "")
    assert harmed == [asked]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cache-001", "slwo"], "'slwo' is not one of 'kill', 'freeze', 'thaw', 'cut', 'slow', 'lose'"),
        (["cache-001", "slow", "fast"], "'fast' is not a valid number"),
        (["cache-001"], "Missing argument 'ACTION'. Choose from: kill, freeze, thaw, cut, slow,"),
    ],
)
def test_a_fault_that_cannot_be_read_harms_nothing(run, harmed, words, said):
    code, _, error = run("fault", *words)
    assert code == 2
    assert said in error
    assert harmed == []


def test_the_help_of_fault_names_every_kind_of_harm(run):
    _, help_text, _ = run("fault", "--help")
    for kind in inspection.FAULTS:
        assert f"\n  {kind}" in help_text or f", {kind}" in help_text


@pytest.mark.parametrize(("seconds", "text"), [(3.9, "3 s"), (63, "1 min 3 s"), (7500, "2 h 5 min")])
def test_a_duration_reads_as_one_says_it(seconds, text):
    assert inspection.duration(seconds) == text


def test_a_narrow_terminal_cuts_nothing_from_what_runs(run, monkeypatch):
    node = {"cache": "cache-39cace1", "engine": "redis 7.1", "node": "cache-39cace1-001", "role": "primary"}
    told = dict.fromkeys(inspection.TABLES, ()) | {"caches": [node], "seconds": 3, "memory_mib": 5}
    told |= {"processes": 2, "stand_ins": []}
    cloud = type(
        "Cloud", (), {"endpoint_url": "u", "region": "r", "account_id": "1", "status": lambda _: told}
    )
    monkeypatch.setattr(inspection.Cloud, "attach", lambda folder: cloud())
    monkeypatch.setenv("COLUMNS", "40")
    _, out, _ = run("status")

    assert "cache-39cace1  redis 7.1  cache-39cace1-001  primary  -" in out


class FakeCloud:
    """A cloud as the commands use it, with instances that came to an end already."""

    incarnation = "one"
    tools_folder = None

    def __init__(self, states=()):
        self.states = list(states)

    def status(self):
        return {"published": [{"name": "web", "public": "54.0.0.1:8008", "here": "127.0.0.1:8008"}]}

    def wait_for_instances(self, progress):
        for state in self.states:
            progress(f"{state['name']}: {state['state']}")
        return self.states


def settle(states, outputs=None):
    made = Future()
    made.set_result(Tools(Path(), "python3", "3.11", ("Python 3.12 stands in for 3.11",)))
    console = Console(file=io.StringIO(), width=200)
    loaded = deployments.load_project("dev")
    result = Result("done", outputs=outputs or {})
    code = deployments._settle(loaded, FakeCloud(states), result, made, Display(console=console))
    return code, console.file.getvalue()


def test_an_instance_whose_user_data_failed_fails_the_command_with_the_end_of_its_log(project, capsys):
    state = {"instance_id": "i-1", "name": "app", "state": "failed", "log_tail": ["download", "timed out"]}
    code, out = settle([state])
    assert code == 1
    assert capsys.readouterr().err == (
        "error: the user data of app (i-1) failed; the end of its log:\n  download\n  timed out\n"
        "  all of it: python -m sandbox logs app\n"
        "  begin anew, without what the sandbox holds: python -m sandbox stop, then python -m sandbox up\n"
    )
    assert "look around" not in out


def test_when_all_is_ready_the_next_steps_are_told(project, capsys):
    state = {"instance_id": "i-1", "name": "app", "state": "ready", "log_tail": []}
    outputs = {"engine": "redis", "client_instance_ids": {"app": "i-1"}, "client_function_name": "f"}
    code, out = settle([state], outputs)
    assert (code, capsys.readouterr().err) == (0, "")
    assert out.splitlines() == [
        "note: Python 3.12 stands in for 3.11",
        "waiting for the instances",
        "app: ready",
        "  see what runs:    python -m sandbox status",
        "  look around:      python -m sandbox shell app",
        "  run a command:    python -m sandbox run app -- cache-cli ping",
        "  ask the function: python -m sandbox invoke",
        "  stop it all:      python -m sandbox stop",
    ]


def test_on_a_terminal_what_is_under_way_stands_on_a_line_that_goes_away():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Display(console=console) as display:
        display._status._live.refresh()
        assert "working" in console.file.getvalue()
        display(step("create", "start"))
        display._status._live.refresh()
        display(step("create"))
    assert "create network" in console.file.getvalue()
    assert display._status is None


def test_an_instance_is_found_by_name_or_id(monkeypatch):
    monkeypatch.setattr(
        inspection, "_outputs", lambda cloud, stack: {"client_instance_ids": {"app": "i-1", "web": "i-2"}}
    )
    cloud = FakeCloud()
    assert inspection.instance_id(cloud, "dev", "app") == "i-1"
    assert inspection.instance_id(cloud, "dev", "i-77") == "i-77"
    with pytest.raises(UsageProblem, match="has no instance ap; did you mean app"):
        inspection.instance_id(cloud, "dev", "ap")
    with pytest.raises(UsageProblem, match="has no instance xyz; there are: app, web"):
        inspection.instance_id(cloud, "dev", "xyz")
