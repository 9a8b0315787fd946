"""What each system has to show, as claims about the environment that is up; each is proved through its network.

A module NAME.py holds the claims of the stack NAME (with hyphens). A claim gets the Stage and returns its evidence.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client.results import CheckResult

    from .stage import Stage

SYSTEMS = ("memcached-pair", "redis-ha", "memcached-discovery", "web-demo", "single-node")


def shown(stage: Stage) -> Iterator[CheckResult]:
    """Try the claims of this stack's system, one after the other; a stack that is no system's has none."""
    if has_claims(stage.stack):
        module = importlib.import_module(f"{__name__}.{_module(stage.stack)}")
        yield from module.CLAIMS.run(stage, stage.stack)


def has_claims(stack: str) -> bool:
    """Say whether a system of this name has something to show."""
    return stack in SYSTEMS


def _module(stack: str) -> str:
    return stack.replace("-", "_")
