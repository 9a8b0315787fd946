"""What a Memcached cache may not be told, each with its message."""

from __future__ import annotations

import pytest

from components.memcached_arguments import REFUSED, MemcachedCacheArgs
from components.memcached_checks import check_memcached_cache
from components.problems import Problem
from components.redis_arguments import RedisCacheArgs
from tests.components.shared import TOKEN, cache_args


def problems_of(**changes):
    return check_memcached_cache("cache", cache_args(**changes)).problems


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"node_count": 0}, "node_count", "must be 1-60, got 0"),
        ({"node_count": 61}, "node_count", "must be 1-60, got 61"),
        ({"node_count": "two"}, "node_count", "must be a whole number, got 'two'"),
        (
            {"engine_version": "1.6"},
            "engine_version",
            "'1.6' is not how memcached versions are written here: 1.6.22",
        ),
        (
            {"engine_version": "1.6.13"},
            "engine_version",
            "'1.6.13' is not offered for memcached; offered: 1.4.5, 1.4.14, 1.4.24, 1.4.33, 1.4.34, 1.5.10, 1.5.16, "
            "1.6.6, 1.6.12, 1.6.17 or 1.6.22",
        ),
        (
            {"engine_version": "1.6.6"},
            "transit_encryption",
            "Memcached 1.6.6 has no TLS; use 1.6.12 or later, or say transit_encryption: false (R103)",
        ),
        (
            {"engine_version": "1.5.10", "transit_encryption": False},
            "node_type",
            "'cache.t4g.micro' needs memcached 1.5.16 or later, got 1.5.10",
        ),
        (
            {"engine_version": "1.5.16", "transit_encryption": False, "network_type": "ipv6"},
            "network_type",
            "needs memcached 1.6.6 or later, got 1.5.16",
        ),
        (
            {"node_type": "cache.m4.large", "network_type": "ipv6"},
            "network_type",
            "IPv6 needs a newer generation than cache.m4.large (R62)",
        ),
        (
            {"node_type": "cache.t2.micro"},
            "node_type",
            "'cache.t2.micro' takes no new caches; use cache.t4g",
        ),
        (
            {"preferred_availability_zones": ["eu-west-1a"]},
            "preferred_availability_zones",
            "must be one zone per node: 2 of them, got 1",
        ),
        (
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1c"]},
            "preferred_availability_zones[1]",
            "'eu-west-1c' has no subnet; zones with one: eu-west-1a, eu-west-1b",
        ),
        ({"port": 8005}, "port", "must be 1150-8004 or 8006-65535, got 8005 (R131)"),
        (
            {"maintenance_window": "sun:05:00-sun:05:30"},
            "maintenance_window",
            "'sun:05:00-sun:05:30' is 30 minutes; at least 60",
        ),
        (
            {"notification_topic_arn": "events"},
            "notification_topic_arn",
            "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'events' (R165)",
        ),
        (
            {"ip_discovery": "both"},
            "ip_discovery",
            "must be ipv4 or ipv6, got 'both'",
        ),
        (
            {"parameters": {"max_item_sice": 1024}},
            "parameters.max_item_sice",
            "unknown in family memcached1.6; did you mean max_item_size?",
        ),
        (
            {"parameter_group_name": "default.memcached1.5"},
            "parameter_group_name",
            "'default.memcached1.5' does not fit memcached 1.6.22; use default.memcached1.6 (R38)",
        ),
        ({"vpc_id": None}, "vpc_id", "is required (or security_group_ids, to use what exists)"),
        ({"subnet_ids": None}, "subnet_ids", "is required (or subnet_group_name, to use what exists)"),
        (
            {"security_group_ids": []},
            "security_group_ids",
            "must hold at least one: an empty list means the VPC's default group (R129)",
        ),
        ({"node_cuont": 2}, "node_cuont", "unknown; did you mean node_count?"),
    ],
)
def test_a_wrong_argument_is_refused_and_nothing_else(change, path, message):
    assert problems_of(**change) == [Problem(path, message)]


@pytest.mark.parametrize("key", REFUSED)
def test_what_memcached_does_not_have_is_refused_by_name(key):
    assert problems_of(**{key: "anything"}) == [Problem(key, REFUSED[key])]


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
