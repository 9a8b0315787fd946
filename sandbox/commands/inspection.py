"""status, run, shell, logs, invoke, fault: what is in the sandbox, and doing something with it."""

from __future__ import annotations

import base64
import difflib
import json
import os
import shlex
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from client.numbers import Number, WholeNumber

from ..cloud import Cloud
from ..errors import SandboxError, UsageProblem
from ..state import StateFolder
from . import engine as engines
from .options import folder, load_project, stack_option

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FAULTS = ["kill", "freeze", "thaw", "cut", "slow", "lose", "cut-replication", "heal"]
WIDTH = 200  # a narrow terminal breaks the lines; cut, they would lose ids and roles
USERS = ["root", "ec2-user"]
FUNCTION = ("aws:lambda/function:Function",)
LOGGED = (*FUNCTION, "aws:ec2/instance:Instance", "aws:rds/instance:Instance")
TABLES = {
    "caches": ("cache", "engine", "node", "role", "address", "zone", "state"),
    "databases": ("name", "engine", "server", "address", "state"),
    "instances": ("name", "id", "address", "state", "user data"),
    "functions": ("name", "state", "URL here"),
    "published": ("name", "public", "here"),
    "endpoints": ("service", "type", "addresses"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(as_json: bool) -> int:
    """Show what runs: caches, databases, instances, functions, endpoints, since when, how much memory."""
    cloud = Cloud.attach(folder())
    if cloud is None:
        click.echo(json.dumps({"running": False}) if as_json else "no sandbox is running in this folder")
        return 0
    told = cloud.status()
    if as_json:
        click.echo(json.dumps({"running": True, **told}, indent=2))
        return 0
    console = Console(highlight=False, soft_wrap=True, width=WIDTH)
    console.print(
        f"{cloud.endpoint_url} {cloud.region}, account {cloud.account_id}, up {duration(told['seconds'])}, "
        f"{told['memory_mib']} MiB in {told['processes']} processes"
    )
    for kind, columns in TABLES.items():
        if told[kind]:
            console.print(_table(kind, columns, told[kind]))
    console.print("[bold]in AWS's place[/]")
    for sentence in told["stand_ins"]:
        console.print(f"  {sentence}")
    return 0


def _table(title: str, columns: Iterable[str], rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, style="bold" if column in ("name", "cache") else "", no_wrap=True)
    for row in rows:
        table.add_row(*(str(row.get(column) if row.get(column) is not None else "-") for column in columns))
    return table


def duration(seconds: float) -> str:
    """`2 h 5 min`, `5 min 3 s` or `3 s`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@click.command(context_settings={"ignore_unknown_options": True})
@stack_option
@click.option(
    "--user", type=click.Choice(USERS), default="root", show_default=True, help="Who runs it on the instance."
)
@click.option(
    "--timeout",
    "seconds",
    type=Number(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds until it is given up.",
)
@click.argument("instance")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(stack: str, user: str, seconds: float, instance: str, command: tuple[str, ...]) -> int:
    """Run a command on an instance: run INSTANCE -- CMD. One word is a script, more are its words.

    INSTANCE is a name of the stack's client_instance_ids, or an id. The exit code is the command's.
    """
    cloud = Cloud.require(folder())
    script = command[0] if len(command) == 1 else shlex.join(command)
    answer = cloud.run(instance_id(cloud, stack, instance), script, user=user, timeout_seconds=seconds)
    click.echo(answer["stdout"], nl=False)
    click.echo(answer["stderr"], nl=False, err=True)
    if answer["code"] is None:
        click.echo(f"error: not finished after {seconds:g} s; ended", err=True)
        return 1
    return answer["code"]


@click.command()
@stack_option
@click.argument("instance")
def shell(stack: str, instance: str) -> None:
    """Open a shell on an instance, as root; `exit` leaves it."""
    cloud = Cloud.require(folder())
    command = cloud.shell_command(instance_id(cloud, stack, instance), os.environ.get("TERM", "dumb"))
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's, not the person's


@click.command()
@stack_option
@click.option("--lines", "-n", type=WholeNumber(min=1), help="Only the last lines.")
@click.argument("name")
def logs(stack: str, lines: int | None, name: str) -> None:
    """Print a log: of an instance's user data, a function, a database, or `supervisor`.

    NAME is an instance's of the stack's client_instance_ids, the name that the program gives the resource, or AWS's.
    """
    if name == "supervisor":
        file = StateFolder(folder()).log_file
        text = file.read_text(errors="replace").splitlines() if file.exists() else []
    else:
        cloud = Cloud.require(folder())
        text = cloud.logs(_instances(cloud, stack).get(name) or _aws_name(cloud, stack, name, LOGGED))
    click.echo("\n".join(text[-lines:] if lines else text))


@click.command()
@stack_option
@click.option("--payload", default='{"command": "verify"}', show_default=True, help="The event, as JSON.")
@click.argument("function", required=False)
def invoke(stack: str, payload: str, function: str | None) -> int:
    """Invoke a function (default: the stack's client function) and print its answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        json.loads(payload)
    except ValueError as error:
        raise UsageProblem(f"--payload is not JSON: {error}") from error
    cloud = Cloud.require(folder())
    if function:
        name = _aws_name(cloud, stack, function, FUNCTION)
    else:
        name = _outputs(cloud, stack).get("client_function_name")
    if not name:
        raise UsageProblem(
            f"stack {stack} has no client function; name one: python -m sandbox invoke FUNCTION"
        )
    try:
        answer = cloud.client("lambda").invoke(FunctionName=name, Payload=payload, LogType="Tail")
    except (ClientError, BotoCoreError) as error:
        said = error.response["Error"]["Message"] if isinstance(error, ClientError) else error
        raise SandboxError(f"function {name} cannot be invoked: {said}") from error
    click.echo(answer["Payload"].read().decode())
    if answer.get("FunctionError"):
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        click.echo(
            f"error: the function failed ({answer['FunctionError']}); the end of its log:\n{log}", err=True
        )
        return 1
    return 0


@click.command()
@click.argument("node")
@click.argument("action", type=click.Choice(FAULTS), metavar="ACTION")
@click.argument("amount", type=Number(), required=False)
def fault(node: str, action: str, amount: float | None) -> None:
    """Harm a cache node, or heal it: fault NODE ACTION [AMOUNT].

    NODE is an id as `status` shows it (cache-001, a Memcached node cache.0002 or just 0002), or a role: primary,
    replica (the first by name). What is done lasts until it is healed.

    \b
    kill             end its processes; it starts anew, empty, or as a replica
    freeze, thaw     stop its processes where they are, and let them go on
    cut              no packet in or out
    slow [AMOUNT]    every reply comes AMOUNT milliseconds late (default 100)
    lose [AMOUNT]    AMOUNT percent of the replies never come (default 1)
    cut-replication  a replica keeps what it has and follows nobody; a primary loses all its replicas
    heal             end every fault of the node

    A reply is what the server sends in one piece. Where one is lost, the connection is reset in its place: TCP repeats
    what is lost on the way, so a reply that never comes has taken its connection with it, and the client cannot know
    whether the command was done. When slow or lose begins or ends on a Redis or Valkey node its clients have to connect
    anew; replication goes on at full speed.
    """
    click.echo(Cloud.require(folder()).fault(node, action, amount))


COMMANDS = [status, run, shell, logs, invoke, fault]


def _outputs(cloud: Cloud, stack: str) -> dict[str, Any]:
    return engines.stack_outputs(load_project(stack), cloud)


def _instances(cloud: Cloud, stack: str) -> dict[str, str]:
    """Instance ids by their names in the stack's outputs."""
    return dict(_outputs(cloud, stack).get("client_instance_ids") or {})


def _aws_name(cloud: Cloud, stack: str, name: str, types: Collection[str]) -> str:
    """AWS's name of what the program calls so; any other name is left as it is."""
    return engines.physical_ids(load_project(stack), cloud, types).get(name, name)


def instance_id(cloud: Cloud, stack: str, name: str) -> str:
    """The id of an instance named by id or by its name in the outputs; UsageProblem lists the names there are."""
    if name.startswith("i-"):
        return name
    known = _instances(cloud, stack)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
    raise UsageProblem(f"stack {stack} has no instance {name}; {hint}")
