"""`get KEY`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import CheckFailed, InvalidEndpoint
from ._operation import Answer, Operation, operate
from ._options import Options, common_options

if TYPE_CHECKING:
    from ..redis_client import RedisClient


@click.command("get")
@click.argument("key")
@click.option("--replica", is_flag=True, help="Read from the reader endpoint (only from here).")
@common_options
def command(options: Options, key: str, replica: bool) -> int:
    """Print the value under KEY, and end with 1 when there is none."""
    if replica and options.place != "here":
        raise click.UsageError("--replica reads from here; add --from here")

    def perform(client: RedisClient) -> Answer:
        if replica and client.endpoint.engine == "memcached":
            raise InvalidEndpoint("--replica: Memcached has no replicas to read from")
        value = client.get(key, from_replica=True) if replica else client.get(key)
        return {"found": value is not None, "value": value}

    def describe(answer: Answer) -> bytes | str:
        if not answer["found"]:
            raise CheckFailed(f"there is no value under {key!r}")
        return answer["value"]

    return operate(
        options, Operation("get", {"key": key}, f"there is a value under {key!r}", perform, describe)
    )
