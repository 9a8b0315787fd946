"""The options every command takes: where the cache is, where the command runs, and how it reports."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import IO, Any

import click

from ..endpoint import Endpoint
from ..errors import InvalidEndpoint
from ..numbers import Number
from ..results import HERE

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
    tunnel: str | None

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
            found = Endpoint.from_stack_outputs(self.outputs).refreshed()
        elif self.parameter is not None:
            found = Endpoint.from_parameter(self.parameter)
        else:
            return Endpoint.from_environment()
        return replace(found, ca_file=os.environ.get("CACHE_CA_FILE") or None)

    @property
    def here(self) -> str:
        """This machine's name in reports; through a tunnel it stands somewhere else."""
        return HERE if self.tunnel is None else f"through-{self.tunnel}"

    @contextmanager
    def way(self) -> Generator[None, None, None]:
        """The way to the cache for as long as a command runs: a tunnel, where one is asked for."""
        if self.tunnel is None:
            yield
            return
        from ..tunnel import through

        with through(self._tunnel_instance(self.tunnel), self.endpoint()):
            yield

    def _tunnel_instance(self, wanted: str) -> str:
        if wanted.startswith("i-"):
            return wanted
        outputs: Mapping[str, Any] = self.outputs if self.outputs_file else {}
        known: dict[str, str] = outputs.get("client_instance_ids") or {}
        if wanted not in known:
            names = (
                f"the stack has {', '.join(sorted(known)) or 'none'}"
                if self.outputs_file
                else "name --outputs"
            )
            raise InvalidEndpoint(
                f"--tunnel: there is no client instance {wanted!r}; {names}, or give its id (i-...)"
            )
        return known[wanted]


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a click command, which gets them as one Options."""
    names = [field.name for field in fields(Options)]

    @functools.wraps(function)
    def command(**arguments: Any) -> Any:
        values = {name: arguments.pop(name) for name in names}
        if values["outputs_file"] is not None and values["parameter"] is not None:
            raise click.UsageError("--outputs and --parameter say the same thing twice; give one of them")
        if values["tunnel"] and values["place"] not in (None, "here"):
            raise click.UsageError("--tunnel is a way from here; without --from, or with --from here")
        elsewhere = values["outputs_file"] is not None and not values["tunnel"]
        values["place"] = values["place"] or ("all" if elsewhere else "here")
        options = Options(**values)
        with options.way():
            return function(options, **arguments)

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
        type=Number(min=0, min_open=True),
        metavar="SECONDS",
        help="How long to wait for the cache.",
    ),
    click.option(
        "--tunnel",
        metavar="INSTANCE",
        help="Reach the cache from here through this client instance, by Session Manager.",
    ),
)
