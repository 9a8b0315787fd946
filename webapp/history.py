"""How long the last queries took, for the chart."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import NamedTuple

KEPT = 50
_FASTEST, _SLOWEST = 0.0001, 10.0  # seconds at the foot and at the top of the chart


class Timing(NamedTuple):
    """One answer: who gave it, and how long it took at the server."""

    number: int
    source: str
    """`database`, `cache` or `stale`."""
    seconds: float

    @property
    def height(self) -> float:
        """Share of the chart's height, 0.03-1, on a logarithmic scale: fast ones would not be seen otherwise."""
        share = math.log(max(self.seconds, _FASTEST) / _FASTEST) / math.log(_SLOWEST / _FASTEST)
        return min(max(share, 0.03), 1.0)


class History:
    """The last 50 timings, oldest first; threads may add at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timings: deque[Timing] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, source: str, seconds: float) -> Timing:
        """Keep one more."""
        with self._lock:
            self._count += 1
            timing = Timing(self._count, source, seconds)
            self._timings.append(timing)
            return timing

    def last(self) -> list[Timing]:
        """Return what is kept."""
        with self._lock:
            return list(self._timings)
