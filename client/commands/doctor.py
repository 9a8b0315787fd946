"""Why the cache does not work from here."""

from __future__ import annotations

import dataclasses
import json

import click

from ._options import Options, common_options
from ._reporting import console


@click.command()
@common_options
def command(options: Options) -> int:
    """Name the cause when it does not work: name, route, group, TLS, token, engine, wrong endpoint. Runs here."""
    from ..doctor import Finding, examine

    endpoint, screen = options.endpoint(), console()
    findings: list[Finding] = []
    for finding in examine(endpoint):
        findings.append(finding)
        mark = "[red]no [/]" if finding.cause else "[green]yes[/]"
        screen.print(
            f"{mark}  {finding.question}  [dim]{_plain(finding.answer)}[/]", highlight=False, soft_wrap=True
        )
    last = findings[-1]
    if last.cause:
        screen.print(f"cause: [bold]{last.cause}[/]. {_plain(last.advice)}", highlight=False, soft_wrap=True)
    if options.as_json:
        click.echo(
            json.dumps(
                {"cause": last.cause or None, "findings": [dataclasses.asdict(item) for item in findings]}
            )
        )
    return 1 if last.cause else 0


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
