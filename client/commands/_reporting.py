"""What verify and failover share: the clients to use, the report at the end, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..proof import local_place
from ..remote import Place, places
from ..report import verdict, write_html, write_junit
from ..results import CheckResult, Report
from ._options import Options

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """The terminal; it is stderr, so that stdout has nothing but what --json prints."""
    from rich.console import Console

    return Console(stderr=True)


def clients(options: Options) -> list[Place]:
    """The places asked for: here, or the clients that the outputs name."""
    if options.place == "here":
        return [local_place(options.endpoint(), options.here)]
    return places(options.outputs, options.place)


def new_report(options: Options) -> Report:
    """An empty report about the cache of these options."""
    if options.outputs_file is not None:
        outputs = options.outputs
        engine = f"{outputs['engine']} {outputs.get('engine_version') or ''}".strip()
        name = outputs.get("connection_parameter") or outputs["host"]
        stack = name.split("/")[-2] if name.count("/") >= 2 else name
    else:
        endpoint = options.endpoint()
        engine, stack = endpoint.engine, endpoint.address
    return Report(stack, engine, created=datetime.now(timezone.utc).isoformat(timespec="seconds"))


def print_failed(screen: Console, checks: Sequence[CheckResult]) -> None:
    """Print the checks that failed, a line each."""
    for check in checks:
        if not check.ok:
            screen.print(
                f"{check.where}: {check.evidence}", style="red", highlight=False, markup=False, soft_wrap=True
            )


def finish(report: Report, options: Options) -> int:
    """Write what was asked for, say the verdict, and return the exit code."""
    if options.as_json:
        click.echo(json.dumps(report.as_mapping(), indent=2))
    if options.junit:
        write_junit(report, Path(options.junit))
    if options.html:
        write_html(report, Path(options.html))
    console().print(verdict(report), style="green" if report.ok else "red", highlight=False, soft_wrap=True)
    return 0 if report.ok else 1
