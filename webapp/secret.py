"""The database's user and password, read from Secrets Manager when a connection opens and kept nowhere else."""

from __future__ import annotations

import json
import threading
from typing import Any, NamedTuple


class SecretUnavailable(Exception):
    """The secret cannot be read, or does not hold a user and a password."""


class Login(NamedTuple):
    """A user and its password; the password never shows in a repr."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login(username={self.username!r}, password=...)"


class Secret:
    """One secret of Secrets Manager: JSON with `username` and `password`."""

    def __init__(self, name: str, client: Any = None) -> None:
        """client is a boto3 client of secretsmanager; made at the first reading when left out."""
        self._name = name
        self._client = client
        self._lock = threading.Lock()
        self._login: Login | None = None

    def login(self) -> Login:
        """Return the login, read once until `forget`. Raises SecretUnavailable."""
        with self._lock:
            if self._login is None:
                self._login = self._read()
            return self._login

    def forget(self) -> None:
        """Have it read again: the database refused it, as a rotation changes it."""
        with self._lock:
            self._login = None

    def _read(self) -> Login:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        if self._client is None:
            config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
            self._client = boto3.client("secretsmanager", config=config)
        try:
            text = self._client.get_secret_value(SecretId=self._name)["SecretString"]
        except (BotoCoreError, ClientError) as error:
            raise SecretUnavailable(f"the secret {self._name} cannot be read: {error}") from error
        try:
            found = json.loads(text)
            return Login(found["username"], found["password"])
        except (ValueError, KeyError, TypeError):
            # Without its cause, which would quote the secret.
            raise SecretUnavailable(
                f"the secret {self._name} is not JSON with username and password"
            ) from None
