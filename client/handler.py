"""The entry point in AWS Lambda: the same checks, the same report; where the cache is comes from the environment."""

from __future__ import annotations

from typing import Any

from .endpoint import Endpoint
from .errors import CacheError
from .work import error_as_mapping, perform


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer {"command": "verify" | "drill" | "put" | "get" | "delete", ...options}; without a command, verify.

    The endpoint is read anew for each call, so that a replaced cache or a rotated token needs no new function. What
    went wrong comes back under `error`; the handler itself does not fail, so Lambda repeats nothing.
    """
    options = dict(event) if isinstance(event, dict) else {}
    command = str(options.pop("command", "verify"))
    options.setdefault("where", "function")
    try:
        endpoint = Endpoint.from_environment()
    except CacheError as error:
        return error_as_mapping(error)
    return perform(command, options, endpoint)
