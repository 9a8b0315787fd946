"""The pages: ask the database, ask the cache, delete what the cache keeps; and the health of all three."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, render_template, request
from markupsafe import Markup, escape

from .database import Database, DatabaseAway
from .history import History, Timing
from .settings import Settings
from .shelf import Shelf
from .statement import HEADINGS, STATEMENT, parameters, readable

log = logging.getLogger("webapp")

# Nothing from elsewhere, nothing written into the page: what is not listed is not loaded.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

# What ASCII has for this, and no text a person reads.
_CELL, _ROW = "\x1f", "\x1e"


@dataclass
class Shown:
    """What the page says of one answer."""

    source: str
    """`database`, `cache`, `stale`, `deleted` or `away` (the database does not answer)."""
    timing: Timing | None = None
    rows: list[list[Any]] | None = None
    seconds_left: float | None = None
    """Until the cache forgets the rows; None when it does not hold them."""
    cache_fault: str = ""
    """Why the cache did not take part, empty when it did."""
    cache_asked: bool = False
    """Of `away`: whether the cache was asked first."""
    database_fault: str = ""


class Pages:
    """What the buttons do; one for all threads."""

    def __init__(self, settings: Settings, database: Database, shelf: Shelf) -> None:
        self._settings = settings
        self._database = database
        self._shelf = shelf
        self.history = History()
        self.statements = 0
        """Times that the statement was run in the database."""

    def ask_database(self) -> Shown:
        """Run the statement in the database, whatever the cache holds."""
        started = time.perf_counter()
        rows = self._query()
        return Shown("database", self._timed("database", started), rows)

    def ask_cache(self) -> Shown:
        """Take the rows from the cache; from the database when they are not there, and keep them."""
        started = time.perf_counter()
        found = self._shelf.fetch(self._query)
        timing = self._timed(found.source, started)
        return Shown(found.source, timing, found.rows, found.seconds_left, found.fault)

    def delete(self) -> Shown:
        """Have the cache forget the rows."""
        return Shown("deleted", cache_fault=self._shelf.forget())

    def health(self) -> dict[str, Any]:
        """Return `status` ok, degraded (no cache) or failing (no database), and what it is made of."""
        database, cache_fault = self._database.is_there(), self._shelf.fault()
        status = "failing" if not database else "degraded" if cache_fault else "ok"
        return {
            "status": status,
            "database": "ok" if database else "away",
            "cache": cache_fault or "ok",
            "statements": self.statements,
            "counters": self._shelf.counters(),
        }

    def _query(self) -> list[list[Any]]:
        self.statements += 1
        return self._database.rows(STATEMENT, parameters(self._settings.row_limit))

    def _timed(self, source: str, started: float) -> Timing:
        timing = self.history.add(source, time.perf_counter() - started)
        log.info("%s answered in %.6f s", source, timing.seconds)
        return timing


def left(seconds: float) -> str:
    """Return `1 second left` or the like."""
    whole = round(seconds)
    return f"{whole} second{'' if whole == 1 else 's'} left"


def table_rows(rows: list[list[Any]]) -> Markup:
    """Return the rows as HTML: escaped all at once, as one by one some thousand cells take five times as long."""
    text = str(escape(_ROW.join([_CELL.join(map(str, row)) for row in rows])))
    cells = text.replace(_CELL, "</td><td>").replace(_ROW, "</td></tr>\n<tr><td>")
    return Markup(f"<tr><td>{cells}</td></tr>")  # noqa: S704 - escaped above


def create_application(settings: Settings, database: Database, shelf: Shelf) -> Flask:
    """Return the WSGI application."""
    application = Flask(__name__)
    application.jinja_env.trim_blocks = application.jinja_env.lstrip_blocks = True
    pages = Pages(settings, database, shelf)
    actions: dict[str, Callable[[], Shown]] = {
        "database": pages.ask_database,
        "cache": pages.ask_cache,
        "delete": pages.delete,
    }

    def page(shown: Shown | None, status: int = 200) -> tuple[str, int]:
        text = render_template(
            "page.html",
            shown=shown,
            headings=HEADINGS.values(),
            left=left,
            table_rows=table_rows,
            statement=readable(),
            settings=settings,
            timings=pages.history.last(),
        )
        return text, status

    @application.get("/")
    def home() -> tuple[str, int]:
        return page(None)

    @application.post("/<action>")
    def act(action: str) -> tuple[str, int]:
        if action not in actions:
            abort(404)
        try:
            return page(actions[action]())
        except DatabaseAway as error:
            log.warning("the database does not answer: %s", error)
            return page(Shown("away", cache_asked=action == "cache", database_fault=str(error)), 503)

    @application.get("/health")
    def health() -> tuple[dict[str, Any], int]:
        found = pages.health()
        return found, 503 if found["status"] == "failing" else 200

    @application.before_request
    def only_from_this_page() -> None:
        # Else any page on the web could have its visitor's browser ask for the slow statement.
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in (
            "same-origin",
            "none",
        ):
            abort(403)

    @application.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return application
