"""The command line, `python -m client COMMAND`; on an instance it is `cache-client COMMAND`."""

from __future__ import annotations

import sys

from .exits import exit_with


def main() -> None:
    """Run the command of this process's arguments and exit with its code."""
    exit_with(_run)


def _run() -> int:
    # Imported here, so that Ctrl-C during the import ends like any other.
    from .command_line import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    main()
