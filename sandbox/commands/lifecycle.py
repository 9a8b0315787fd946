"""env and stop: the sandbox itself."""

from __future__ import annotations

import shutil

import click

from ..cloud import Cloud
from ..environment import aws_variables, client_variables, pulumi_variables, shell_lines
from ..launching import end_supervisor
from ..state import StateFolder
from .engine import select_stack
from .options import folder, load_project, port_option, region_of, stack_option


@click.command()
@stack_option
@port_option
def env(stack: str, port: int | None) -> None:
    """Print shell lines that point pulumi, aws and boto3 at the sandbox: eval "$(python -m sandbox env)"."""
    project = load_project(stack)
    cloud = Cloud.start(
        folder(), lambda text: click.echo(text, err=True), region=region_of(project), port=port or 0
    )
    if shutil.which("pulumi"):
        select_stack(project, cloud)
    state = StateFolder(folder())
    variables = {**aws_variables(cloud), **pulumi_variables(cloud, state), **client_variables(state)}
    click.echo("\n".join(shell_lines(variables)))


@click.command()
def stop() -> None:
    """Stop the sandbox: its caches, instances and API. The project's files stay."""
    ran = end_supervisor(StateFolder(folder()))
    click.echo("stopped" if ran else "nothing was running")


COMMANDS = [env, stop]
