"""A failover, triggered and measured."""

from __future__ import annotations

import time

import click

from ..drill import Limits
from ..errors import InvalidEndpoint
from ..proof import drill
from ..report import print_drill
from ._options import Options, common_options
from ._reporting import clients, console, finish, new_report


@click.command()
@common_options
@click.option(
    "--write-gap",
    "write_gap_seconds",
    type=click.FloatRange(min=0),
    default=Limits.write_gap_seconds,
    show_default=True,
    help="The longest time without an acknowledged write that passes, in seconds.",
)
@click.option(
    "--read-gap",
    "read_gap_seconds",
    type=click.FloatRange(min=0),
    default=Limits.read_gap_seconds,
    show_default=True,
    help="The same for reads.",
)
def command(options: Options, write_gap_seconds: float, read_gap_seconds: float) -> int:
    """Trigger a failover (TestFailover) and measure it from every client.

    Counts acknowledged, lost, doubled and unknown writes, and the longest gaps. AWS allows 15 an account and day.
    """
    if options.outputs_file is None:
        raise InvalidEndpoint("failover needs --outputs, which name the cache's members and its clients")
    report, found, started = new_report(options), clients(options), time.monotonic()
    screen = console()
    report.drill = drill(
        found,
        options.outputs,
        tell=lambda text: screen.print(f"{time.monotonic() - started:5.1f} s  {text}", highlight=False),
        limits=Limits(write_gap_seconds, read_gap_seconds),
        maximum_seconds=options.timeout_seconds or 60.0,
    )
    report.seconds["failover"] = round(time.monotonic() - started, 3)
    print_drill(screen, report.drill)
    return finish(report, options)
