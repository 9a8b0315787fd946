"""The entry point in AWS Lambda: the same checks, the same report; where the cache is comes from the environment."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from .errors import InvalidEndpoint
from .work import error_as_mapping, perform_here

_CLOSING_SECONDS = 15.0


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer {"command": "verify" | "drill" | "put" | "get" | "delete", ...options}; without a command, verify.

    A request of the function's URL asks by its body. The endpoint is read anew for each call, so that a replaced cache
    or a rotated token needs no new function. What went wrong comes back under `error`; the handler itself does not
    fail, so Lambda repeats nothing.
    """
    try:
        task: dict[str, Any] = {"where": "function", **_asked(event)}
    except ValueError as error:
        return error_as_mapping(InvalidEndpoint(f"the request's body is no JSON object: {error}"))
    if "maximum_seconds" in task:
        task["maximum_seconds"] = min(task["maximum_seconds"], _seconds_left(context))
    return perform_here(task)


def _asked(event: Any) -> dict[str, Any]:
    """Return what is asked; raises ValueError for a request with another body than a JSON object."""
    given = cast("dict[str, Any]", event) if isinstance(event, dict) else {}
    if "requestContext" not in given:
        return given
    body = given.get("body") or "{}"
    asked = json.loads(base64.b64decode(body) if given.get("isBase64Encoded") else body)
    if not isinstance(asked, dict):
        raise ValueError(f"it is {type(asked).__name__}")
    return cast("dict[str, Any]", asked)


def _seconds_left(context: Any) -> float:
    """How long a drill may take here, so that its record is read back before Lambda ends the function."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else max(1.0, remaining() / 1000 - _CLOSING_SECONDS)
