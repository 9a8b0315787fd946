"""The command line: python -m sandbox COMMAND."""

from __future__ import annotations

from client.exits import exit_with


def _run() -> int:
    # Imported here, so that Ctrl-C during the import ends like any other.
    from .command_line import main

    return main()


if __name__ == "__main__":
    exit_with(_run)
