"""A load at a steady rate, from every client."""

from __future__ import annotations

import time

import click

from ..exits import INTERRUPTED
from ..load_proof import bench
from ..numbers import Number, WholeNumber
from ..report_load import print_load
from ._options import Options, common_options
from ._reporting import clients, console, finish, new_report, print_failed


@click.command()
@common_options
@click.option(
    "--seconds",
    type=Number(min=0.1),
    default=5.0,
    show_default=True,
    help="How long, at each client.",
)
@click.option("--count", type=WholeNumber(min=1), help="How many requests instead; needs --rate.")
@click.option(
    "--rate",
    type=Number(min=0, min_open=True),
    help="Requests a second. Default: a quarter of what the first quarter of the time shows to be possible.",
)
@click.option("--connections", type=WholeNumber(1, 500), default=4, show_default=True, help="At each client.")
@click.option(
    "--value-bytes",
    type=WholeNumber(16, 1_000_000),
    default=100,
    show_default=True,
    help="The size of the values.",
)
@click.option(
    "--writes",
    "write_share",
    type=Number(0, 1),
    default=0.1,
    show_default=True,
    help="The share of writes.",
)
def command(
    options: Options,
    seconds: float,
    count: int | None,
    rate: float | None,
    connections: int,
    value_bytes: int,
    write_share: float,
) -> int:
    """Measure latency and throughput, each value read being verified.

    Requests begin when they should, whatever the cache does, and their time counts from then. Errors are figures like
    any other; the exit code is 1 when there was one, or a wrong value. Ctrl-C ends a load from here at once, with the
    figures until then and 5.
    """
    if count is not None and rate is None:
        raise click.UsageError("--count needs --rate, as nothing else says how fast")
    plan = {
        "maximum_seconds": seconds if count is None or rate is None else count / rate,
        "count": count,
        "rate": rate,
        "connections": connections,
        "value_bytes": value_bytes,
        "write_share": write_share,
        "deadline_seconds": options.timeout_seconds or 1.0,
    }
    report, found, started = new_report(options), clients(options), time.monotonic()
    screen = console()
    interrupted = bench(
        found,
        options.endpoint() if options.place == "here" else None,
        plan,
        report,
        lambda text: screen.print(text, highlight=False, markup=False, soft_wrap=True),
    )
    report.seconds["bench"] = round(time.monotonic() - started, 3)
    print_load(screen, report.loads)
    print_failed(screen, report.checks)
    code = finish(report, options)
    return INTERRUPTED if interrupted else code
