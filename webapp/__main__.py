"""`python -m webapp load` fills the database; `python -m webapp serve` answers on a port."""

from __future__ import annotations

import logging
import os
import sys

import click

from .database import Database, DatabaseAway
from .loading import load
from .secret import Secret
from .settings import InvalidSettings, Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def webapp() -> None:
    """The demo application. It is told what it needs by WEB_DATABASE_* and CACHE_PARAMETER in the environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stdout)


@webapp.command("load")
def load_command() -> None:
    """Fill the database with its data set, unless it holds it already."""
    settings = Settings.from_environment(os.environ)
    database = Database(settings, Secret(settings.database_secret))
    written = load(database, lambda done, total: click.echo(f"{done:,} of {total:,} readings"))
    click.echo(f"loaded {written:,} readings" if written else "the data set is there already")


@webapp.command("serve")
@click.option("--port", default=8008, show_default=True, type=click.IntRange(1, 65535))
# On every address: the instance's group decides who reaches it.
@click.option("--address", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104
def serve_command(port: int, address: str) -> None:
    """Serve the pages by gunicorn until it is stopped."""
    Settings.from_environment(os.environ)
    from .server import serve

    serve(f"{address}:{port}")


def main() -> int:
    """Run a command; every expected error is one line."""
    try:
        webapp.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except InvalidSettings as error:
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
        return 2
    except (DatabaseAway, TimeoutError) as error:
        click.echo(f"error: the database is not ready: {error}", err=True)
        return 3
    except (click.Abort, KeyboardInterrupt):
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
