"""All cases of the rule book."""

from __future__ import annotations

from . import memcached, redis_operation, redis_shape, surroundings, warned

REFUSED = [
    *redis_shape.REFUSED,
    *redis_shape.NAMED,
    *redis_operation.REFUSED,
    *memcached.REFUSED,
    *memcached.NAMED,
    *surroundings.REFUSED,
]
WARNED = warned.WARNED
