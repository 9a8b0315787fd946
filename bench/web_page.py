"""The web demo's page at its server: 200 answers from the cache beside 20 of the database, with the whole data set.

"asked" is what the page shows, the time until the rows are there; "page" is the whole of the request in the
application, from its headers until the last byte of the page; "page, processor" is what that took of the processor,
which other work on this machine changes less. MariaDB takes TLS, as RDS does; Redis without.
"""

from __future__ import annotations

import logging
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _results import show
from flask import Flask

from client import Endpoint, connect
from tests.client.certificates import make_certificates
from tests.client.redis_servers import RedisNode
from tests.webapp.conftest import Secrets
from tests.webapp.mariadb import NAME, MariaDB
from webapp.application import create_application
from webapp.database import Database
from webapp.loading import load
from webapp.secret import Secret
from webapp.settings import Settings
from webapp.shelf import Shelf

ROUNDS = {"database": 20, "cache": 200}


@contextmanager
def running(folder: Path) -> Iterator[Flask]:
    """The application with servers of its own and all 219,000 readings."""
    certificates = make_certificates(folder)
    os.environ["SSL_CERT_FILE"] = str(certificates.authority)
    server, node = MariaDB(folder, certificates), RedisNode(folder / "redis")
    try:
        settings = Settings("localhost", server.port, NAME, "the-secret", ttl_seconds=3600, row_limit=500)
        database = Database(settings, Secret("the-secret", Secrets()))
        load(database)
        host, port = node.address
        endpoint = Endpoint("redis", host, port, tls=False, auth_token=node.token)
        with connect(endpoint, deadline_seconds=0.25) as cache:
            yield create_application(settings, database, Shelf(cache, settings))
    finally:
        node.stop()
        server.kill()


def measure(application: Flask, action: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds until the rows were there, as the log tells them, of the whole page, and of the processor."""
    browser, told = application.test_client(), _Told()
    pages: list[float] = []
    processor: list[float] = []
    log = logging.getLogger("webapp")
    log.addHandler(told)
    for _ in range(rounds):
        began, worked = time.perf_counter(), time.thread_time()
        answer = browser.post(f"/{action}")
        pages.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.thread_time() - worked))
        if answer.status_code != 200 or answer.text.count("<tr><td>") != 480:
            raise SystemExit(f"{action} answered {answer.status}")
    log.removeHandler(told)
    if told.sources != {action}:
        raise SystemExit(f"{action} was asked, and {told.sources} answered")
    return {"asked": told.milliseconds, "page": pages, "page, processor": processor}


class _Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.sources: set[str] = set()
        self.milliseconds: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.fullmatch(r"(\w+) answered in ([\d.]+) s", record.getMessage()):
            self.sources.add(found[1])
            self.milliseconds.append(1000 * float(found[2]))


def figures(milliseconds: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    return statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]


def main() -> None:
    logging.getLogger("webapp").setLevel(logging.INFO)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as application:
        application.test_client().post("/cache")  # fills it
        for action, rounds in ROUNDS.items():
            for what, found in measure(application, action, rounds).items():
                median, high = figures(found)
                rows.append(
                    {"who": action, "what": what, "answers": rounds, "median (ms)": median, "p95 (ms)": high}
                )
    of = {(row["who"], row["what"]): row for row in rows}
    for what in ("asked", "page"):
        times = of["database", what]["median (ms)"] / of["cache", what]["median (ms)"]
        of["cache", what]["times faster"] = times
    show("web_page", rows)


if __name__ == "__main__":
    main()
