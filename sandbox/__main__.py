"""The command line: python -m sandbox COMMAND."""

from __future__ import annotations

import sys

INTERRUPTED = 5


def main() -> int:
    """Runs the command of this process's arguments and returns its exit code."""
    try:
        # Imported here, so that Ctrl-C during the import ends like any other.
        from .command_line import main

        return main()
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)  # noqa: T201 - this is where a command speaks
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
