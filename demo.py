"""From nothing to a verified cache: what `make demo` runs; its course is in `demos`."""

from __future__ import annotations

import sys

INTERRUPTED = 5


def main() -> int:
    """Run the demo of this process's arguments and return its exit code."""
    try:
        # Imported here, so that Ctrl-C during the import ends like any other.
        from demos.course import main

        return main()
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)  # noqa: T201 - this is where a command speaks
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
