"""What a Redis cache may not be told, beside the cases of the rule book."""

from __future__ import annotations

import pulumi
import pytest

from components.problems import Problem
from components.redis_checks import check_redis_cache
from tests.components.configurations import KEY_ARN
from tests.components.shared import TOKEN, cache_args


def problems_of(**changes):
    return check_redis_cache("cache", cache_args(**changes)).problems


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


def test_versions_that_aws_leaves_alone_are_not_warned_of():
    for change in ({"engine_version": "7.0", "auto_minor_version_upgrade": False}, {"engine_version": "7.1"}):
        assert check_redis_cache("cache", cache_args(**change)).warnings == []


def test_preferred_zones_tell_the_region_where_the_subnets_are_a_groups():
    group = {"vpc_id": "vpc-1", "subnet_ids": None, "subnet_group_name": "shop"}
    zones = {"preferred_availability_zones": ["us-east-1a", "us-east-1b"]}

    assert problems_of(**group, **zones, kms_key_arn=KEY_ARN) == [
        Problem(
            "kms_key_arn", "must be a key of us-east-1, where the cache stands, got one of eu-west-1 (R98)"
        )
    ]
    assert problems_of(**group, kms_key_arn=KEY_ARN) == []


def test_a_local_zone_among_others_binds_no_node_unless_it_is_preferred():
    zones = {"us-west-2a": "subnet-a", "us-west-2b": "subnet-b", "us-west-2-lax-1a": "subnet-c"}

    assert problems_of(subnet_ids=zones) == []


def test_a_subnet_known_only_later_is_not_compared(deploy):
    def program():
        later = pulumi.Output.from_input("subnet-a")
        return problems_of(subnet_ids={"eu-west-1a": later, "eu-west-1b": later})

    assert deploy(program).result == []


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
