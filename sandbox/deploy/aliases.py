"""Which earlier URNs a resource answers to: those it names itself, and those it inherits from its parents."""

from __future__ import annotations

from typing import Any

from .resource import STACK_TYPE


class Aliases:
    """The earlier URNs of what one run has registered; parents come before their children."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}

    def learn(self, urn: str, request: Any) -> list[str]:
        """The earlier URNs of a registration, its own first, as the engine multiplies them out."""
        # The SDK spells the stack as a parent, URNs do not.
        own = [alias.replace(f"::{STACK_TYPE}$", "::") for alias in request.aliasURNs]
        inherited = [
            _of_child(request.type, request.name, request.parent, earlier)
            for earlier in self._of.get(request.parent, [])
        ]
        self._of[urn] = list(dict.fromkeys(one for one in [*own, *inherited] if one != urn))
        return self._of[urn]


def _of_child(type_: str, name: str, parent: str, earlier_parent: str) -> str:
    """The URN a child had below an earlier parent: a name that begins with its parent's changed with it."""
    prefix, parent_name = parent.split("::", 3)[:2], parent.split("::", 3)[3]
    parent_type, earlier_name = earlier_parent.split("::", 3)[2:]
    if name.startswith(parent_name):
        name = earlier_name + name[len(parent_name) :]
    return "::".join([*prefix, f"{parent_type}${type_}", name])
