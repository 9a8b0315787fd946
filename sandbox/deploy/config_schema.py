"""The `config` section of Pulumi.yaml: what a stack may set, of which type, with which default.

Checked as the engine checks it, but all problems are collected, and a key declared secret may be given in plain, as a
local stack has no place for a key to decrypt with: it reaches the program as a secret.
"""

from __future__ import annotations

import re
from typing import Any

from .config_text import text_of

_ATTRIBUTES = {"type", "items", "description", "default", "value", "secret"}
_TYPES = ("string", "integer", "boolean", "array", "object")

Problems = list[tuple[str, str]]


class ConfigSchema:
    """The declared keys of a project; `problems` has what is wrong with the declarations themselves."""

    def __init__(self, project: str, section: dict[str, Any]) -> None:
        self.problems: Problems = []
        self._project = project
        self._declared: dict[str, dict[str, Any]] = {}
        for key, declaration in section.items():
            self._declare(key if ":" in key else f"{project}:{key}", declaration)

    @property
    def secret_keys(self) -> set[str]:
        return {key for key, declaration in self._declared.items() if declaration.get("secret")}

    def apply(self, given: dict[str, Any]) -> tuple[dict[str, Any], Problems]:
        """The given values with the defaults under them, and what is missing or of a wrong type."""
        problems: Problems = []
        values = dict(given)
        for key, declaration in self._declared.items():
            if key not in values:
                if "value" in declaration or "default" in declaration:
                    values[key] = declaration.get("value", declaration.get("default"))
                else:
                    problems.append((key, "missing; set it in the stack's file"))
                continue
            if "type" in declaration and not fits(values[key], declaration):
                got = "" if key in self.secret_keys else f", got {shown(values[key])}"
                problems.append((key, f"must be of type {spelled(declaration)}{got}"))
        return values, problems

    def _declare(self, key: str, declaration: Any) -> None:
        if not isinstance(declaration, dict):
            self._declared[key] = {"value": declaration}
            return
        unknown = sorted(set(declaration) - _ATTRIBUTES)
        if unknown:
            self.problems.append(
                (key, f"unknown attribute {unknown[0]!r}; accepted: {', '.join(sorted(_ATTRIBUTES))}")
            )
            return
        if "type" in declaration:
            problem = self._type_problem(key, declaration)
            if problem:
                self.problems.append((key, problem))
                return
        self._declared[key] = declaration

    def _type_problem(self, key: str, declaration: dict[str, Any]) -> str:
        if not key.startswith(self._project + ":"):
            return "belongs to another namespace than the project's and must not declare a type"
        if declaration["type"] not in _TYPES:
            return f"type must be one of {', '.join(_TYPES)}, got {declaration['type']!r}"
        if declaration["type"] == "array" and not isinstance(declaration.get("items"), dict):
            return "an array must declare the type of its items"
        if declaration.get("default") is not None and not fits(declaration["default"], declaration):
            return f"the default is not of type {spelled(declaration)}"
        return ""


def fits(value: Any, declaration: dict[str, Any]) -> bool:
    """Whether a stack's value has the declared type; text that reads as a number or a boolean counts as one."""
    kind = declaration["type"]
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list) and all(_item_fits(item, declaration["items"]) for item in value)
    if isinstance(value, (dict, list)):
        return False
    text = text_of(value)
    if kind == "integer":
        return re.fullmatch(r"[-+]?\d+", text) is not None
    return kind == "string" or text in ("true", "false")


def spelled(declaration: dict[str, Any]) -> str:
    """The type as people write it: `array<string>`."""
    if declaration["type"] == "array":
        return f"array<{spelled(declaration['items'])}>"
    return str(declaration["type"])


def shown(value: Any) -> str:
    """A wrong value, short enough for one line."""
    text = repr(value) if isinstance(value, str) else text_of(value) or "nothing"
    return text if len(text) <= 60 else text[:57] + "..."


def _item_fits(value: Any, declaration: dict[str, Any]) -> bool:
    kind = declaration.get("type")
    if kind == "array":
        return isinstance(value, list) and all(_item_fits(item, declaration["items"]) for item in value)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "object": dict}.get(str(kind), object))
