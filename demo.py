"""From nothing to a verified cache: what `make demo` runs; its course is in `demos`."""

from __future__ import annotations

from client.exits import exit_with


def _run() -> int:
    # Imported here, so that Ctrl-C during the import ends like any other.
    from demos.course import main

    return main()


if __name__ == "__main__":
    exit_with(_run)
