"""The stack file of a demo: one that is there, or a copy of the example of its name."""

from __future__ import annotations

import shutil
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
import yaml


def prepare(stack: str, folder: Path) -> None:
    """Make sure that there is a Pulumi.STACK.yaml; one that is there is only replaced when a person says so.

    Raises click.UsageError when there is neither such a file nor such an example.
    """
    examples = {path.stem: path for path in sorted((folder / "examples").glob("*.yaml"))}
    theirs = {path.name.split(".", 1)[1][:-5]: path for path in sorted(folder.glob("Pulumi.*.yaml"))}
    if stack not in examples and stack not in theirs:
        names = sorted({*examples, *theirs})
        near = get_close_matches(stack, names, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise click.UsageError(f"unknown STACK {stack!r}; {hint}there are {', '.join(names)}")
    if stack not in examples:
        return
    file, example = folder / f"Pulumi.{stack}.yaml", examples[stack]
    if stack not in theirs:
        shutil.copyfile(example, file)
        click.echo(f"{file.name} is a copy of examples/{example.name}")
    elif _config(file) != _config(example):
        _settle(file, example)


def _settle(file: Path, example: Path) -> None:
    """Ask which of the two is meant where somebody can answer, else go on with what is there."""
    differs = f"{file.name} differs from examples/{example.name}"
    if sys.stdin.isatty() and click.confirm(f"{differs}; replace it by the example?", default=False):
        shutil.copyfile(example, file)
        click.echo(f"{file.name} is a copy of examples/{example.name}")
    else:
        click.echo(f"{differs}: going on with {file.name} as it is; remove it to begin from the example")


def _config(file: Path) -> Any:
    """Return what a stack file configures: comments, and what the engine notes beside it, do not count."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None  # whoever deploys it says what is wrong in it
    return found.get("config") if isinstance(found, dict) else None
