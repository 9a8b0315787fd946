"""Deploys a Pulumi program where there is no `pulumi` command: `Deployment(project, make_provider, listener).up()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .deployment import Deployment

__all__ = ["Deployment"]


def __getattr__(name: str) -> Any:
    """Imports the deployer, and with it Pulumi's SDK, when it is first asked for: projects and states need neither."""
    if name in __all__:
        from .deployment import Deployment

        return Deployment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
