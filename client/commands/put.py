"""`put KEY [VALUE]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..numbers import Number
from ._operation import Answer, Operation, operate
from ._options import Options, common_options

if TYPE_CHECKING:
    from ..redis_client import RedisClient


@click.command("put")
@click.argument("key")
@click.argument("value", required=False)
@click.option(
    "--ttl",
    "ttl_seconds",
    type=Number(min=0.001),
    metavar="SECONDS",
    help="How long it is kept. Default: for ever.",
)
@common_options
def command(options: Options, key: str, value: str | None, ttl_seconds: float | None) -> int:
    """Store VALUE under KEY.

    Without VALUE it is asked for on a terminal, else read from the standard input, where the last line's end does
    not count.
    """
    stored = _asked(key) if value is None else value
    arguments: dict[str, Any] = {"key": key, "value": stored}
    if ttl_seconds is not None:
        arguments["ttl_seconds"] = ttl_seconds

    def perform(client: RedisClient) -> Answer:
        client.set(key, stored, ttl_seconds=ttl_seconds)
        return {"stored": True}

    def describe(answer: Answer) -> str:
        return "stored"

    return operate(
        options, Operation("put", arguments, f"a value is stored under {key!r}", perform, describe)
    )


def _asked(key: str) -> str:
    if sys.stdin.isatty():
        return click.prompt(key, err=True)
    return sys.stdin.read().removesuffix("\n")
