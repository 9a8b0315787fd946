"""How a policy's patterns match: `*` and `?`, ARNs part by part, and `${variables}` of the request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ARN_PARTS = 6


class NotEvaluated(NotImplementedError):
    """A policy holds what the sandbox cannot evaluate; the call is answered with an error that says so."""


def matches(pattern: str, text: str) -> bool:
    """Whether `*` (any characters) and `?` (one) make the pattern the text."""
    return _compiled(pattern).fullmatch(text) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether the pattern matches the ARN; a wildcard does not reach beyond its part, but for the last one."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    return len(wanted) == len(given) == _ARN_PARTS and all(
        matches(one, other) for one, other in zip(wanted, given, strict=True)
    )


def filled_in(text: str, context: Mapping[str, str]) -> str:
    """The text with its policy variables replaced; raises NotEvaluated for one that the sandbox does not know."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in ("*", "?", "$"):
            # A wildcard meant literally: a class of one character would be needed, which IAM's patterns have not.
            raise NotEvaluated(f"the sandbox does not evaluate the escape ${{{name}}} of a policy")
        if name.lower() not in context:
            raise NotEvaluated(f"the sandbox does not know the policy variable ${{{name}}}")
        return context[name.lower()]

    return _VARIABLE.sub(value, text)


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    words = {"*": ".*", "?": "."}
    return re.compile("".join(words.get(letter) or re.escape(letter) for letter in pattern), re.DOTALL)
