"""Writes and reads until it is told to stop, and every gap in them."""

from __future__ import annotations

import time

import click

from ..exits import INTERRUPTED
from ..load_proof import SECONDS_ELSEWHERE, watch
from ..numbers import Number
from ..report_load import watch_in_words
from ._options import Options, common_options
from ._reporting import clients, console, finish, new_report, print_failed


@click.command()
@common_options
@click.option(
    "--seconds",
    type=Number(min=0.1),
    help=f"How long. Default: here until Ctrl-C; from other clients {SECONDS_ELSEWHERE:g}.",
)
def command(options: Options, seconds: float | None) -> int:
    """Write and read until Ctrl-C, and tell each gap as it begins and ends.

    From here the gaps are told at once; what other clients saw comes when they are done. Ends with 5 after Ctrl-C, 0
    after --seconds, and 1 when a value was wrong.
    """
    report, found, screen = new_report(options), clients(options), console()
    started = time.monotonic()
    interrupted = watch(
        found,
        options.endpoint() if options.place == "here" else None,
        seconds,
        options.timeout_seconds or 0.25,
        report,
        lambda text: screen.print(text, highlight=False, markup=False, soft_wrap=True),
    )
    report.seconds["watch"] = round(time.monotonic() - started, 3)
    for item in report.watches:
        screen.print(f"{item.where}: {watch_in_words(item)}", highlight=False, markup=False, soft_wrap=True)
    print_failed(screen, report.checks)
    code = finish(report, options)
    return INTERRUPTED if interrupted else code
