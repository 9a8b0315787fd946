"""Loads and watches in the forms of a report: on the terminal, as a sentence, as JUnit cases, and on the page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from .charts import as_figure, chart_options
from .load_results import Load, Watch

if TYPE_CHECKING:
    from rich.console import Console

Case = tuple[str, str, float, bool, str]
"""Class, name, seconds, whether it passed, and its evidence."""

_COLUMNS = ("from", "kind", "requests", "p50", "p95", "p99", "p99.9", "max ms")


def print_load(console: Console, loads: Sequence[Load]) -> None:
    """Print the latencies as a table, and the rest in words."""
    from rich.table import Table

    table = Table(header_style="bold", title=None)
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right")
    for row in _rows(loads):
        table.add_row(*row)
    console.print(table)
    for load in loads:
        console.print(f"{load.where}: {in_words(load)}", highlight=False, markup=False, soft_wrap=True)
        for note in load.notes:
            console.print(f"{load.where}: note: {note}", highlight=False, markup=False, soft_wrap=True)


def in_words(load: Load) -> str:
    """Say what was done and what came of it."""
    most = f"; without a pause {load.capacity:.0f} a second" if load.capacity is not None else ""
    failures = ", ".join(f"{count} {name}" for name, count in sorted(load.errors.items())) or "no errors"
    return (
        f"{load.throughput:.0f} of {load.rate:.0f} requests a second answered for {load.seconds:.1f} s, "
        f"{load.connections} connections, values of {load.value_bytes} bytes{most}; {failures}, "
        f"{load.missing} missing, {load.wrong} wrong"
    )


def counted(number: int, noun: str) -> str:
    """Return `1 gap` or `2 gaps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def watch_in_words(watch: Watch) -> str:
    """Say what was seen."""
    longest = max(watch.gaps, key=lambda gap: gap.seconds, default=None)
    gaps = (
        f"{counted(len(watch.gaps), 'gap')}, the longest {longest.seconds:.2f} s for {longest.kind}s"
        if longest
        else "no gap"
    )
    return (
        f"{watch.writes} writes and {watch.reads} reads in {watch.seconds:.1f} s: {watch.failed} failed, "
        f"{watch.unknown} unknown, {watch.wrong} wrong; {gaps}"
    )


def sentences(loads: Sequence[Load], watches: Sequence[Watch]) -> list[str]:
    """Return what belongs into the verdict."""
    found: list[str] = []
    if loads:
        good = sum(load.ok for load in loads)
        found.append(f"the load was answered without an error at {good} of {len(loads)} places")
    if watches:
        gaps, good = sum(len(watch.gaps) for watch in watches), sum(watch.ok for watch in watches)
        found.append(
            f"{counted(gaps, 'gap')} watched; every answer was right at {good} of {len(watches)} places"
        )
    return found


def cases(loads: Iterable[Load], watches: Iterable[Watch]) -> list[Case]:
    """Return a JUnit case for each."""
    found: list[Case] = [
        (f"client.{load.where}", "bench", load.seconds, load.ok, in_words(load)) for load in loads
    ]
    found += [
        (f"client.{watch.where}", "watch", watch.seconds, watch.ok, watch_in_words(watch))
        for watch in watches
    ]
    return found


def sections(loads: Sequence[Load], watches: Sequence[Watch]) -> str:
    """Return the parts of the page."""
    return (_load_section(loads) if loads else "") + (_watch_section(watches) if watches else "")


def _rows(loads: Iterable[Load]) -> list[list[str]]:
    return [
        [
            load.where,
            latency.kind,
            str(latency.samples),
            *(
                f"{number:.2f}"
                for number in (
                    latency.p50_ms,
                    latency.p95_ms,
                    latency.p99_ms,
                    latency.p999_ms,
                    latency.max_ms,
                )
            ),
        ]
        for load in loads
        for latency in load.latencies
    ]


def _load_section(loads: Sequence[Load]) -> str:
    words = "".join(f"<p><b>{escape(load.where)}</b>: {escape(in_words(load))}.</p>" for load in loads)
    notes = "".join(f"<li>{escape(load.where)}: {escape(note)}</li>" for load in loads for note in load.notes)
    return (
        f"<h2>Load</h2>{words}{_table('Latencies', _COLUMNS, _rows(loads))}"
        f"{f'<ul>{notes}</ul>' if notes else ''}{_curves(loads)}{_throughput(loads)}"
    )


def _curves(loads: Sequence[Load]) -> str:
    import pygal

    chart: Any = pygal.Line(
        **chart_options(), x_title="share of the requests", y_title="milliseconds", logarithmic=True
    )
    shares = sorted({share for load in loads for latency in load.latencies for share, _ in latency.curve})
    chart.x_labels = [f"{share * 100:g}%" for share in shares]
    for load in loads:
        for latency in load.latencies:
            known = dict(latency.curve)
            # A logarithm needs more than nothing, and 1 µs is next to that.
            points = [max(known[share], 0.001) if share in known else None for share in shares]
            chart.add(f"{load.where}, {latency.kind}s", points)
    return as_figure(
        chart,
        "How long which share of the requests took at most, from when each should have begun; failed ones too.",
    )


def _throughput(loads: Sequence[Load]) -> str:
    import pygal

    chart: Any = pygal.Line(
        **chart_options(), x_title="second", y_title="requests a second", include_x_axis=True
    )
    chart.x_labels = [str(second) for second in range(max(len(load.per_second) for load in loads))]
    for load in loads:
        chart.add(load.where, [good for good, _ in load.per_second])
        if any(bad for _, bad in load.per_second):
            chart.add(f"{load.where}, failed", [bad for _, bad in load.per_second])
    return as_figure(chart, "Requests answered in each second; the last one is not a whole second.")


def _watch_section(watches: Sequence[Watch]) -> str:
    words = "".join(
        f"<p><b>{escape(watch.where)}</b>: {escape(watch_in_words(watch))}.</p>" for watch in watches
    )
    rows = [
        [
            watch.where,
            f"{gap.kind}s",
            time.strftime("%H:%M:%S", time.gmtime(gap.began)) + f".{int(gap.began % 1 * 1000):03d} UTC",
            f"{gap.seconds:.2f} s" + ("" if gap.ended else ", not ended"),
            gap.error,
        ]
        for watch in watches
        for gap in watch.gaps
    ]
    table = _table("Gaps", ("from", "kind", "last success", "gap", "first error"), rows) if rows else ""
    return f"<h2>Watch</h2>{words}{table}{_gap_chart(watches) if rows else ''}"


def _gap_chart(watches: Sequence[Watch]) -> str:
    import pygal

    first = min(watch.started for watch in watches)
    chart: Any = pygal.XY(
        **chart_options(), x_title="seconds after the start", y_title="length of the gap (s)", dots_size=3
    )
    for watch in watches:
        for kind in ("write", "read"):
            points: list[tuple[float, float] | None] = []
            for gap in (gap for gap in watch.gaps if gap.kind == kind):
                began = gap.began - first
                points += [(began, 0.0), (began + gap.seconds, gap.seconds), None]
            if points:
                chart.add(f"{watch.where}, {kind}s", points, allow_interruptions=True)
    return as_figure(
        chart, "Each line is one gap: it rises from the last success before to the first one after."
    )


def _table(label: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
