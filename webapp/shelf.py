"""The rows in the cache: one load however many ask at once, and what the page says of where they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from client.cache_aside import CacheAside
from client.errors import CacheError

from .database import REPLY_SECONDS
from .settings import Settings
from .statement import STATEMENT, parameters

Rows = list[list[Any]]


@dataclass(frozen=True)
class Found:
    """Rows, who gave them (`database`, `cache` or `stale`), and how long the cache will still have them."""

    rows: Rows
    source: str
    seconds_left: float | None
    fault: str
    """Why the cache did not take part, empty when it did."""


class Shelf:
    """The statement's rows under a key of statement and parameters, for the time the settings say."""

    def __init__(self, client: Any, settings: Settings) -> None:
        """client is what `client.connect` returns."""
        self._aside = CacheAside(
            client,
            "web-demo",
            ttl_seconds=settings.ttl_seconds,
            # Without jitter and early renewal, which would hide what the page is there to show: the time running out.
            jitter=0,
            refresh_ahead=0,
            # Nobody is to ask a slow statement beside another: that would make it slower still.
            wait_seconds=REPLY_SECONDS,
            # But a worker that has asked for this long may have been killed, and another asks in its place.
            lease_seconds=10,
        )
        limits = parameters(settings.row_limit)
        self._key = (STATEMENT, *(f"{name}={value}" for name, value in sorted(limits.items())))

    def fetch(self, load: Callable[[], Rows]) -> Found:
        """Return the rows of the cache, else what load returns, which the cache keeps. Raises what load raises."""
        answer = self._aside.answer(self._key, load)
        source = "database" if answer.source == "loaded" else answer.source
        return Found(answer.value, source, answer.seconds_left, self.fault())

    def forget(self) -> str:
        """Remove the rows; return why that could not be done, empty when it was."""
        try:
            self._aside.forget(self._key)
        except CacheError as error:
            return str(error)
        return ""

    def fault(self) -> str:
        """Return why the cache is out, empty when it takes part."""
        status = self._aside.status
        return (status.last_error or "it does not answer") if status.away else ""

    def counters(self) -> dict[str, int]:
        """Return hits, misses, loads and the like since the start."""
        counted = asdict(self._aside.status)
        return {name: value for name, value in counted.items() if isinstance(value, int) and name != "away"}
