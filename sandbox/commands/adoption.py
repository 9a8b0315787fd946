"""import: what exists already becomes the stack's own."""

from __future__ import annotations

from pathlib import Path

import click

from ..cloud import Cloud
from ..display import Display
from . import engine as engines
from .deployments import conclude, take_stack
from .options import engine_option, folder, load_project, stack_option


@click.command("import")
@stack_option
@engine_option
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="JSON as `pulumi import --file` takes it: type, name, id, parent of each resource.",
)
@click.option("--protect/--no-protect", default=False, help="Protect what is imported from deletion.")
def import_file(stack: str, engine: str, file: Path, protect: bool) -> int:
    """Take resources that exist into the stack's state; nothing is changed in the sandbox."""
    project = load_project(stack)
    with Display() as display:
        cloud = Cloud.require(folder())
        chosen = take_stack(project, cloud, engine, display)
        result = engines.import_file(chosen, file.resolve(), protect, project, cloud, display)
        return conclude(result, "import", project, display)


COMMANDS = [import_file]
