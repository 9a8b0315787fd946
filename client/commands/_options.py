"""The options every command takes: where the cache is, where the command runs, and how it reports."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import IO, Any

import click

from ..endpoint import Endpoint
from ..errors import InvalidEndpoint

PLACES = ("here", "instances", "function", "all")


@dataclass(frozen=True)
class Options:
    """What the common options say; the command gets it as its first argument."""

    outputs_file: IO[str] | None
    parameter: str | None
    place: str
    as_json: bool
    junit: str | None
    html: str | None
    timeout_seconds: float | None

    @functools.cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs, which --outputs must name. Raises InvalidEndpoint."""
        if self.outputs_file is None:
            raise InvalidEndpoint(
                "name the stack's outputs: --outputs FILE, or --outputs - to read them from stdin"
            )
        try:
            outputs = json.load(self.outputs_file)
        except ValueError as error:
            raise InvalidEndpoint(
                f"--outputs: not JSON ({error}); it takes what "
                "`pulumi stack output --json` or `python -m sandbox outputs --json` prints"
            ) from error
        Endpoint.from_stack_outputs(outputs)  # refuses those of another project before anything is done
        return outputs

    def endpoint(self) -> Endpoint:
        """Where the cache is, with its token where it has one: from the outputs, the parameter or the environment."""
        if self.outputs_file is not None:
            return Endpoint.from_stack_outputs(self.outputs).refreshed()
        if self.parameter is not None:
            return Endpoint.from_parameter(self.parameter)
        return Endpoint.from_environment()


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a click command, which gets them as one Options."""
    names = [field.name for field in fields(Options)]

    @functools.wraps(function)
    def command(**arguments: Any) -> Any:
        values = {name: arguments.pop(name) for name in names}
        if values["outputs_file"] is not None and values["parameter"] is not None:
            raise click.UsageError("--outputs and --parameter say the same thing twice; give one of them")
        values["place"] = values["place"] or ("here" if values["outputs_file"] is None else "all")
        return function(Options(**values), **arguments)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--outputs",
        "outputs_file",
        type=click.File(encoding="utf-8"),
        metavar="FILE|-",
        help="The stack's outputs as JSON: where the cache and its clients are.",
    ),
    click.option("--parameter", metavar="NAME", help="The connection parameter. Else: the environment."),
    click.option(
        "--from",
        "place",
        type=click.Choice(PLACES),
        help="Where it runs. Default: all clients in the outputs; without outputs, here.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    click.option("--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Write a JUnit report."),
    click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write an HTML report."),
    click.option(
        "--timeout",
        "timeout_seconds",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="How long to wait for the cache.",
    ),
)
