"""What can go wrong in a deployment, each in one message for the person at the terminal."""

from __future__ import annotations

from ..errors import SandboxError


class DeployError(SandboxError):
    """A refusal or failure worth one message, without a traceback."""


class ConfigurationProblem(DeployError):
    """The project's files are wrong; nothing was changed."""

    exit_code = 2


class Unsupported(DeployError):
    """The program asks for something that only the real engine has."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the embedded deployer does not support {what}\n"
            "  the real engine does: install the pulumi command, then use --engine pulumi"
        )


class StateProblem(DeployError):
    """The stack's state cannot be read, or cannot be written."""


class StackBusy(DeployError):
    """Another run holds the stack."""


class Halted(DeployError):
    """No new step may start: the run was interrupted, or its state cannot be written."""
