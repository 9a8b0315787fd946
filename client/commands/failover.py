"""A failover, a restart or a change of nodes, triggered and measured."""

from __future__ import annotations

import time

import click

from ..drill import Limits
from ..errors import InvalidEndpoint
from ..numbers import Number, WholeNumber
from ..proof import drill
from ..report import print_drill
from ..triggers import KINDS
from ._options import Options, common_options
from ._reporting import clients, console, finish, new_report


@click.command()
@common_options
@click.option(
    "--write-gap",
    "write_gap_seconds",
    type=Number(min=0),
    default=Limits.write_gap_seconds,
    show_default=True,
    help="The longest time without an acknowledged write that passes, in seconds.",
)
@click.option(
    "--read-gap",
    "read_gap_seconds",
    type=Number(min=0),
    default=Limits.read_gap_seconds,
    show_default=True,
    help="The same for reads.",
)
@click.option(
    "--lost",
    type=WholeNumber(min=0),
    help="How many acknowledged writes may be lost. Default: 0; not judged where the trigger empties the primary.",
)
@click.option(
    "--trigger",
    "kind",
    type=click.Choice(KINDS),
    help="What is done to the cache. Default: failover for Redis, reboot for Memcached.",
)
def command(
    options: Options,
    write_gap_seconds: float,
    read_gap_seconds: float,
    lost: int | None,
    kind: str | None,
) -> int:
    """Trigger a failover, a restart or a change of nodes, and measure it from every client.

    Counts acknowledged, lost, doubled and unknown writes, the longest gaps and, of Memcached, the share of keys that
    were lost beside the share that the ring lets expect. AWS allows 15 failovers an account and day. Scaling changes
    the cluster for good: scale back by the opposite, or deploy again.
    """
    if options.outputs_file is None:
        raise InvalidEndpoint("failover needs --outputs, which name the cache's members and its clients")
    report, found, started = new_report(options), clients(options), time.monotonic()
    kind = kind or ("reboot" if options.outputs["engine"] == "memcached" else "failover")
    screen = console()
    report.drill = drill(
        found,
        options.outputs,
        tell=lambda text: screen.print(
            f"{time.monotonic() - started:5.1f} s  {text}", highlight=False, soft_wrap=True
        ),
        limits=Limits(write_gap_seconds, read_gap_seconds, lost),
        maximum_seconds=options.timeout_seconds,
        kind=kind,
    )
    report.seconds[kind] = round(time.monotonic() - started, 3)
    print_drill(screen, report.drill)
    return finish(report, options)
