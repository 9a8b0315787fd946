"""What a Redis cache may not be told, each with its message."""

from __future__ import annotations

import pulumi
import pytest

from components.problems import Problem
from components.redis_arguments import REFUSED
from components.redis_checks import check_redis_cache
from tests.components.shared import TOKEN, cache_args

ONE_ZONE = {"eu-west-1a": "subnet-a"}


def problems_of(**changes):
    return check_redis_cache("cache", cache_args(**changes)).problems


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (
            {"engine": "memcached"},
            "engine",
            "Memcached has no replication: use the MemcachedCache component (R29)",
        ),
        ({"engine": "reddis"}, "engine", "must be redis or valkey, got 'reddis'; did you mean redis?"),
        ({"engine": "Redis"}, "engine", "must be redis or valkey, got 'Redis'; did you mean redis?"),
        (
            {"engine_version": "7.x"},
            "engine_version",
            "'7.x' is not how redis versions are written here: 7.1, or 6.x for the latest 6",
        ),
        ({"engine_version": 7.1}, "engine_version", "must be text, got 7.1; put it in quotes"),
        ({"replicas": 9}, "replicas", "must be 0-5, got 9"),
        ({"replicas": -1}, "replicas", "must be 0-5, got -1"),
        ({"replicas": "two"}, "replicas", "must be a whole number, got 'two'"),
        (
            {"subnet_ids": ONE_ZONE},
            "replicas",
            "1 of them need subnets in two zones, got eu-west-1a only; add a zone, or say replicas: 0 (R76)",
        ),
        (
            {"node_type": "cache.t4g.mikro"},
            "node_type",
            "'cache.t4g.mikro' is no size of t4g: micro, small, medium",
        ),
        (
            {"engine_version": "4.0.10"},
            "node_type",
            "'cache.t4g.micro' needs redis 5.0.6 or later, got 4.0.10",
        ),
        ({"port": 8005}, "port", "must be 1150-8004 or 8006-65535, got 8005 (R131)"),
        (
            {"preferred_availability_zones": ["eu-west-1a"]},
            "preferred_availability_zones",
            "must be one zone per node: 2 of them, got 1",
        ),
        (
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1a"]},
            "preferred_availability_zones",
            "puts every node into eu-west-1a; replicas need two zones (R76)",
        ),
        (
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1c"]},
            "preferred_availability_zones[1]",
            "'eu-west-1c' has no subnet; zones with one: eu-west-1a, eu-west-1b",
        ),
        ({"authentication": "password"}, "authentication", "must be token or none, got 'password'"),
        (
            {"transit_encryption": False},
            "transit_encryption",
            "a token needs TLS; keep it on, or say authentication: none to go without both",
        ),
        ({"authentication": "none", "auth_token": TOKEN}, "auth_token", "contradicts authentication: none"),
        (
            {"authentication": "none", "auth_token_update_strategy": "SET"},
            "auth_token_update_strategy",
            "contradicts authentication: none",
        ),
        (
            {"auth_token": "short"},
            "auth_token",
            "must be 16-128 letters, digits and ! & # $ ^ < > - (got 5 characters, not shown)",
        ),
        (
            {"auth_token": TOKEN + "@"},
            "auth_token",
            "must be 16-128 letters, digits and ! & # $ ^ < > - (got 31 characters, not shown)",
        ),
        (
            {"auth_token_update_strategy": "DELETE"},
            "auth_token_update_strategy",
            "must be ROTATE or SET, got 'DELETE'",
        ),
        (
            {"transit_encryption_mode": "maybe"},
            "transit_encryption_mode",
            "must be preferred or required, got 'maybe'",
        ),
        (
            {"transit_encryption": False, "authentication": "none", "transit_encryption_mode": "preferred"},
            "transit_encryption_mode",
            "needs transit_encryption: true (R101)",
        ),
        (
            {"kms_key_arn": "alias/shop"},
            "kms_key_arn",
            "must be the ARN of a key, not of an alias, got 'alias/shop' (R98)",
        ),
        (
            {"at_rest_encryption": False, "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"},
            "kms_key_arn",
            "needs at_rest_encryption: true (R97)",
        ),
        ({"parameters": {"timeout": 5}}, "parameters.timeout", "must be 20 or more (or 0), got 5"),
        (
            {"parameters": {"timeout": 0}, "parameter_group_name": "shop"},
            "parameter_group_name",
            "give either parameters or an existing parameter_group_name",
        ),
        (
            {"parameter_group_name": "default.redis6.x"},
            "parameter_group_name",
            "'default.redis6.x' does not fit redis 7.1; use default.redis7 (R38)",
        ),
        (
            {"parameter_group_name": "default.redis7.cluster.on"},
            "parameter_group_name",
            "'default.redis7.cluster.on' does not fit redis 7.1; use default.redis7 (R38)",
        ),
        (
            {"parameter_group_name": "shop_1"},
            "parameter_group_name",
            "'shop_1' must be 1-255 letters, digits and single hyphens, first a letter, last no hyphen",
        ),
        (
            {"node_type": "cache.r6gd.xlarge", "parameters": {"maxmemory-policy": "allkeys-lfu"}},
            "parameters.maxmemory-policy",
            "with r6gd: noeviction, volatile-lru or allkeys-lru, got 'allkeys-lfu'",
        ),
        ({"subnet_ids": None}, "subnet_ids", "is required (or subnet_group_name, to use what exists)"),
        ({"vpc_id": None}, "vpc_id", "is required (or security_group_ids, to use what exists)"),
        (
            {"subnet_group_name": "shop"},
            "subnet_group_name",
            "give either subnet_ids or an existing subnet_group_name",
        ),
        ({"subnet_ids": {}}, "subnet_ids", "must be 1-20 subnets, got 0 (R126)"),
        (
            {"subnet_ids": {f"z{number}": "subnet" for number in range(21)}},
            "subnet_ids",
            "must be 1-20 subnets, got 21 (R126)",
        ),
        (
            {"security_group_ids": []},
            "security_group_ids",
            "must hold at least one: an empty list means the VPC's default group (R129)",
        ),
        ({"snapshot_retention_days": 36}, "snapshot_retention_days", "must be 0-35, got 36"),
        ({"snapshot_retention_days": -1}, "snapshot_retention_days", "must be 0-35, got -1"),
        (
            {"maintenance_window": "sun:05:00-sun:05:30"},
            "maintenance_window",
            "'sun:05:00-sun:05:30' is 30 minutes; at least 60",
        ),
        (
            {"snapshot_window": "3-4"},
            "snapshot_window",
            "must be hh:mm-hh:mm in UTC, such as 03:00-04:00, got '3-4'",
        ),
        (
            {"maintenance_window": "sun:05:00-sun:06:00", "snapshot_window": "05:30-06:30"},
            "snapshot_window",
            "'05:30-06:30' overlaps the maintenance window 'sun:05:00-sun:06:00'",
        ),
        (
            {"restore_snapshot_name": "a", "restore_snapshot_arns": ["arn:aws:s3:::b/c"]},
            "restore_snapshot_arns",
            "restore from a name or from ARNs, not both (R156)",
        ),
        (
            {"restore_snapshot_name": "a--b"},
            "restore_snapshot_name",
            "'a--b' must be 1-255 letters, digits and single hyphens, first a letter, last no hyphen",
        ),
        (
            {"restore_snapshot_arns": ["arn:aws:s3:::b/c,d"]},
            "restore_snapshot_arns[0]",
            "must be arn:aws:s3:::BUCKET/KEY without commas, got 'arn:aws:s3:::b/c,d'",
        ),
        (
            {"engine_version": "5.0.6", "log_retention_days": 14},
            "log_retention_days",
            "needs redis 6.0 or later, got 5.0.6",
        ),
        (
            {"notification_topic_arn": "events"},
            "notification_topic_arn",
            "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'events' (R165)",
        ),
        (
            {"network_type": "ipv5"},
            "network_type",
            "must be ipv4, ipv6 or dual_stack, got 'ipv5'; did you mean ipv6?",
        ),
        (
            {"network_type": "ipv6", "engine_version": "6.0"},
            "network_type",
            "needs redis 6.2 or later, got 6.0",
        ),
        (
            {"network_type": "ipv6", "node_type": "cache.m4.large"},
            "network_type",
            "IPv6 needs a newer generation than cache.m4.large (R62)",
        ),
        ({"ip_discovery": "both"}, "ip_discovery", "must be ipv4 or ipv6, got 'both'"),
        ({"deletion_protection": "yes"}, "deletion_protection", "must be true or false, got 'yes'"),
        ({"replica": 1}, "replica", "unknown; did you mean replicas?"),
    ],
)
def test_a_wrong_argument_is_refused_and_nothing_else(change, path, message):
    assert problems_of(**change) == [Problem(path, message)]


def test_logs_are_kept_for_a_time_cloudwatch_knows():
    (problem,) = problems_of(log_retention_days=15)

    assert problem.path == "log_retention_days"
    assert problem.message.startswith("CloudWatch keeps logs for one of 0, 1, 3, 5, 7, 14, 30,")
    assert problem.message.endswith("days, got 15")


@pytest.mark.parametrize("key", REFUSED)
def test_what_aws_has_and_this_component_does_not_is_refused_by_name(key):
    assert problems_of(**{key: True}) == [Problem(key, REFUSED[key])]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (
            "num_node_groups",
            "cluster mode enabled has no component yet: this one has one shard with 0-5 replicas",
        ),
        ("serverless", "serverless caches have no component yet: this one runs nodes of a node_type"),
        ("global_datastore", "global datastores have no component yet: this one lives in one region"),
    ],
)
def test_cluster_mode_serverless_and_global_datastores_say_why_not(key, reason):
    assert problems_of(**{key: True}) == [Problem(key, reason)]


def test_every_problem_is_found_at_once():
    problems = problems_of(replicas=9, port=80, engine="mysql", maintenance_window="never", prot=1)

    assert [path for path, _ in problems] == ["prot", "engine", "replicas", "port", "maintenance_window"]


def test_no_message_shows_the_token():
    for change in ({"auth_token": TOKEN + "@"}, {"auth_token": [TOKEN]}, {"auth_token": {"a": TOKEN}}):
        assert TOKEN not in str(problems_of(**change))


def test_a_token_known_only_later_is_not_judged(deploy):
    run = deploy(
        lambda: problems_of(auth_token=pulumi.Output.secret("x"), kms_key_arn=pulumi.Output.from_input("y"))
    )

    assert run.result == []
