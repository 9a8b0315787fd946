"""What can go wrong with the sandbox, each in one message for the person at the terminal."""

from __future__ import annotations

import errno
from pathlib import Path


class SandboxError(Exception):
    """An error that is told in one message, without a traceback; `exit_code` ends the command."""

    exit_code = 1


class PortInUse(SandboxError):
    """The port asked for belongs to another process."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use by another program\n"
            "  choose another with --port or SANDBOX_PORT, or leave both out and a free one is taken"
        )


class NoSandbox(SandboxError):
    """A command needs a sandbox that runs, and none does."""

    def __init__(self) -> None:
        super().__init__("no sandbox is running in this folder\n  start one: python -m sandbox up")


class UsageProblem(SandboxError):
    """The command line or the configuration is wrong; nothing was changed."""

    exit_code = 2


class NoStateFolder(SandboxError):
    """The folder for the sandbox's state cannot be made or written."""

    def __init__(self, path: Path, error: OSError) -> None:
        way = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "make it writable"
        super().__init__(
            f"{path} cannot hold the sandbox's state: {error.strerror or error}\n  {way}, then try again"
        )


class AlreadyStarting(SandboxError):
    """Another supervisor has the folder."""

    def __init__(self) -> None:
        super().__init__("another process is starting the sandbox of this folder; wait until it has ended")


class StartFailed(SandboxError):
    """The supervisor ended before it was ready."""


class OtherSources(SandboxError):
    """The sandbox that runs was started from other sources than those of the command."""

    def __init__(self, trouble: str = "") -> None:
        super().__init__(
            "the sandbox that runs was started before this program was changed"
            + (f", and they do not go together: {trouble}" if trouble else "")
            + "\n  start it anew; what it holds ends with it: python -m sandbox stop, then python -m sandbox up"
        )


class ControlFailed(SandboxError):
    """The supervisor refused or failed a request of a command."""
