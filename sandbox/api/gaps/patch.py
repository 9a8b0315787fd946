"""How a method of moto is replaced."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

Replacement = Callable[..., Any]


def around(owner: type, name: str) -> Callable[[Replacement], Replacement]:
    """Puts `replacement(original, self, *args, **kwargs)` in the place of `owner.name`.

    Fails at once when moto has no such method any more: a patch must not end up beside what it patches.
    """
    original = getattr(owner, name)

    def put(replacement: Replacement) -> Replacement:
        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return replacement(original, self, *args, **kwargs)

        setattr(owner, name, method)
        return replacement

    return put


def named(original: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of a call by their names, however moto's caller passed them."""
    bound = inspect.signature(original).bind(*args, **kwargs)
    bound.apply_defaults()
    rest = bound.arguments.pop("kwargs", {})
    return {**bound.arguments, **rest}
