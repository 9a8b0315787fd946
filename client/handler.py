"""The entry point in AWS Lambda: the same checks, the same report; where the cache is comes from the environment."""

from __future__ import annotations

from typing import Any

from .work import perform_here


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer {"command": "verify" | "drill" | "put" | "get" | "delete", ...options}; without a command, verify.

    The endpoint is read anew for each call, so that a replaced cache or a rotated token needs no new function. What
    went wrong comes back under `error`; the handler itself does not fail, so Lambda repeats nothing.
    """
    task = {"where": "function", **(event if isinstance(event, dict) else {})}
    return perform_here(task)
