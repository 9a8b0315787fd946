"""Every check for the engine, from every client."""

from __future__ import annotations

import time

import click

from ..errors import CacheUnreachable
from ..proof import verify
from ..report import live_table
from ._options import Options, common_options
from ._reporting import clients, console, finish, new_report


@click.command()
@common_options
def command(options: Options) -> int:
    """Run every check; a table live, then the verdict."""
    report, found, started = new_report(options), clients(options), time.monotonic()
    with live_table(console()) as table:
        libraries = verify(found, table.add)
        report.checks = table.checks
    report.notes += libraries
    report.seconds["verify"] = round(time.monotonic() - started, 3)
    code = finish(report, options)
    # Where no client answered, nothing is known of the cache itself.
    return code if libraries else CacheUnreachable.exit_code
