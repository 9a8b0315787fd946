"""The other end of a laptop's client: performs one encoded task and prints the packed answer."""

from __future__ import annotations

import click

from ..packing import decode_task, pack
from ..work import perform_here


@click.command(hidden=True)
@click.argument("task")
def command(task: str) -> int:
    """Perform TASK, one word made by the client on a laptop, on the cache that the environment names."""
    click.echo(pack(perform_here(decode_task(task))))
    return 0
