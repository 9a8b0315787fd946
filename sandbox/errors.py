"""What can go wrong with the sandbox, each in one message for the person at the terminal."""

from __future__ import annotations


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
