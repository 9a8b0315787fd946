"""A statement's `Condition`: operators of IAM over the keys of one request.

An operator or a key that is not here is an error that names it: neither true nor false would be honest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .matching import NotEvaluated, filled_in, matches, matches_arn

Test = Callable[[str, str], bool]

_TESTS: dict[str, Test] = {
    "stringequals": lambda wanted, given: wanted == given,
    "stringequalsignorecase": lambda wanted, given: wanted.lower() == given.lower(),
    "stringlike": matches,
    "arnequals": matches_arn,
    "arnlike": matches_arn,
    "bool": lambda wanted, given: wanted.lower() == given.lower(),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
# Keys that the sandbox gives wherever AWS does, so that one which is not there is really absent.
_KNOWN = re.compile(
    r"aws:(principal(arn|account|type)|requestedregion|securetransport|resourceaccount|viaawsservice"
    r"|principalisawsservice|sourcearn|sourceaccount|principalorgid)"
    r"|kms:(viaservice|calleraccount|encryptioncontext:.+)"
    r"|s3:prefix"
    r"|lambda:(functionurlauthtype|invokedviafunctionurl|functionarn)",
)


def holds(block: Mapping[str, Any] | None, context: Mapping[str, str]) -> bool:
    """Whether every key of every operator holds; `context` has its keys in lower case. Raises NotEvaluated."""
    results = [
        _holds(operator, key.lower(), wanted, context)
        for operator, keys in (block or {}).items()
        for key, wanted in keys.items()
    ]
    return all(results)


def _holds(operator: str, key: str, wanted: Any, context: Mapping[str, str]) -> bool:
    name = operator.lower()
    if not _KNOWN.fullmatch(key):
        raise NotEvaluated(f"the sandbox does not know the condition key {key} of a policy")
    values = [_text(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
    given = context.get(key)
    if name == "null":
        return any((given is None) == (value.lower() == "true") for value in values)
    name, optional = name.removesuffix("ifexists"), name.endswith("ifexists")
    negated, name = name in _NEGATED, _NEGATED.get(name, name)
    if name not in _TESTS:
        raise NotEvaluated(f"the sandbox does not evaluate the condition operator {operator} of a policy")
    if given is None:
        return optional or negated
    return negated != any(_TESTS[name](filled_in(value, context), given) for value in values)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
