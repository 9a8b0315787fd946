"""One family of exceptions, each with the exit code of a command that ends with it."""

from __future__ import annotations


class CacheError(Exception):
    """Whatever the client raises by itself; the message is one line for a person."""

    exit_code = 1


class InvalidEndpoint(CacheError):
    """The description of where the cache is cannot be used; nothing was sent."""

    exit_code = 2


class CacheUnreachable(CacheError):
    """No answer, and nothing was changed by this call: the command was not sent, was refused, or only reads.

    `stage` says how far the call came: name, connect, tls, login, role, reply, or parameter.
    """

    exit_code = 3

    def __init__(self, message: str, stage: str = "") -> None:
        super().__init__(message)
        self.stage = stage


class DeadlineExceeded(CacheUnreachable):
    """The call's time was used up; `stage` says in what."""


class CacheRefused(CacheError):
    """The other side answered, and the answer is no.

    `code` is the word it began with (WRONGPASS, NOAUTH, NOPERM, READONLY, OOM, WRONGTYPE, ERR …), `TLS` when the
    handshake failed, `PROTOCOL` when it does not speak the engine's protocol, `AWS` when AWS refused the parameter.
    `stage` is as in CacheUnreachable.
    """

    exit_code = 4

    def __init__(self, message: str, code: str = "ERR", stage: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.stage = stage


class OutcomeUnknown(CacheError):
    """A write was sent and its answer was lost: it may or may not have happened. It is never repeated by itself."""

    exit_code = 3


class CheckFailed(CacheError):
    """The cache answers, but not as claimed."""

    exit_code = 1
