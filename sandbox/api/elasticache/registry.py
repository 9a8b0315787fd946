"""The table of operations: each a function from the request's members to the answer's, in boto3's shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .service import Service
    from .store import Store

Operation = Callable[["Service", "Store", dict[str, Any]], "dict[str, Any] | None"]
OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Register a function as the API's operation `name`."""

    def register(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return register
