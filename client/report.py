"""A report as a table on the terminal, as JSON, as JUnit XML and as one HTML page that needs nothing else."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from .report_load import cases as load_cases
from .report_load import counted, sentences
from .results import CheckResult, Drill, KeyShares, Report

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def write_json(report: Report, path: Path) -> None:
    """Write the report as JSON, whole or not at all."""
    _write(path, json.dumps(report.as_mapping(), indent=2) + "\n")


def write_junit(report: Report, path: Path) -> None:
    """Write the report as JUnit XML: a case per check and place, and one for the drill."""
    cases = [
        (f"client.{check.where}", check.name, check.seconds, check.ok, check.evidence)
        for check in report.checks
    ]
    if report.drill is not None:
        drill = report.drill
        evidence = "; ".join(drill.problems) or f"{drill.acknowledged} acknowledged, {drill.lost} lost"
        if drill.shares is not None:
            evidence += f"; {shares_in_words(drill.shares)}"
        cases.append(("client.drill", drill.trigger, report.seconds.get(drill.kind, 0.0), drill.ok, evidence))
    cases += load_cases(report.loads, report.watches)
    failures = sum(not ok for *_, ok, _ in cases)
    total = sum(case[2] for case in cases)
    suite = ElementTree.Element(
        "testsuite",
        name=f"aws-cache {report.stack}",
        tests=str(len(cases)),
        failures=str(failures),
        errors="0",
        skipped="0",
        time=f"{total:.3f}",
    )
    for place, name, seconds, ok, evidence in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=place, name=name, time=f"{seconds:.3f}")
        if ok:
            ElementTree.SubElement(case, "system-out").text = _printable(evidence)
        else:
            ElementTree.SubElement(case, "failure", message=_printable(evidence)).text = _printable(evidence)
    _write(path, ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n")


def write_html(report: Report, path: Path) -> None:
    """Write the report as one self-contained page, readable offline."""
    from .report_page import render_page

    _write(path, render_page(report))


def checks_table(checks: list[CheckResult]) -> Table:
    """Return the checks so far as a table: a row per check, a column per place."""
    from rich.table import Table

    places = list(dict.fromkeys(check.where for check in checks))
    table = Table(title=None, header_style="bold", show_lines=False)
    table.add_column("check")
    for place in places:
        table.add_column(place, justify="center", no_wrap=True)
    table.add_column("evidence", overflow="fold")
    for name in dict.fromkeys(check.name for check in checks):
        row = {check.where: check for check in checks if check.name == name}
        shown = next((check for check in row.values() if not check.ok), next(iter(row.values())))
        cells = [_cell(row[place]) if place in row else "[dim]-[/]" for place in places]
        table.add_row(name, *cells, _escape(shown.evidence))
    return table


@contextmanager
def live_table(console: Console) -> Generator[LiveChecks, None, None]:
    """Show results as they arrive: redrawn on a terminal, a line each elsewhere."""
    from rich.live import Live

    if not console.is_terminal:
        yield LiveChecks(
            lambda checks: console.print(_line(checks[-1]), markup=False, highlight=False, soft_wrap=True)
        )
        return
    with Live(console=console, refresh_per_second=8) as live:
        yield LiveChecks(lambda checks: live.update(checks_table(checks)))


class LiveChecks:
    """Collects results and redraws after each."""

    def __init__(self, draw: Callable[[list[CheckResult]], None]) -> None:
        self.checks: list[CheckResult] = []
        self._draw = draw

    def add(self, check: CheckResult) -> None:
        self.checks.append(check)
        self._draw(self.checks)


def print_drill(console: Console, drill: Drill) -> None:
    """Print a drill: its time line and its figures."""
    from rich.table import Table

    table = Table(header_style="bold", title=None)
    table.add_column("seconds", justify="right")
    table.add_column("what happened")
    for event in drill.timeline:
        table.add_row(f"{event.seconds:+.3f}", _escape(f"{event.name}  {event.detail}".strip()))
    console.print(table)
    console.print(
        f"{drill.acknowledged} writes acknowledged, {drill.lost} lost, {drill.doubled} doubled, "
        f"{drill.unknown} unknown; longest gap {drill.write_gap_seconds:.2f} s for writes, "
        f"{drill.read_gap_seconds:.2f} s for reads",
        highlight=False,
        soft_wrap=True,
    )
    if drill.shares is not None:
        console.print(shares_in_words(drill.shares), highlight=False, soft_wrap=True)
    if drill.errors:
        calls = ", ".join(f"{count} {name}" for name, count in sorted(drill.errors.items()))
        console.print(f"failed calls: {calls}", highlight=False, soft_wrap=True)
    for problem in drill.problems:
        console.print(f"[red]limit broken:[/] {_escape(problem)}", soft_wrap=True)


def shares_in_words(shares: KeyShares) -> str:
    """Say how many keys were lost, and how many the ring lets expect."""
    return (
        f"{shares.missing} of {shares.keys} keys lost ({shares.missing_share:.1%}); by the ring "
        f"{shares.expected} were to be expected ({shares.expected_share:.1%}), {shares.unexplained} were not"
    )


def verdict(report: Report) -> str:
    """Return the sentence a person looks for first."""
    failed = [check for check in report.checks if not check.ok]
    parts: list[str] = []
    if report.checks:
        kinds = counted(len({check.name for check in report.checks}), "kind")
        places = counted(len({check.where for check in report.checks}), "place")
        passed = len(report.checks) - len(failed)
        parts.append(f"{passed} of {counted(len(report.checks), 'check')} passed ({kinds}, {places})")
    if report.drill is not None:
        parts.append(
            f"the {report.drill.kind} drill {'kept its limits' if report.drill.ok else 'broke a limit'}"
        )
    parts += sentences(report.loads, report.watches)
    return ("PASSED: " if report.ok else "FAILED: ") + ("; ".join(parts) or "nothing was checked")


def _cell(check: CheckResult) -> str:
    mark = "[green]ok[/]" if check.ok else "[red bold]FAILED[/]"
    return f"{mark} [dim]{check.seconds * 1000:.0f} ms[/]"


def _line(check: CheckResult) -> str:
    return f"{'ok    ' if check.ok else 'FAILED'} {check.where:<12} {check.name:<28} {check.evidence}"


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _printable(text: str) -> str:
    """Drop what XML 1.0 cannot hold."""
    return "".join(char for char in text if char in "\t\n\r" or ord(char) >= 32)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
