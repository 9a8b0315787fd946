"""`make demo`: which stack file it takes, what it says when there is none, and whose file it never overwrites."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import demos
from client import CheckFailed
from client.results import CheckResult
from demos import course, stack_file
from demos.stage import Stage, new_claims

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "config:\n  aws:region: eu-west-1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one example and one environment."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "redis-ha.yaml").write_text(EXAMPLE)
    (tmp_path / "Pulumi.dev.yaml").write_text(EXAMPLE)
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    return tmp_path


def at_a_terminal(monkeypatch, answer):
    monkeypatch.setattr(stack_file.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(stack_file.click, "confirm", lambda text, default: answer)


def test_an_example_becomes_the_stack_file_of_its_name(folder, capsys):
    stack_file.prepare("redis-ha", folder)

    assert (folder / "Pulumi.redis-ha.yaml").read_text() == EXAMPLE
    assert capsys.readouterr().out == "Pulumi.redis-ha.yaml is a copy of examples/redis-ha.yaml\n"


@pytest.mark.parametrize(
    "text", [EXAMPLE, f"# my own words\n{EXAMPLE}", f"encryptionsalt: v1:abc\n{EXAMPLE}"]
)
def test_a_stack_file_that_says_the_same_is_left_without_a_word(folder, capsys, text):
    (folder / "Pulumi.redis-ha.yaml").write_text(text)

    stack_file.prepare("redis-ha", folder)

    assert (folder / "Pulumi.redis-ha.yaml").read_text() == text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["config: {aws:region: eu-west-2}\n", "", "config: [", "- 1\n"])
def test_a_stack_file_that_differs_is_never_overwritten_unasked(folder, capsys, text):
    (folder / "Pulumi.redis-ha.yaml").write_text(text)

    stack_file.prepare("redis-ha", folder)

    assert (folder / "Pulumi.redis-ha.yaml").read_text() == text
    assert capsys.readouterr().out == (
        "Pulumi.redis-ha.yaml differs from examples/redis-ha.yaml: going on with Pulumi.redis-ha.yaml as it is; "
        "remove it to begin from the example\n"
    )


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_a_person_decides(folder, monkeypatch, answer):
    mine = "config: {aws:region: eu-west-2}\n"
    (folder / "Pulumi.redis-ha.yaml").write_text(mine)
    at_a_terminal(monkeypatch, answer)

    stack_file.prepare("redis-ha", folder)

    assert (folder / "Pulumi.redis-ha.yaml").read_text() == (EXAMPLE if answer else mine)


def test_an_environment_of_ones_own_needs_no_example(folder, capsys):
    stack_file.prepare("dev", folder)

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("stack", "hint"),
    [("redisha", "did you mean redis-ha? "), ("nonsense", ""), ("", ""), ("../dev", "did you mean dev? ")],
)
def test_an_unknown_stack_is_refused_with_the_list_and_a_near_miss(folder, stack, hint):
    with pytest.raises(click.UsageError) as refused:
        stack_file.prepare(stack, folder)

    assert refused.value.message == f"unknown STACK {stack!r}; {hint}there are dev, redis-ha"
    assert not (folder / f"Pulumi.{stack}.yaml").exists() or stack == "../dev"


def test_the_commands_refusal_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(course.sys, "argv", ["demo.py", "--stack", "web-dmo"])

    assert course.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: unknown STACK 'web-dmo'; did you mean web-demo? there are ")
    assert {"dev", *demos.SYSTEMS} <= set(line.partition("there are ")[2].split(", "))


def test_ctrl_c_leaves_the_sandbox_to_end_its_steps_and_says_how_to_go_on(monkeypatch, capsys, tmp_path):
    done = tmp_path / "done"
    script = f"import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(1); open({str(done)!r}, 'w')"
    monkeypatch.setattr(course, "prepare", lambda stack, folder: None)
    monkeypatch.setattr(course, "_COMMAND", (sys.executable, "-c", script))
    monkeypatch.setattr(course.sys, "argv", ["demo.py", "--stack", "redis-ha"])

    assert course.main() == 5
    assert done.exists()
    assert capsys.readouterr().err == "\ninterrupted; `make demo STACK=redis-ha` goes on from here\n"


@pytest.mark.parametrize("program", ["demo", "sandbox", "client"])
@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        ("KeyboardInterrupt", 5, "interrupted"),
        (
            "ModuleNotFoundError(\"No module named 'click'\")",
            2,
            "No module named 'click': this Python lacks the project's packages; try .venv/bin/python",
        ),
    ],
)
def test_what_ends_a_program_while_it_is_loaded_is_one_line(program, raised, code, said):
    script = (
        "import runpy, sys\n"
        "class Click:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == 'click': raise {raised}\n"
        "sys.meta_path.insert(0, Click())\n"
        f"runpy.run_module({program!r}, run_name='__main__')"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)

    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", f"error: {said}\n")


def test_a_report_that_cannot_be_written_is_one_line(monkeypatch, capsys):
    def full(stack: str, engine: str) -> int:
        raise OSError(28, "No space left on device", "report.html")

    monkeypatch.setattr(course, "course", full)
    monkeypatch.setattr(course.sys, "argv", ["demo.py"])

    assert course.main() == 1
    assert capsys.readouterr().err == "error: [Errno 28] No space left on device: 'report.html'\n"


def made(stack):
    """The commands by which make would make the demo."""
    words = ["make", "--no-print-directory", "-n", "demo", f"STACK={stack}"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_only_a_stack_with_the_web_demo_brings_mariadb():
    wanted = {}
    for stack in ("dev", "prod", *demos.SYSTEMS):
        wanted[stack] = next(line.split()[1:] for line in made(stack) if "system-packages" in line)

    assert {stack for stack, words in wanted.items() if words} == {"web-demo"}
    assert wanted["web-demo"] == ["mariadb"]


@pytest.mark.parametrize(
    ("kind", "lost", "words"),
    [
        ("failover", 0, "0 lost, "),
        ("failover", 3, "3 lost, "),
        ("reboot", 0, "0 lost, "),
        ("reboot", 106, "106 lost with the memory of the restarted node, "),
    ],
)
def test_the_verdict_says_why_a_restart_may_lose_writes(kind, lost, words):
    drill = {"kind": kind, "acknowledged": 321, "lost": lost, "doubled": 0, "write_gap_seconds": 0.25}
    report = {"ok": True, "checks": [{"ok": True}], "drill": drill}

    assert course.verdict(report) == (
        f"PASSED: 1 of 1 checks passed; 321 writes acknowledged through the {kind}, {words}0 doubled; "
        "longest gap 0.25 s"
    )


@pytest.mark.parametrize("stack", ["", "web demo"])
def test_a_stack_of_no_word_or_of_two_is_one_name(stack):
    assert shlex.split(made(stack)[-1])[-2:] == ["--stack", stack]


def test_every_example_is_a_system_with_something_to_show():
    assert sorted(demos.SYSTEMS) == sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))
    assert [demos.has_claims(stack) for stack in ("dev", "redis-ha")] == [False, True]


def test_a_claim_that_does_not_hold_is_told_with_its_reason_and_ends_no_other(monkeypatch):
    claims = new_claims()

    @claims("The first holds.")
    def first(stage: Stage) -> str:
        return "seen"

    @claims("The second does not.")
    def second(stage: Stage) -> str:
        raise CheckFailed("not seen")

    @claims("The third holds.")
    def third(stage: Stage) -> str:
        return "seen too"

    outputs = {"engine": "redis", "host": "h", "port": 6379, "tls": True, "region": "eu-west-1"}
    results: list[CheckResult] = list(claims.run(Stage("x", outputs, print), "x"))

    assert [(one.name, one.ok, one.evidence) for one in results] == [
        ("first", True, "seen"),
        ("second", False, "CheckFailed: not seen"),
        ("third", True, "seen too"),
    ]
