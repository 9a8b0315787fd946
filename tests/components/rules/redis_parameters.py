"""What a Redis or Valkey cache may not have as parameters of its engine."""

from __future__ import annotations

from .case import cases

REFUSED = cases(
    "RedisCache",
    [
        ("R171", {"parameters": {"timeout": 5}}, "parameters.timeout", "must be 20 or more (or 0), got 5"),
        (
            "",
            {"parameters": {"timeout": 0}, "parameter_group_name": "shop"},
            "parameter_group_name",
            "give either parameters or an existing parameter_group_name",
        ),
        (
            "R38",
            {"parameter_group_name": "default.redis6.x"},
            "parameter_group_name",
            "'default.redis6.x' does not fit redis 7.1; use default.redis7 (R38)",
        ),
        (
            "R80",
            {"parameter_group_name": "default.redis7.cluster.on"},
            "parameter_group_name",
            "'default.redis7.cluster.on' does not fit redis 7.1; use default.redis7 (R38)",
        ),
        (
            "R14",
            {"parameter_group_name": "shop_1"},
            "parameter_group_name",
            "'shop_1' must be 1-255 letters, digits and single hyphens, first a letter, last no hyphen",
        ),
        (
            "R58",
            {"node_type": "cache.r6gd.xlarge", "parameters": {"maxmemory-policy": "allkeys-lfu"}},
            "parameters.maxmemory-policy",
            "with r6gd: noeviction, volatile-lru or allkeys-lru, got 'allkeys-lfu'",
        ),
        (
            "R171",
            {"parameters": {"maxmemory": 1000}},
            "parameters.maxmemory",
            "cannot be changed on ElastiCache",
        ),
        (
            "R171",
            {"parameters": {"appendonly": True}},
            "parameters.appendonly",
            "cannot be changed on ElastiCache (AOF not available on this engine)",
        ),
        (
            "R171",
            {"parameters": {"reserved-memory": 100, "reserved-memory-percent": 10}},
            "parameters.reserved-memory",
            "excludes reserved-memory-percent; give one of them",
        ),
        (
            "R171",
            {"parameters": {"maxmemory-polcy": "allkeys-lru"}},
            "parameters.maxmemory-polcy",
            "unknown in family redis7; did you mean maxmemory-policy?",
        ),
        (
            "R171",
            {"parameters": {"maxmemory-policy": "allkeys-lur"}},
            "parameters.maxmemory-policy",
            "must be volatile-lru, allkeys-lru, volatile-lfu, allkeys-lfu, volatile-random, allkeys-random, "
            "volatile-ttl or "
            "noeviction, got 'allkeys-lur'; did you mean allkeys-lru?",
        ),
        (
            "R171",
            {"parameters": {"timeout": "soon"}},
            "parameters.timeout",
            "must be a whole number, got 'soon'",
        ),
        ("R171", {"parameters": {"timeout": [1]}}, "parameters.timeout", "must be text or a number, got [1]"),
        (
            "R171",
            {"parameters": {"hash-max-ziplist-value": 64}},
            "parameters.hash-max-ziplist-value",
            "is gone since family redis7",
        ),
        (
            "R171",
            {
                "engine": "valkey",
                "engine_version": "8.0",
                "parameters": {"commandlog-reply-larger-than": 1024},
            },
            "parameters.commandlog-reply-larger-than",
            "needs valkey 8.1 or later, got 8.0",
        ),
        (
            "R80 R171",
            {"parameters": {"cluster-enabled": "yes"}},
            "parameters.cluster-enabled",
            "turns cluster mode on, for which there is no component yet",
        ),
    ],
)
