"""The commands as a group: each a module in `commands`, imported when it is called or when help lists it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from difflib import get_close_matches

import click

from . import commands
from .exits import INTERRUPTED, USAGE, complain


class Commands(click.Group):
    """A module NAME.py in the folder `commands` is the command NAME; it holds a click command named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules that are commands."""
        return sorted(
            found.name for found in pkgutil.iter_modules(commands.__path__) if not found.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return importlib.import_module(f"{commands.__name__}.{cmd_name}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the names that come near."""
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            near = get_close_matches(args[0], names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise click.UsageError(f"unknown command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def client() -> None:
    """Use a cache, and prove that it works, from where it is used.

    Exit codes: 0 all passed, 1 a check failed, 2 usage, 3 unreachable, 4 refused, 5 interrupted.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; the client's own errors pass through."""
    try:
        code = client.main(list(arguments), prog_name="cache-client", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message(), err=True)
        return USAGE
    except click.Abort:
        return complain("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return complain(error.format_message(), USAGE)
    return code if isinstance(code, int) else 0
