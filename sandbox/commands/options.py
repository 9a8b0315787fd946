"""Options that several commands share, and the project they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from client.numbers import WholeNumber

if TYPE_CHECKING:
    from ..deploy.project import Project

Command = TypeVar("Command", bound=Callable[..., Any])

stack_option = click.option(
    "--stack", "-s", default="dev", show_default=True, help="The environment: Pulumi.STACK.yaml."
)
port_option = click.option(
    "--port",
    type=WholeNumber(1, 65535),
    envvar="SANDBOX_PORT",
    help="Port of the API on 127.0.0.1 when the sandbox starts [default: a free one; SANDBOX_PORT].",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "embedded", "pulumi"]),
    default="auto",
    show_default=True,
    help="Who runs the program: the pulumi command where it is on PATH (auto), or the sandbox itself.",
)


def folder() -> Path:
    """The project's folder: where the command was typed."""
    return Path.cwd()


def load_project(stack: str) -> Project:
    """The project and stack; raises a SandboxError with every problem of the files."""
    from ..deploy.project import Project

    return Project.load(folder(), stack)


def region_of(project: Project) -> str:
    """The stack's region."""
    from ..cloud import DEFAULT_REGION

    return project.config.get("aws:region", DEFAULT_REGION)
