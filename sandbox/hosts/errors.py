"""What can go wrong with the hosts, as exceptions that say the way out."""

from __future__ import annotations


class HostsError(RuntimeError):
    """Something about the hosts failed; the message is for the person who runs the sandbox."""


class HostsUnavailable(HostsError):
    """This machine refuses what the hosts need; the message names the reason and the way out."""


class HostsGone(HostsError):
    """The daemon is no longer there; everything it owned went with it."""


class OperationFailed(HostsError):
    """An operation raised in the daemon. `kind` is the name of the exception's class there."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
