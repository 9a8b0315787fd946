"""All cases of the rule book, each under a name of its own."""

from __future__ import annotations

from collections.abc import Iterable

from . import hinted, memcached, redis_operation, redis_parameters, redis_shape, surroundings, warned
from .case import Case


def _numbered(cases: Iterable[Case]) -> list[Case]:
    """Return the cases with a number after a name that came before."""
    seen: dict[str, int] = {}
    result = []
    for case in cases:
        seen[case.id] = seen.get(case.id, 0) + 1
        result.append(case._replace(number=seen[case.id]))
    return result


REFUSED = _numbered(
    [
        *redis_shape.REFUSED,
        *redis_shape.NAMED,
        *redis_parameters.REFUSED,
        *redis_operation.REFUSED,
        *memcached.REFUSED,
        *memcached.NAMED,
        *surroundings.REFUSED,
    ]
)
WARNED = _numbered(warned.WARNED)
HINTED = _numbered(hinted.HINTED)
