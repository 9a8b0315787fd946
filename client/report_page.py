"""The report as one HTML page: no script, no request, readable on a phone, by day and by night."""

from __future__ import annotations

from html import escape
from typing import Any

from .charts import as_figure, chart_options
from .report_load import sections
from .results import CheckResult, Drill, Report

_STYLE = """
:root{--ink:#1a1f24;--paper:#fff;--soft:#59636e;--line:#d1d9e0;--good:#116329;--bad:#a40e26;--band:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#f0f6fc;--paper:#0d1117;--soft:#9198a1;--line:#3d444d;--good:#3fb950;
--bad:#ff7b72;--band:#151b23}figure svg{filter:invert(1) hue-rotate(180deg)}}
*{box-sizing:border-box}body{margin:0 auto;max-width:70rem;padding:1.25rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem}
.verdict{font-weight:600;font-size:1.1rem}.good{color:var(--good)}.bad{color:var(--bad)}.soft{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;
padding:.4rem .6rem;border-bottom:1px solid var(--line)}th{background:var(--band)}td.number{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}.figures{display:grid;gap:.75rem;
grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));margin:.75rem 0}.figures div{border:1px solid var(--line);
border-radius:.5rem;padding:.6rem .8rem}.figures dt{color:var(--soft);font-size:.85rem;
overflow-wrap:anywhere}.figures dd{margin:0;
font-size:1.35rem;font-variant-numeric:tabular-nums}dl{margin:0}code{font-family:ui-monospace,monospace;
overflow-wrap:anywhere}
figure{margin:1rem 0;border:1px solid var(--line);border-radius:.5rem;padding:.5rem}
figure svg{width:100%;height:auto;display:block}figcaption{color:var(--soft);font-size:.85rem;padding:.25rem .5rem}
@media(max-width:40rem){thead{position:absolute;left:-999rem}tr{display:block;padding:.5rem 0;
border-bottom:1px solid var(--line)}td{display:inline;border:0;padding:0}td+td::before{content:" "}
td code{display:block;font-size:.85rem}td br{display:none}ul{padding-left:1.2rem}}
"""


def render_page(report: Report) -> str:
    """Return the whole page."""
    from .report import verdict

    tone = "good" if report.ok else "bad"
    drill = _drill_section(report.drill) if report.drill is not None else ""
    loads = sections(report.loads, report.watches)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Cache report: {escape(report.stack)}</title><style>{_STYLE}</style></head>
<body><main><h1>Cache report: {escape(report.stack)}</h1>
<p class="verdict {tone}">{escape(verdict(report))}</p>
<p class="soft">Engine {escape(report.engine)}. {escape(report.created)}</p>
{_notes(report)}{_checks_section(report.checks)}{drill}{loads}{_times(report)}</main></body></html>
"""


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return f"<h2>What this does and does not prove</h2><ul>{items}</ul>"


def _checks_section(checks: list[CheckResult]) -> str:
    if not checks:
        return ""
    rows = "".join(
        f'<tr><td class="{"good" if check.ok else "bad"}">{"passed" if check.ok else "FAILED"}</td>'
        f"<td>{escape(check.where)}</td>"
        f"<td>{escape(check.claim)}<br><code class='soft'>{escape(check.name)}</code></td>"
        f'<td><code>{escape(check.evidence)}</code></td><td class="number">{check.seconds * 1000:.1f} ms</td></tr>'
        for check in checks
    )
    return (
        '<h2>Checks</h2><div class="scroll" tabindex="0" role="region" aria-label="Checks"><table><thead><tr>'
        '<th scope="col">Result</th><th scope="col">From</th><th scope="col">Claim</th><th scope="col">Evidence</th>'
        f'<th scope="col">Time</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _drill_section(drill: Drill) -> str:
    figures = {
        "acknowledged": drill.acknowledged,
        "lost": drill.lost,
        "doubled": drill.doubled,
        "unknown": drill.unknown,
        "write gap": f"{drill.write_gap_seconds:.2f} s",
        "read gap": f"{drill.read_gap_seconds:.2f} s",
    }
    if drill.shares is not None:
        figures["keys lost"] = f"{drill.shares.missing_share:.1%}"
        figures["keys lost, expected"] = f"{drill.shares.expected_share:.1%}"
    figures |= dict(drill.errors)
    cards = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    rows = "".join(
        f'<tr><td class="number">{event.seconds:+.3f} s</td><td>{escape(event.name)}</td>'
        f"<td><code>{escape(event.detail)}</code></td></tr>"
        for event in drill.timeline
    )
    problems = "".join(f'<p class="bad">Limit broken: {escape(problem)}</p>' for problem in drill.problems)
    return (
        f"<h2>{escape(drill.kind.capitalize())} drill</h2><p>Trigger: {escape(drill.trigger)}.</p>{problems}"
        f'<dl class="figures">{cards}</dl>'
        f"{_chart(drill)}"
        '<div class="scroll" tabindex="0" role="region" aria-label="Time line"><table><thead><tr>'
        '<th scope="col">After the trigger</th><th scope="col">What happened</th><th scope="col">Detail</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _chart(drill: Drill) -> str:
    """Every operation at its time and duration, and the moments of the time line as upright strokes."""
    if not drill.operations:
        return ""
    import pygal

    chart: Any = pygal.XY(
        **chart_options(),
        stroke=False,
        dots_size=2,
        x_title="seconds after the trigger",
        y_title="milliseconds",
        x_value_formatter="{:.1f}".format,
    )
    series = {"write acknowledged": ("write", "ok"), "read": ("read", "ok"), "failed": (None, "failed")}
    series["unknown"] = ("write", "unknown")
    if any(item.outcome == "miss" for item in drill.operations):
        series["missed"] = ("read", "miss")
    for title, (kind, outcome) in series.items():
        points = [
            (item.seconds, item.duration * 1000)
            for item in drill.operations
            if item.outcome == outcome and kind in (None, item.kind)
        ]
        chart.add(title, points)
    top = max(item.duration for item in drill.operations) * 1000
    strokes = [
        point for event in drill.timeline for point in ((event.seconds, 0), (event.seconds, top), None)
    ]
    chart.add("time line", strokes, stroke=True, allow_interruptions=True, show_dots=False)
    caption = (
        "Each dot is one write or read of a client: when it began, how long it took. Upright strokes are the moments "
        "of the table below."
    )
    return as_figure(chart, caption)


def _times(report: Report) -> str:
    if not report.seconds:
        return ""
    rows = "".join(
        f'<tr><td>{escape(phase)}</td><td class="number">{seconds:.1f} s</td></tr>'
        for phase, seconds in report.seconds.items()
    )
    return (
        '<h2>Time</h2><table><thead><tr><th scope="col">Phase</th><th scope="col">Took</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
