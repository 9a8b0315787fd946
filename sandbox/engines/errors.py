"""What can go wrong behind a cache's endpoint."""

from __future__ import annotations

from ..hosts.errors import HostsError


class EngineError(HostsError):
    """A cache process did not do what it was asked to; the message says which and why."""


class EngineUnavailable(EngineError):
    """No usable server program is installed; the message says what to install."""
