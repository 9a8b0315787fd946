"""What a Redis cache may not be told, beside the cases of the rule book."""

from __future__ import annotations

import pulumi
import pytest

from components.problems import Problem
from components.redis_checks import check_redis_cache
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
