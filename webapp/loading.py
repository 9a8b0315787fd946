"""Fills the database once: interrupted anywhere, the next run begins anew; run again, it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from . import data_set
from .database import Database

BATCH = 5000
LOCK_SECONDS = 300
_TABLES = (
    "DROP TABLE IF EXISTS readings",
    "DROP TABLE IF EXISTS stations",
    """CREATE TABLE stations (
        id INT PRIMARY KEY, name VARCHAR(64) NOT NULL, country VARCHAR(64) NOT NULL, elevation INT NOT NULL)""",
    """CREATE TABLE readings (
        station_id INT NOT NULL, day DATE NOT NULL, temperature DOUBLE NOT NULL, rainfall DOUBLE NOT NULL,
        wind DOUBLE NOT NULL, PRIMARY KEY (station_id, day))""",
)


def load(database: Database, tell: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Fill the tables and return how many readings were written: 0 when this data set is there already.

    tell(done, total) is called after each batch. Raises DatabaseAway; pymysql.Error when the database refuses.
    """
    with database.cursor() as cursor:
        # Held by the connection: a second instance that boots at the same time waits, then finds all loaded.
        cursor.execute("SELECT GET_LOCK('webapp-loading', %s)", (LOCK_SECONDS,))
        if cursor.fetchone() != (1,):
            raise TimeoutError(f"another loading has gone on for {LOCK_SECONDS} seconds")
        try:
            if _loaded(cursor):
                return 0
            return _fill(cursor, tell)
        finally:
            cursor.execute("DO RELEASE_LOCK('webapp-loading')")


def _loaded(cursor: Any) -> bool:
    cursor.execute("CREATE TABLE IF NOT EXISTS loaded (version VARCHAR(64) PRIMARY KEY)")
    cursor.execute("SELECT version FROM loaded")
    return cursor.fetchall() == ((data_set.VERSION,),)


def _fill(cursor: Any, tell: Callable[[int, int], None]) -> int:
    cursor.execute("DELETE FROM loaded")
    cursor.connection.commit()
    for statement in _TABLES:
        cursor.execute(statement)
    cursor.executemany("INSERT INTO stations VALUES (%s, %s, %s, %s)", data_set.stations())
    total, done = data_set.STATIONS * data_set.DAYS, 0
    for batch in _batches(data_set.readings()):
        cursor.executemany("INSERT INTO readings VALUES (%s, %s, %s, %s, %s)", batch)
        done += len(batch)
        tell(done, total)
    # Last, and in one commit with the rows: what is half loaded does not count as loaded.
    cursor.execute("INSERT INTO loaded VALUES (%s)", (data_set.VERSION,))
    cursor.connection.commit()
    return done


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        yield batch
