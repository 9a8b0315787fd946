"""What a preview says besides the resources: once, in a few lines, without a price."""

from __future__ import annotations

import re

import pytest

from components.client_instances import ClientInstances
from components.database import DEFAULT_INSTANCE_CLASS, Database
from components.hints import (
    client_instances_hints,
    database_hints,
    memcached_cache_hints,
    network_hints,
    redis_cache_hints,
)
from components.memcached_cache import MemcachedCache
from components.network import Network
from components.redis_cache import RedisCache
from tests.components.rules.book import HINTED
from tests.components.rules.case import SUBJECTS
from tests.components.shared import cache_args

HINTS = {
    "RedisCache": redis_cache_hints,
    "MemcachedCache": memcached_cache_hints,
    "Network": network_hints,
    "Database": lambda args: database_hints(
        DEFAULT_INSTANCE_CLASS, args.get("storage_gib", 20), args.get("multi_az", False)
    ),
    "ClientInstances": client_instances_hints,
}
DECLARED = {
    RedisCache: cache_args(),
    MemcachedCache: cache_args(),
    Network: SUBJECTS["Network"].good(),
    Database: SUBJECTS["Database"].good(),
    ClientInstances: SUBJECTS["ClientInstances"].good(),
}


def test_a_default_redis_cache_is_told_of_in_four_lines():
    assert redis_cache_hints(cache_args()) == [
        "billed by the hour: 2 nodes of cache.t4g.micro (the primary and 1 replica); traffic between zones by volume "
        "(R204); burstable: under steady load its CPU credits run out (R60)",
        "fixed once created: a change of port, at_rest_encryption, network_type, engine_version downwards or node_type "
        "to one with data tiering replaces the cache (and what it holds)",
        "neither final_snapshot nor deletion_protection: destroying it loses what it holds, its daily backups too "
        "(R157)",
        "redis 7.1: no end of AWS's support was announced on 2026-11-21",
    ]


def test_a_default_memcached_cache_is_told_of_in_three_lines():
    assert memcached_cache_hints(cache_args()) == [
        "billed by the hour: 2 nodes of cache.t4g.micro; traffic between zones by volume (R204); burstable: under "
        "steady load its CPU credits run out (R60)",
        "fixed once created: a change of port, node_type, transit_encryption, network_type or "
        "engine_version downwards replaces the cache, which is then empty; fewer nodes lose the keys of the last ones",
        "memcached 1.6.22: no end of AWS's support was announced on 2026-11-21",
    ]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in HINTED])
def test_a_setting_is_told_of_in_these_words(case):
    assert case.message in HINTS[case.component](case.arguments)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({}, "1 node of cache.r7g.large"),
        ({"engine": "valkey", "replicas": 5}, "6 nodes of cache.r7g.large (the primary and 5 replicas); "),
    ],
)
def test_nodes_are_counted_and_other_types_are_not_called_burstable(args, line):
    (first, *_) = redis_cache_hints(cache_args(node_type="cache.r7g.large", **{"replicas": 0, **args}))

    assert first.startswith(f"billed by the hour: {line}")
    assert "burstable" not in first


def test_what_keeps_the_data_is_not_missed():
    for change in ({"final_snapshot": True}, {"deletion_protection": True}):
        assert not [line for line in redis_cache_hints(cache_args(**change)) if "R157" in line]


def test_a_version_whose_end_is_announced_is_left_to_the_warning():
    assert not [line for line in redis_cache_hints(cache_args(engine_version="6.2")) if "announced" in line]


def test_a_network_without_endpoints_and_gateways_has_nothing_to_tell():
    assert network_hints({"availability_zones": ["eu-west-1a"], "interface_endpoints": []}) == []


def test_no_hint_names_a_price():
    for component, hints in HINTS.items():
        assert not re.search(r"[$€]|USD|\d\.\d+ per", " ".join(hints(SUBJECTS[component].good())))


@pytest.mark.parametrize("component", DECLARED)
def test_a_preview_tells_the_hints_once_on_the_component(deploy, component):
    run = deploy(lambda: component("it", DECLARED[component]), preview=True)

    urn = run.one(f"aws-cache:index:{component.__name__}").urn
    message = "\n  ".join(HINTS[component.__name__](DECLARED[component]))
    assert run.logs == [("info", message, urn)]


@pytest.mark.parametrize("component", DECLARED)
def test_a_deployment_does_not_say_them_again(deploy, component):
    assert deploy(lambda: component("it", DECLARED[component])).logs == []
