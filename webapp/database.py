"""The database: a connection per thread, TLS with the server's name checked, and one error when it is away."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import ER

from .secret import Secret, SecretUnavailable
from .settings import Settings

RDS_ROOTS = Path(__file__).resolve().parent / "rds-ca.pem"
CONNECT_SECONDS = 2
REPLY_SECONDS = 30


_AWAY = (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError)
"""What PyMySQL raises for a server that is gone, refuses, or answers what cannot be understood."""


class DatabaseAway(Exception):
    """The database does not answer, or refuses us; the message says which."""


class Database:
    """Connections to one MySQL; may be used by many threads."""

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._settings = settings
        self._secret = secret
        self._threads = threading.local()
        self._trust = ssl.create_default_context()
        self._trust.load_verify_locations(RDS_ROOTS)

    def rows(self, statement: str, parameters: Any = None) -> list[list[Any]]:
        """Run a statement and return its rows, every value as the driver makes it. Raises DatabaseAway."""
        with self.cursor() as cursor:
            cursor.execute(statement, parameters)
            return [list(row) for row in cursor.fetchall()]

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Lend a cursor of this thread's connection; commit at the end. Raises DatabaseAway.

        A connection that failed is not used again. One that the server closed meanwhile is replaced first.
        """
        connection = self._connection()
        try:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        except _AWAY as error:
            self._drop()
            raise DatabaseAway(_said(error)) from error
        except BaseException:
            self._drop()
            raise

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            return self.rows("SELECT 1") == [[1]]
        except DatabaseAway:
            return False

    def _connection(self) -> Any:
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            try:
                connection.ping(reconnect=False)
                return connection
            except (pymysql.Error, OSError):
                self._drop()
        self._threads.connection = self._connect()
        return self._threads.connection

    def _connect(self) -> Any:
        try:
            return self._open()
        except _AWAY as error:
            if error.args[0] != ER.ACCESS_DENIED_ERROR:
                raise DatabaseAway(_said(error)) from error
        # Rotated since it was read.
        self._secret.forget()
        try:
            return self._open()
        except _AWAY as error:
            self._secret.forget()
            raise DatabaseAway(_said(error)) from error

    def _open(self) -> Any:
        settings = self._settings
        try:
            login = self._secret.login()
        except SecretUnavailable as error:
            raise DatabaseAway(str(error)) from error
        return pymysql.connect(
            host=settings.database_host,
            port=settings.database_port,
            database=settings.database_name,
            user=login.username,
            password=login.password,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=REPLY_SECONDS,
            write_timeout=REPLY_SECONDS,
            ssl=self._trust,
        )

    def _drop(self) -> None:
        connection = self._threads.__dict__.pop("connection", None)
        if connection is not None and connection.open:
            connection.close()


def _said(error: pymysql.Error) -> str:
    return str(error.args[-1]) if error.args else type(error).__name__
