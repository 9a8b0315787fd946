"""The entry point in AWS Lambda: the same checks, the same report; where the cache is comes from the environment."""

from __future__ import annotations

from typing import Any, cast

from .work import perform_here

_CLOSING_SECONDS = 15.0


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer {"command": "verify" | "drill" | "put" | "get" | "delete", ...options}; without a command, verify.

    The endpoint is read anew for each call, so that a replaced cache or a rotated token needs no new function. What
    went wrong comes back under `error`; the handler itself does not fail, so Lambda repeats nothing.
    """
    given = cast("dict[str, Any]", event) if isinstance(event, dict) else {}
    task: dict[str, Any] = {"where": "function", **given}
    if "maximum_seconds" in task:
        task["maximum_seconds"] = min(task["maximum_seconds"], _seconds_left(context))
    return perform_here(task)


def _seconds_left(context: Any) -> float:
    """How long a drill may take here, so that its record is read back before Lambda ends the function."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else max(1.0, remaining() / 1000 - _CLOSING_SECONDS)
