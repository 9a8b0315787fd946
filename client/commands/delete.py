"""`delete KEY`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ._operation import Answer, Operation, operate
from ._options import Options, common_options

if TYPE_CHECKING:
    from ..redis_client import RedisClient


@click.command("delete")
@click.argument("key")
@common_options
def command(options: Options, key: str) -> int:
    """Remove KEY and its value, if there is one."""

    def perform(client: RedisClient) -> Answer:
        return {"deleted": client.delete(key)}

    def describe(answer: Answer) -> str:
        return "deleted" if answer["deleted"] else "there was no value"

    return operate(options, Operation("delete", {"key": key}, f"{key!r} is removed", perform, describe))
