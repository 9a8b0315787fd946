"""The commands as a group: each a module in `commands`, imported when it is called, and not to be listed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import click

from . import __version__
from .commands import SUMMARIES
from .exits import INTERRUPTED, USAGE, complain


class Commands(click.Group):
    """A module NAME.py in the folder `commands` is the command NAME; it holds a click command named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules that are commands."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in SUMMARIES:
            return None
        return importlib.import_module(f".commands.{cmd_name}", __package__).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, summary in SUMMARIES.items() if summary])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the names that come near."""
        names = [name for name, summary in SUMMARIES.items() if summary]
        if args and not args[0].startswith("-") and args[0] not in SUMMARIES:
            from difflib import get_close_matches

            near = get_close_matches(args[0], names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise click.UsageError(f"unknown command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cache-client")
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
