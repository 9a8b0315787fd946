"""The commands bench and watch: from here, from the stack's clients, and in every form of a report."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from client.remote import Place
from client.work import perform

from .conftest import endpoint_of
from .redis_servers import wait_until
from .test_command_line import OUTPUTS, environment, one_line, run, start  # noqa: F401 - fixtures

QUICK = ["--rate", "400", "--count", "100"]


def test_bench_prints_figures_and_writes_them_in_every_form(run, tmp_path):  # noqa: F811
    page, junit = tmp_path / "report.html", tmp_path / "report.xml"
    result = run("bench", *QUICK, "--json", "--html", str(page), "--junit", str(junit))
    assert result.returncode == 0, result.stderr
    (load,) = json.loads(result.stdout)["loads"]
    assert (load["requests"], load["errors"], load["wrong"], load["ok"]) == (100, {}, 0, True)
    words = result.stderr.decode()
    assert "p99.9" in words
    assert "PASSED: the load was answered without an error at 1 of 1 places" in words
    assert [case.get("name") for case in ElementTree.parse(junit).iter("testcase")] == ["bench"]
    text = page.read_text()
    assert text.count("<figure>") == 2
    assert "<script" not in text


def test_a_cache_that_is_not_there_is_one_line_and_3_for_bench(run):  # noqa: F811
    result = run("bench", *QUICK, "--timeout", "0.2", CACHE_PORT="1")
    assert result.returncode == 3
    assert "connection refused" in one_line(result)


def test_a_cache_that_is_not_there_is_a_gap_for_watch(run):  # noqa: F811
    result = run("watch", "--seconds", "0.3", CACHE_PORT="1")
    assert result.returncode == 1
    # On a machine that is busy enough the call's time may end before the refusal comes.
    assert re.search(r"here: writes fail: (CacheUnreachable|DeadlineExceeded): ", result.stderr.decode())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bench", "--count", "5"], "--count needs --rate"),
        (["bench", "--value-bytes", "3"], "Invalid value for '--value-bytes'"),
        (["bench", "--connections", "0"], "Invalid value for '--connections'"),
        (["bench", "--rate", "0"], "Invalid value for '--rate'"),
        (["watch", "--seconds", "0"], "Invalid value for '--seconds'"),
        (["benc"], "did you mean bench?"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_2(run, words, message):  # noqa: F811
    result = run(*words)
    assert result.returncode == 2
    assert message in one_line(result)


@pytest.fixture
def two_places(node, monkeypatch) -> list[tuple[str, str]]:
    """Clients elsewhere that do their work in this process; what they were asked is collected."""
    asked: list[tuple[str, str]] = []

    def place(name: str) -> Place:
        def work(command: str, options: dict[str, object], seconds: float) -> dict[str, object]:
            asked.append((name, command))
            answer = perform(command, {"where": name, **options}, endpoint_of(node))
            return json.loads(json.dumps(answer))

        return Place(name, work)

    monkeypatch.setattr("client.commands._reporting.places", lambda *_: [place("app"), place("function")])
    return asked


def test_bench_asks_every_client_of_the_stack(run, two_places):  # noqa: F811
    result = run("bench", *QUICK, "--json", "--outputs", "-", text=OUTPUTS)
    assert sorted(two_places) == [("app", "bench"), ("function", "bench")]
    assert [load["where"] for load in json.loads(result.stdout)["loads"]] == ["app", "function"]


def test_watch_asks_every_client_of_the_stack(run, two_places, tmp_path):  # noqa: F811
    page = tmp_path / "report.html"
    words = ["watch", "--seconds", "0.3", "--json", "--html", str(page), "--outputs", "-"]
    result = run(*words, text=OUTPUTS)
    assert result.returncode == 0
    assert sorted(two_places) == [("app", "watch"), ("function", "watch")]
    found = json.loads(result.stdout)["watches"]
    assert [(watch["where"], watch["gaps"], watch["wrong"]) for watch in found] == [
        ("app", [], 0),
        ("function", [], 0),
    ]
    assert "no gap" in page.read_text()


@pytest.mark.parametrize("words", [["bench", *QUICK], ["watch", "--seconds", "0.2"]])
def test_a_client_that_is_not_reached_is_a_failed_check_beside_the_others(run, monkeypatch, node, words):  # noqa: F811
    def work(command: str, options: dict[str, object], seconds: float) -> dict[str, object]:
        return perform(command, {"where": "app", **options}, endpoint_of(node))

    silent = {"error": {"type": "CacheUnreachable", "message": "Systems Manager does not reach it"}}
    both = [Place("app", work), Place("function", lambda *_: silent)]
    monkeypatch.setattr("client.commands._reporting.places", lambda *_: both)
    result = run(*words, "--json", "--outputs", "-", text=OUTPUTS)
    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert [(check["name"], check["where"]) for check in report["checks"]] == [("client-reached", "function")]
    assert len(report["loads"] + report["watches"]) == 1
    assert "function: Systems Manager does not reach it" in result.stderr.decode()


@pytest.mark.parametrize("command", ["bench", "watch"])
def test_nonsense_from_elsewhere_is_an_error_not_a_traceback(node, command):
    answer = perform(command, {"maximum_seconds": "soon"}, endpoint_of(node))
    assert answer["error"]["type"] == "InvalidEndpoint"


def test_bench_ends_at_once_after_ctrl_c_with_5_and_what_was_measured(start, own_node, environment):  # noqa: F811
    environment["CACHE_PORT"] = str(own_node.port)
    process = start("bench", "--rate", "200", "--seconds", "3600", "--json")
    wait_until(lambda: "cmdstat_get" in own_node.command("INFO", "commandstats"), 30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    (load,) = json.loads(out)["loads"]
    assert load["requests"] > 0
    assert load["errors"] == {}
    assert own_node.command("DBSIZE") == 0, "it has cleaned up"


def test_watch_tells_gaps_at_once_and_ends_with_5_after_ctrl_c(start, environment, own_node, tmp_path: Path):  # noqa: F811
    environment["CACHE_PORT"] = str(own_node.port)
    log, page = tmp_path / "log", tmp_path / "report.html"
    with log.open("wb") as file:
        process = start("watch", "--json", "--html", str(page), stderr=file)
        wait_until(lambda: own_node.command("DBSIZE") >= 1, 20)
        own_node.freeze()
        wait_until(lambda: log.read_text().count(" fail: ") == 2, 20)
        own_node.thaw()
        wait_until(lambda: log.read_text().count(" work again; the gap was ") == 2, 20)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 5, log.read_text()
    (watch,) = json.loads(out)["watches"]
    assert [gap["ended"] for gap in watch["gaps"]] == [True, True]
    assert "2 gaps, the longest" in log.read_text()
    assert "Each line is one gap" in page.read_text()
