"""Ctrl-C while a child does the work: a terminal sends it to both, and the child ends in its own time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_to_the_child() -> Iterator[list[int]]:
    """For as long as this lasts Ctrl-C does not end this process; what came meanwhile is in the list."""
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
