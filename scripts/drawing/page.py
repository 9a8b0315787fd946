"""What a system's page says from the same resources: the drawing, who may reach whom, and what bills."""

from __future__ import annotations

from collections.abc import Iterable

from .system import System, described

BILLED = "billed by the hour: "


def facts(system: System, logs: Iterable[tuple[str, str, str]]) -> str:
    """Return the generated part of a page; `logs` are what a preview says."""
    lines = [
        f"![{described(system)}]({system.name}.svg)",
        "",
        "| may be reached | at | by |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {one.target} | {one.port} | {', '.join(one.sources)} |" for one in system.reaches]
    lines += ["", "What bills by the hour:", ""]
    return "\n".join([*lines, *(f"- {text}" for text in billed(logs))]) + "\n"


def billed(logs: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return what a preview says that bills by the hour."""
    lines = (line.strip() for _, message, _ in logs for line in message.splitlines())
    return sorted({line.removeprefix(BILLED) for line in lines if line.startswith(BILLED)})
