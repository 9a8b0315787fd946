"""The report says the same in every form, and escapes what it shows."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from client import report as forms
from client.errors import CacheUnreachable
from client.packing import LIMIT, pack, unpack
from client.results import CheckResult, Drill, Event, Operation, Report

PASSED = CheckResult("values-expire", "A value expires.", "app", True, 0.25, "gone after 0.3 s")
FAILED = CheckResult(
    "values-expire", "A value expires.", "function", False, 0.5, "CheckFailed: <b>still & there</b>\x00"
)
DRILL = Drill(
    trigger="TestFailover",
    acknowledged=10,
    present=10,
    lost=0,
    doubled=0,
    unknown=1,
    write_gap_seconds=1.5,
    read_gap_seconds=0.25,
    staleness_seconds=None,
    timeline=(Event(0.0, "failover triggered"), Event(1.0, "name changed", "app: now 10.0.0.2")),
    operations=(
        Operation(-0.1, 0.001, "write", "ok", "app"),
        Operation(0.5, 0.25, "write", "unknown", "app"),
    ),
)


@pytest.fixture
def report() -> Report:
    return Report(
        "dev", "redis 7.1", [PASSED, FAILED], DRILL, {"up": 3.0, "failover": 6.5}, ["in the sandbox"], "today"
    )


def test_the_json_has_the_fields_that_others_read(report, tmp_path):
    forms.write_json(report, tmp_path / "report.json")

    read = json.loads((tmp_path / "report.json").read_text())
    assert read["ok"] is False
    assert read["stack"] == "dev"
    assert set(read["checks"][0]) == {"name", "claim", "where", "ok", "seconds", "evidence"}
    assert {key: read["drill"][key] for key in ("acknowledged", "lost", "doubled", "unknown")} == {
        "acknowledged": 10,
        "lost": 0,
        "doubled": 0,
        "unknown": 1,
    }
    assert (read["drill"]["write_gap_seconds"], read["drill"]["read_gap_seconds"]) == (1.5, 0.25)
    assert [event["seconds"] for event in read["drill"]["timeline"]] == [0.0, 1.0]
    assert read["seconds"] == {"up": 3.0, "failover": 6.5}


def test_the_junit_file_counts_one_failure_and_can_be_parsed(report, tmp_path):
    forms.write_junit(report, tmp_path / "report.xml")

    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text == "CheckFailed: <b>still & there</b>"


def test_the_junit_file_says_of_a_drill_what_was_lost_or_which_limit_was_broken(report, tmp_path):
    def evidence(drill: Drill) -> tuple[str, str | None]:
        forms.write_junit(replace(report, drill=drill), tmp_path / "report.xml")
        case = (
            ElementTree.parse(tmp_path / "report.xml").getroot().find("testcase[@classname='client.drill']")
        )
        return case[0].tag, case[0].text

    assert evidence(DRILL) == ("system-out", "10 acknowledged, 0 lost")
    broken = replace(DRILL, problems=("one limit", "another"))
    assert evidence(broken) == ("failure", "one limit; another")


def test_the_page_escapes_evidence_and_loads_nothing(report, tmp_path):
    forms.write_html(report, tmp_path / "report.html")

    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;still &amp; there" in page
    assert "<b>still" not in page
    assert "<script" not in page
    assert "FAILED: 1 of 2 checks passed" in page
    assert not [
        part for part in page.split('"') if part.startswith(("http", "//")) and "www.w3.org" not in part
    ]


def test_a_chart_has_the_background_of_its_page_and_turns_light_by_night(report, tmp_path):
    forms.write_html(report, tmp_path / "report.html")

    page = (tmp_path / "report.html").read_text()
    (figure,) = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert set(re.findall(r"\.background\{fill:(.+?)[;}]", figure)) == {"transparent"}
    assert re.search(r"@media\(prefers-color-scheme:dark\)\{[^@]*figure svg\{filter:invert\(1\)", page)


def test_the_table_has_a_row_per_check_and_a_column_per_place():
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(forms.checks_table([PASSED, FAILED, replace(PASSED, name="one-place", seconds=0.0054)]))

    rows = [re.split(r"  +|[┃│]", line.strip(" ┃│")) for line in console.export_text().splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["check", "app", "function", "evidence"] in cells
    assert ["values-expire", "ok 250 ms", "FAILED 500 ms", "CheckFailed: <b>still & there</b>"] in [
        [cell.rstrip("\x00") for cell in row] for row in cells
    ]
    assert ["one-place", "ok 5 ms", "-", "gone after 0.3 s"] in cells


def test_where_there_is_no_terminal_each_result_is_a_line_as_it_arrives():
    console = Console(file=io.StringIO(), width=40)
    with forms.live_table(console) as live:
        live.add(PASSED)
        first = console.file.getvalue()
        live.add(replace(FAILED, evidence="[bold]no markup[/]"))

    assert first == "ok     app          values-expire                gone after 0.3 s\n"
    assert console.file.getvalue() == (
        first + "FAILED function     values-expire                [bold]no markup[/]\n"
    )
    assert [check.where for check in live.checks] == ["app", "function"]


def test_nothing_checked_is_not_passed():
    assert not Report("dev", "redis").ok
    assert forms.verdict(Report("dev", "redis")) == "FAILED: nothing was checked"
    one = Report("dev", "redis", [PASSED])
    assert forms.verdict(one) == "PASSED: 1 of 1 check passed (1 kind, 1 place)"


def test_a_broken_drill_fails_a_report_whose_checks_passed():
    broken = Drill(**{**DRILL.__dict__, "problems": ("1 acknowledged writes lost; at most 0 allowed",)})

    assert Report("dev", "redis", [PASSED], DRILL).ok
    assert not Report("dev", "redis", [PASSED], broken).ok


def test_a_packed_report_comes_back_from_between_other_lines():
    values = {"checks": [{"name": f"check {number}", "ms": number * 1.37} for number in range(500)]}

    assert unpack(f"a warning\n{pack(values)}\n") == values


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("nothing of the kind", "printed no report"),
        (pack({"a": list(range(30))})[:40], "cannot be read"),
        ("x" * LIMIT, "first 24000 characters only"),
    ],
)
def test_a_report_that_was_cut_is_named_as_such(output, words):
    with pytest.raises(CacheUnreachable, match=words):
        unpack(output)
