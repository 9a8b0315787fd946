"""What the application is told by its environment; nothing of it is secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class InvalidSettings(Exception):
    """The environment does not say what the application needs; every problem, a line each."""


@dataclass(frozen=True)
class Settings:
    """Where the database is, which secret opens it, and how much is kept for how long."""

    database_host: str
    database_port: int
    database_name: str
    database_secret: str
    """Name or ARN of the secret in Secrets Manager: JSON with username and password, read when a connection opens."""
    ttl_seconds: int
    """How long the cache keeps the rows; 1-86400."""
    row_limit: int
    """Rows of the answer at most; 1-500."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read WEB_DATABASE_{HOST,PORT,NAME,SECRET}, WEB_TTL_SECONDS, WEB_ROW_LIMIT. Raises InvalidSettings."""
        reading = _Reading(environment)
        found = cls(
            database_host=reading.text("WEB_DATABASE_HOST"),
            database_port=reading.number("WEB_DATABASE_PORT", 3306, 1, 65535),
            database_name=reading.text("WEB_DATABASE_NAME"),
            database_secret=reading.text("WEB_DATABASE_SECRET"),
            ttl_seconds=reading.number("WEB_TTL_SECONDS", 60, 1, 86400),
            row_limit=reading.number("WEB_ROW_LIMIT", 500, 1, 500),
        )
        if reading.problems:
            raise InvalidSettings("\n".join(reading.problems))
        return found


class _Reading:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            self.problems.append(f"{name} is not set")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self._environment.get(name, str(default))
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        self.problems.append(f"{name} must be {least}-{most}, got {value!r}")
        return default
