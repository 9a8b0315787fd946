"""A stack's state for the real engine: what `pulumi stack import` takes over."""

from __future__ import annotations

from typing import Any

from .errors import DeployError
from .project import Project


def export(project: Project, encryptionsalt: str) -> dict[str, Any]:
    """The state as a deployment to import: secrets in plain text, so write it where nobody else can read it.

    `encryptionsalt` is the one in the target's stack file; the engine crashes on a deployment that does not name the
    provider of its secrets. It encrypts them under the target's passphrase when it imports them.
    """
    deployment = project.state_file.load()
    if not deployment:
        raise DeployError(f"stack {project.stack} has no state to hand over")
    if not encryptionsalt:
        raise DeployError(
            f"the target of stack {project.stack} has no encryptionsalt\n"
            "  make it first: pulumi stack init, with a passphrase, writes one into the stack's file"
        )
    provider = {"type": "passphrase", "state": {"salt": encryptionsalt}}
    return {"version": 3, "deployment": {**deployment, "secrets_providers": provider}}
