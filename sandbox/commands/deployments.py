"""up, preview, refresh, destroy, outputs: the program against the sandbox."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import click

from client.background import in_background
from client.exits import INTERRUPTED

from .. import servers
from ..cloud import Cloud
from ..display import Display, fail, summary
from ..errors import OtherSources, SandboxError
from ..stack_marks import StackMarks
from ..state import StateFolder
from . import engine as engines
from .options import engine_option, folder, load_project, port_option, region_of, stack_option

if TYPE_CHECKING:
    from ..deploy.events import Result
    from ..deploy.project import Project
    from ..hosts.tools import Tools


@click.command()
@stack_option
@port_option
@engine_option
def up(stack: str, port: int | None, engine: str) -> int:
    """Bring the stack up: start the sandbox if needed, deploy, wait for the instances."""
    project = load_project(stack)
    with Display() as display:
        missing = in_background(servers.missing)
        cloud = _start_cloud(project, port, display)
        tools = in_background(_ensure_tools, cloud, display)
        chosen = take_stack(project, cloud, engine, display)
        result = engines.run(chosen, "up", project, cloud, display, missing.result)
        code = conclude(result, "up", project, display)
        if code != 0:
            return code
        return _settle(project, cloud, result, tools, display)


@click.command()
@stack_option
@port_option
@engine_option
def preview(stack: str, port: int | None, engine: str) -> int:
    """Show what `up` would do."""
    project = load_project(stack)
    with Display(planning=True) as display:
        missing = in_background(servers.missing)
        cloud = _start_cloud(project, port, display)
        chosen = take_stack(project, cloud, engine, display)
        result = engines.run(chosen, "preview", project, cloud, display, missing.result)
        return conclude(result, "preview", project, display)


@click.command()
@stack_option
@engine_option
def refresh(stack: str, engine: str) -> int:
    """Bring the stack's state up to date with what the sandbox has."""
    return _run_on_running(load_project(stack), engine, "refresh")


@click.command()
@stack_option
@engine_option
def destroy(stack: str, engine: str) -> int:
    """Delete everything that the stack has made; the sandbox goes on (`stop` ends it)."""
    project = load_project(stack)
    if Cloud.attach(folder()) is None:
        aside = StackMarks(StateFolder(folder()), stack).set_aside()
        click.echo(aside or "no sandbox is running, so there is nothing to destroy")
        return 0
    return _run_on_running(project, engine, "destroy")


@click.command()
@stack_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for `python -m client --outputs -`.")
def outputs(stack: str, as_json: bool) -> None:
    """Print the stack's outputs."""
    project = load_project(stack)
    cloud = Cloud.attach(folder())
    values = engines.stack_outputs(project, cloud)
    mark = StackMarks(StateFolder(folder()), stack).read()
    if values and mark is not None and (cloud is None or cloud.incarnation != mark.incarnation):
        click.echo("note: these are of a sandbox that has ended", err=True)
    if as_json:
        click.echo(json.dumps(values, indent=2))
        return
    if not values:
        click.echo(
            f"stack {stack} has no outputs\n  bring it up: python -m sandbox up --stack {stack}", err=True
        )
    width = max((len(name) for name in values), default=0)
    for name, value in sorted(values.items()):
        click.echo(f"{name:<{width}}  {value if isinstance(value, str) else json.dumps(value)}")


COMMANDS = [up, preview, refresh, destroy, outputs]


def _start_cloud(project: Project, port: int | None, display: Display) -> Cloud:
    """The sandbox, started if needed; refuses one that runs otherwise than the stack or the options ask."""
    region = region_of(project)
    cloud = Cloud.start(project.folder, display.doing, region=region, port=port or 0)
    display.done()
    if cloud.region != region:
        raise SandboxError(
            f"the sandbox runs in region {cloud.region}, stack {project.stack} is for {region}\n"
            "  stop it first: python -m sandbox stop"
        )
    if port and cloud.record.port != port:
        display.say(f"the sandbox runs already, on port {cloud.record.port}; --port {port} is not used")
    return cloud


def take_stack(project: Project, cloud: Cloud, wanted: str, display: Display) -> str:
    """Decides the engine, and sets the state of a cloud that is gone aside; refuses a sandbox of other sources."""
    if cloud.is_of_other_sources:
        raise OtherSources
    marks = StackMarks(StateFolder(project.folder), project.stack)
    mark = marks.read()
    current = mark.engine if mark is not None and mark.incarnation == cloud.incarnation else None
    engine = engines.choose(wanted, current)
    message = marks.take(cloud.incarnation, engine)
    if message:
        display.say(message)
    return engine


def _run_on_running(project: Project, engine: str, operation: str) -> int:
    with Display() as display:
        cloud = Cloud.require(project.folder)
        chosen = take_stack(project, cloud, engine, display)
        result = engines.run(chosen, operation, project, cloud, display)
        if operation == "destroy" and result.ok:
            StackMarks(StateFolder(project.folder), project.stack).forget()
        return conclude(result, operation, project, display)


def conclude(result: Result, operation: str, project: Project, display: Display) -> int:
    """Prints what a run came to, and returns its exit code."""
    # A refused configuration has the stack itself and nothing else, of which there is nothing to tell.
    if result.counts and not (result.kind == "configuration" and sum(result.counts.values()) == 1):
        seconds = time.monotonic() - display.began
        told = summary(result.counts, display.planning)
        display.say(f"{project.name} ({project.stack}): {told} in {seconds:.1f} s")
    for error in result.errors:
        if not error.startswith("interrupted:"):
            fail(error)
    if result.kind == "interrupted":
        fail(
            "interrupted: the steps in hand are finished and saved\n"
            f"  go on: python -m sandbox {operation} --stack {project.stack}"
        )
        return INTERRUPTED
    return result.exit_code


def _ensure_tools(cloud: Cloud, display: Display) -> Tools:
    from ..hosts import tools

    return tools.held(cloud.tools_folder) or tools.ensure(cloud.tools_folder, display.doing)


def _settle(project: Project, cloud: Cloud, result: Result, tools: Future[Tools], display: Display) -> int:
    """Waits for the instances' user data, and says how to look around."""
    made = tools.result()
    for note in made.notes:
        display.say(f"note: {note}")
    display.doing("waiting for the instances")
    states = cloud.wait_for_instances(progress=display.say)
    display.done()
    failed = [state for state in states if state["state"] == "failed"]
    for state in failed:
        tail = "\n".join(f"  {line}" for line in state["log_tail"])
        name = state["name"]
        fail(f"the user data of {name} ({state['instance_id']}) failed; the end of its log:\n{tail}")
        click.echo(
            f"  all of it: python -m sandbox logs {name}\n"
            "  begin anew, without what the sandbox holds: python -m sandbox stop, then python -m sandbox up",
            err=True,
        )
    if not failed:
        _next_steps(project, result.outputs, cloud.status()["published"], display)
    return 1 if failed else 0


def _next_steps(
    project: Project, outputs: dict[str, Any], published: list[dict[str, Any]], display: Display
) -> None:
    suffix = "" if project.stack == "dev" else f" --stack {project.stack}"
    names = list(outputs.get("client_instance_ids") or {})
    steps = [("see what runs", "python -m sandbox status")]
    if names:
        steps.append(("look around", f"python -m sandbox shell {names[0]}{suffix}"))
        example = "cache-cli ping" if outputs.get("engine") != "memcached" else "cache-client verify"
        steps.append(("run a command", f"python -m sandbox run {names[0]}{suffix} -- {example}"))
    if outputs.get("client_function_name"):
        steps.append(("ask the function", f"python -m sandbox invoke{suffix}"))
    for one in published:
        if outputs.get("web_url") == f"http://{one['public']}":
            steps.append(("open the page", f"http://{one['here']}  ({one['public']} of the stack)"))
    steps.append(("stop it all", "python -m sandbox stop"))
    for what, command in steps:
        display.say(f"  {what + ':':<18}{command}")
