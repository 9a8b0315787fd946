"""What a Memcached cache may not be told, beside the cases of the rule book."""

from __future__ import annotations

import pytest

from components.memcached_arguments import REFUSED, MemcachedCacheArgs
from components.memcached_checks import check_memcached_cache
from components.redis_arguments import RedisCacheArgs
from tests.components.shared import TOKEN, cache_args


def problems_of(**changes):
    return check_memcached_cache("cache", cache_args(**changes)).problems


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("snapshot_retention_days", 0, "Memcached has no backups"),
        ("final_snapshot", False, "Memcached has no backups"),
        ("auth_token", TOKEN, "Memcached has no password"),
        ("kms_key_arn", "arn:aws:kms:eu-west-1:123456789012:key/1", "encrypts nothing at rest"),
        ("replicas", 1, "Memcached has no replicas"),
        ("availability_zone", "eu-west-1a", "say preferred_availability_zones"),
        ("serverless", True, "serverless caches have no component yet"),
    ],
)
def test_the_reason_is_told_whatever_the_value(key, value, reason):
    ((path, message),) = problems_of(**{key: value})

    assert path == key
    assert reason in message
    assert TOKEN not in message


def test_every_argument_of_redis_is_taken_or_refused_with_a_reason():
    taken = set(MemcachedCacheArgs.__annotations__)

    assert set(RedisCacheArgs.__annotations__) - taken - set(REFUSED) == set()
    assert taken & set(REFUSED) == set()


def test_a_single_node_is_not_blamed_for_its_one_zone():
    assert check_memcached_cache("cache", cache_args(node_count=1)).warnings == []


def test_every_problem_is_found_at_once():
    assert [
        path for path, _ in problems_of(node_count=99, port=1, snapshot_window="x", node_type="t3.micro")
    ] == [
        "snapshot_window",
        "node_type",
        "node_count",
        "port",
    ]


def test_a_name_too_long_is_refused_by_name():
    (problem,) = check_memcached_cache("n" * 33, cache_args()).problems

    assert problem.path == "name"
