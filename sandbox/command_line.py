"""The commands as a group, and how each of their errors ends: in one message, and an exit code."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
import traceback
from typing import Any

import click

from client import __version__
from client.exits import INTERRUPTED

from .cloud import Cloud
from .commands import adoption, deployments, inspection, lifecycle
from .commands.options import folder
from .display import fail
from .errors import OtherSources, SandboxError


class Suggesting(click.Group):
    """A group that answers a near miss with what was probably meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Finds the command; adds "did you mean" to the refusal of an unknown one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1) if args else []
            hint = (
                f"; did you mean {near[0]}?" if near else f"; there are {', '.join(self.list_commands(ctx))}"
            )
            raise click.UsageError(f"unknown command {args[0]}{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists each command by the whole first sentence of its help, which click would cut at the line's end."""
        with formatter.section("Commands"):
            names = self.list_commands(ctx)
            formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=1000)) for name in names])


@click.group(
    cls=Suggesting, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="python -m sandbox")
@click.option("--debug", is_flag=True, envvar="SANDBOX_DEBUG", help="Show a traceback when something fails.")
def cli(debug: bool) -> None:
    """A local AWS for this project: the same program, real caches, no account."""


for family in (deployments, adoption, inspection, lifecycle):
    for command in family.COMMANDS:
        cli.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 done, 1 failed, 2 usage or configuration, 5 interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return cli.main(words, prog_name="python -m sandbox", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        fail(_usage(error))
        return 2
    except click.ClickException as error:
        fail(error.format_message())
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        fail("interrupted")
        return INTERRUPTED
    except SandboxError as error:
        return _tell(error, str(error), error.exit_code, words)
    except BrokenPipeError:
        # Whoever read us has enough; nothing more can be printed, not at the interpreter's end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - no traceback ever, unless asked for
        trouble = f"{type(error).__name__}: {error}"
        return _tell(error, _explained(trouble) or f"{trouble}\n  more with --debug", 1, words)


def _usage(error: click.UsageError) -> str:
    """What is wrong on one line, and how the command is used where it is known which."""
    message = " ".join(error.format_message().split())
    if error.ctx is None or isinstance(error.ctx.command, click.Group):
        return message
    return f"{message}\n  {' '.join(error.ctx.get_usage().split()).replace('Usage:', 'usage:')}"


def _explained(trouble: str) -> str | None:
    """What is to be said of trouble with a sandbox that runs other sources than these; None where none does."""
    with contextlib.suppress(SandboxError, OSError):
        cloud = Cloud.attach(folder())
        if cloud is not None and cloud.is_of_other_sources:
            return str(OtherSources(trouble))
    return None


def _tell(error: Exception, message: str, code: int, words: list[str]) -> int:
    if "--debug" in words or os.environ.get("SANDBOX_DEBUG"):
        traceback.print_exception(error)
    fail(message)
    return code
