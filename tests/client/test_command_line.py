"""The commands put, get and delete, and how every command ends."""

from __future__ import annotations

import io
import json
import os
import pkgutil
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from client import commands
from client.command_line import client as command_line
from client.command_line import run as run_command_line
from client.exits import exit_with
from client.remote import Place

from .faults import silent_port
from .redis_servers import TOKEN, RedisNode

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def environment(node: RedisNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Variables that lead to the node; they are set in this process too."""
    secret = tmp_path / "token"
    secret.touch(mode=0o600)
    secret.write_text(TOKEN)
    for name in [name for name in os.environ if name.startswith(("CACHE_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CACHE_HOST", "127.0.0.1")
    monkeypatch.setenv("CACHE_PORT", str(node.port))
    monkeypatch.setenv("CACHE_TLS", "false")
    monkeypatch.setenv("CACHE_AUTH_FILE", str(secret))
    return dict(os.environ)


@pytest.fixture
def run(environment, monkeypatch, capfdbinary) -> Callable[..., Result]:
    """Run a command in this process, as a process of its own would spend its time on imports."""

    def command(*words: str, text: str = "", **changes: str) -> Result:
        with monkeypatch.context() as changed:
            for name, value in changes.items():
                changed.setenv(name, value)
            changed.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
            with pytest.raises(SystemExit) as ended:
                exit_with(lambda: run_command_line(list(words)))
        captured = capfdbinary.readouterr()
        return Result(ended.value.code, captured.out, captured.err)

    return command


@pytest.fixture
def start(environment) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command as a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def process(*words: str, **options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "client", *words]
        options = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        started.append(subprocess.Popen(command, cwd=ROOT, **options))
        return started[-1]

    yield process
    for each in started:
        with each:
            each.kill()


def one_line(result: Result) -> str:
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_what_is_put_can_be_got_and_deleted(run):
    put = run("put", "City", "Tromsø")
    assert (put.returncode, put.stdout, put.stderr) == (0, b"stored\n", b"")
    assert run("get", "City").stdout == "Tromsø\n".encode()
    assert run("delete", "City").stdout == b"deleted\n"
    assert run("delete", "City").stdout == b"there was no value\n"


def test_a_missing_value_ends_with_1(run):
    result = run("get", "nothing")
    assert (result.returncode, result.stdout, one_line(result)) == (
        1,
        b"",
        "error: there is no value under 'nothing'",
    )


def test_a_value_can_come_from_the_standard_input(run):
    assert run("put", "City", text="Oslo\n").returncode == 0
    assert run("get", "City").stdout == b"Oslo\n"


def test_put_asks_for_the_value_on_a_terminal(start, run):
    ours, theirs = pty.openpty()
    process = start("put", "City", stdin=theirs)
    os.close(theirs)
    os.write(ours, b"Bergen\n")
    out, err = process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, out, err) == (0, b"stored\n", b"City: ")
    assert run("get", "City").stdout == b"Bergen\n"


def test_a_lifetime_can_be_given(run, node):
    run("put", "City", "Oslo", "--ttl", "60")
    assert 55 <= node.command("TTL", "City") <= 60


def test_json_says_what_happened(run):
    run("put", "City", "Oslo")
    found = json.loads(run("get", "City", "--json").stdout)
    assert found.pop("seconds") > 0
    assert found == {"ok": True, "found": True, "value": "Oslo"}
    missing = run("get", "nothing", "--json")
    found = json.loads(missing.stdout)
    del found["seconds"]
    assert found == {"ok": False, "found": False, "value": None, "error": "there is no value under 'nothing'"}
    assert missing.returncode == 1


def test_reports_are_written(run, tmp_path):
    junit, page = tmp_path / "report.xml", tmp_path / "report.html"
    assert run("get", "nothing", "--junit", str(junit), "--html", str(page)).returncode == 1
    assert [len(ElementTree.parse(junit).findall(f".//{tag}")) for tag in ("testcase", "failure")] == [1, 1]
    assert "nothing" in page.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gett", "x"], "unknown command 'gett'; did you mean get?"),
        (["get"], "Missing argument 'KEY'."),
        (["get", "x", "--jsn"], "No such option '--jsn'."),
        (["put", "x", "y", "--ttl", "0"], "Invalid value for '--ttl': 0.0 is not in the range x>=0.001."),
        (["get", "x", "--timeout", "-1"], "Invalid value for '--timeout': -1.0 is not in the range x>0."),
        (["get", "x", "--timeout", "soon"], "Invalid value for '--timeout': 'soon' is not a valid number."),
        (["get", "x", "--timeout", "inf"], "Invalid value for '--timeout': 'inf' is not a valid number."),
        (["put", "x", "y", "--ttl", "nan"], "Invalid value for '--ttl': 'nan' is not a valid number."),
        (["bench", "--count", "many"], "Invalid value for '--count': 'many' is not a valid whole number."),
        (["get", "x", "--from", "there"], "Invalid value for '--from': 'there' is not one of"),
        (["get", "x", "--outputs", "/nowhere"], "'/nowhere': No such file or directory"),
        (
            ["get", "x", "--outputs", "-", "--parameter", "/p"],
            "--outputs and --parameter say the same thing twice",
        ),
        (["get", "x", "--from", "instances"], "name the stack's outputs: --outputs FILE"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_2(run, words, message):
    result = run(*words)
    assert (result.returncode, result.stdout) == (2, b"")
    assert message in one_line(result)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [("{", "--outputs: not JSON"), ('{"a": 1}', "not the outputs of an aws-cache stack")],
)
def test_outputs_of_something_else_are_one_line_and_2(run, outputs, message):
    result = run("get", "x", "--outputs", "-", text=outputs)
    assert result.returncode == 2
    assert message in one_line(result)


def test_no_place_at_all_is_one_line_and_2(run):
    result = run("get", "x", CACHE_HOST="")
    assert result.returncode == 2
    assert one_line(result).startswith("error: where is the cache?")


def test_a_report_that_cannot_be_written_is_one_line_and_2(run):
    result = run("put", "x", "y", "--junit", f"{__file__}/report.xml")
    assert result.returncode == 2
    assert f"{__file__}" in one_line(result)


def test_nobody_there_is_one_line_and_3(run):
    result = run("get", "x", "--timeout", "0.2", CACHE_PORT="1")
    assert result.returncode == 3
    assert one_line(result).startswith("error: connecting to 127.0.0.1:1: connection refused")


def test_a_wrong_token_is_one_line_and_4(run, tmp_path):
    secret = tmp_path / "wrong"
    secret.touch(mode=0o600)
    secret.write_text("a-wrong-token")
    result = run("get", "x", CACHE_AUTH_FILE=str(secret))
    assert result.returncode == 4
    assert one_line(result).startswith("error: login at 127.0.0.1: WRONGPASS")


def test_ctrl_c_is_one_line_and_5(start, environment):
    with silent_port() as listener:
        environment["CACHE_PORT"] = str(listener.getsockname()[1])
        process = start("get", "x", "--timeout", "15")
        listener.settimeout(20)
        with listener.accept()[0]:  # now the command waits for its answer
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5)
    assert (process.returncode, out) == (5, b"")
    assert err.decode().strip() == "error: interrupted"


def test_a_reader_that_has_enough_is_no_error(start, run):
    run("put", "City", "Oslo")
    reading, writing = os.pipe()
    os.close(reading)
    process = start("get", "City", stdout=writing)
    os.close(writing)
    assert process.communicate(timeout=20)[1] == b""


def test_nothing_to_do_shows_the_help_and_2(run):
    result = run()
    assert result.returncode == 2
    assert b"Commands:" in result.stderr


def test_help_lists_every_command_by_the_first_sentence_of_its_own_help(run):
    listed = " ".join(run("--help").stdout.decode().split())
    modules = sorted(found.name for found in pkgutil.iter_modules(commands.__path__))
    names = [name for name in modules if not name.startswith("_")]
    assert names == list(commands.SUMMARIES)
    for name in names:
        command = command_line.get_command(None, name)
        if not command.hidden:
            assert f"{name} {command.get_short_help_str(1000)} " in f"{listed} "
    assert "Exit codes: 0 all passed" in listed
    assert "work" not in listed.split()


def test_a_token_is_in_no_argument_and_no_output(run):
    results = [run("put", "City", "Oslo"), run("get", "City", "--json"), run("get", "nothing")]
    assert all(TOKEN.encode() not in result.stdout + result.stderr for result in results)


OUTPUTS = json.dumps(
    {"engine": "redis", "host": "master.test", "port": 6379, "client_instance_ids": {"app": "i-1"}}
)


@pytest.fixture
def two_clients(monkeypatch) -> list[tuple[str, str, dict[str, object]]]:
    """The stack's clients, of which the second cannot reach its cache; what they were asked is collected."""
    asked: list[tuple[str, str, dict[str, object]]] = []

    def answering(name: str, answer: dict[str, object]) -> Place:
        def answer_with(command: str, options: Mapping[str, object], seconds: float) -> dict[str, object]:
            asked.append((name, command, dict(options)))
            return answer

        return Place(name, answer_with)

    unreachable = {"error": {"type": "CacheUnreachable", "message": "connecting: no answer"}}
    clients = [answering("app", {"found": True, "value": "Oslo"}), answering("function", unreachable)]
    monkeypatch.setattr("client.remote.places", lambda outputs, wanted: clients)
    return asked


def test_with_outputs_the_clients_of_the_stack_are_asked_and_each_is_named(run, two_clients):
    result = run("get", "City", "--outputs", "-", text=OUTPUTS)
    assert two_clients == [("app", "get", {"key": "City"}), ("function", "get", {"key": "City"})]
    assert (result.returncode, result.stdout) == (3, b"app: Oslo\n")
    assert one_line(result) == "error: function: connecting: no answer"


def test_with_outputs_json_has_an_answer_per_client(run, two_clients):
    found = json.loads(run("get", "City", "--outputs", "-", "--json", text=OUTPUTS).stdout)
    assert {name: (answer["ok"], answer.get("value")) for name, answer in found.items()} == {
        "app": (True, "Oslo"),
        "function": (False, None),
    }


@pytest.mark.parametrize(("reached", "code"), [([], 3), (["app"], 1), (["app", "function"], 0)])
def test_verify_is_unreachable_where_no_client_answers_and_else_counts_a_silent_one_as_failed(
    run, monkeypatch, reached, code
):
    passed = {"name": "x", "claim": "X.", "where": "", "ok": True, "seconds": 0.1, "evidence": "seen"}
    answer = {"library": "redis-py", "checks": [passed]}
    silent = {"error": {"type": "CacheUnreachable", "message": "Systems Manager does not reach it"}}

    def place(name: str) -> Place:
        return Place(name, lambda *_: answer if name in reached else silent)

    monkeypatch.setattr("client.commands._reporting.places", lambda *_: [place("app"), place("function")])
    result = run("verify", "--json", "--outputs", "-", text=OUTPUTS)
    failed = [check["name"] for check in json.loads(result.stdout)["checks"] if not check["ok"]]
    assert (result.returncode, failed) == (code, ["client-reached"] * (2 - len(reached)))


def test_a_value_with_its_lifetime_reaches_the_clients(run, two_clients):
    run("put", "City", "Oslo", "--ttl", "60", "--outputs", "-", text=OUTPUTS)
    assert two_clients[0] == ("app", "put", {"key": "City", "value": "Oslo", "ttl_seconds": 60.0})
