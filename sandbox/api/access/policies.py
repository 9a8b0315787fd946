"""Policy documents against one request: does a statement apply, and what do all of them say together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .conditions import holds
from .matching import NotEvaluated, filled_in, matches, matches_arn

ALLOW, DENY, NOTHING = "allow", "deny", "nothing"


def verdict(documents: Iterable[str], action: str, resource: str, context: Mapping[str, str]) -> str:
    """What identity policies say: DENY, ALLOW or NOTHING. Raises NotEvaluated for what the sandbox cannot tell."""
    found = {
        statement["Effect"]
        for document in documents
        for statement in statements(document)
        if applies(statement, action, resource, context)
    }
    return DENY if "Deny" in found else ALLOW if "Allow" in found else NOTHING


def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a document."""
    return list(_statements(document))


@lru_cache(512)
def _statements(document: str) -> tuple[dict[str, Any], ...]:
    return tuple(listed(json.loads(document)["Statement"]))


def applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement is about this action on this resource, under these circumstances."""
    return (
        _names_action(statement, action)
        and _names_resource(statement, resource, context)
        and holds(statement.get("Condition"), context)
    )


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    negated = "NotAction" in statement
    patterns = listed(statement.get("NotAction" if negated else "Action", []))
    return negated != any(matches(pattern.lower(), action.lower()) for pattern in patterns)


def _names_resource(statement: Mapping[str, Any], resource: str, context: Mapping[str, str]) -> bool:
    negated = "NotResource" in statement
    patterns = listed(statement.get("NotResource" if negated else "Resource", []))
    return negated != any(_matches_resource(pattern, resource, context) for pattern in patterns)


def _matches_resource(pattern: str, resource: str, context: Mapping[str, str]) -> bool:
    # An action without resources of its own is asked for as "*", which only "*" names.
    pattern = filled_in(pattern, context)
    return pattern == "*" or (resource != "*" and matches_arn(pattern, resource))


def names_principal(statement: Mapping[str, Any], principals: Mapping[str, Iterable[str]]) -> bool:
    """Whether a resource policy's statement is about one of these principals: kind (AWS, Service) -> names."""
    if "NotPrincipal" in statement:
        raise NotEvaluated("the sandbox does not evaluate NotPrincipal of a policy")
    named = statement.get("Principal", {})
    if named == "*":
        return True
    if isinstance(named, str):
        named = {"AWS": named}
    return any(
        name == "*" or name in principals.get(kind, ())
        for kind, names in named.items()
        for name in listed(names)
    )


def listed(value: Any) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]
