"""What is known of engines, node types and parameters."""

from __future__ import annotations

import pytest

from components import engines, parameters
from components.node_types import node_type_fault, node_type_warnings, regions_without
from components.parameters import as_text, check_parameters


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("redis", "4.0.10", "redis4.0"),
        ("redis", "5.0.6", "redis5.0"),
        ("redis", "6.x", "redis6.x"),
        ("redis", "6.2", "redis6.x"),
        ("redis", "7.1", "redis7"),
        ("valkey", "7.2", "valkey7"),
        ("valkey", "8.2", "valkey8"),
        ("valkey", "9.1", "valkey9"),
        ("memcached", "1.4.34", "memcached1.4"),
        ("memcached", "1.6.22", "memcached1.6"),
    ],
)
def test_each_version_is_accepted_and_has_its_family(engine, version, family):
    assert engines.version_fault(engine, version) is None
    assert engines.family(engine, version) == family


def test_the_family_of_every_offered_version_is_the_one_the_data_states():
    for engine, data in engines._engines()["engines"].items():
        for item in data["versions"]:
            assert engines.family(engine, item["version"]) == item["family"]


@pytest.mark.parametrize("engine", engines.DEFAULT_VERSIONS)
def test_the_default_version_is_offered(engine):
    assert engines.DEFAULT_VERSIONS[engine] in engines.known_versions(engine)


@pytest.mark.parametrize(
    ("engine", "version", "message"),
    [
        ("redis", "7.x", "'7.x' is not how redis versions are written here: 7.1, or 6.x for the latest 6"),
        (
            "redis",
            "7.1.0",
            "'7.1.0' is not how redis versions are written here: 7.1, or 6.x for the latest 6",
        ),
        ("redis", "6.1", "'6.1' is not offered for redis; offered: 4.0.10, 5.0.6, 6.0, 6.2, 7.0 or 7.1"),
        ("redis", "8.0", "'8.0' is not offered for redis; offered: 4.0.10, 5.0.6, 6.0, 6.2, 7.0 or 7.1"),
        ("redis", "5.0.3", "'5.0.3' has been withdrawn by AWS; use 7.1"),
        ("valkey", "8.1.0", "'8.1.0' is not how valkey versions are written here: 8.2"),
        ("valkey", "10.0", "'10.0' is not offered for valkey; offered: 7.2, 8.0, 8.1, 8.2, 9.0 or 9.1"),
        ("memcached", "1.6", "'1.6' is not how memcached versions are written here: 1.6.22"),
    ],
)
def test_a_version_that_is_not_offered_is_refused(engine, version, message):
    assert engines.version_fault(engine, version) == message


def test_a_newer_minor_version_is_let_through():
    assert engines.version_fault("valkey", "9.2") is None
    assert engines.newer_than_known("valkey", "9.2")
    assert not engines.newer_than_known("valkey", "9.1")


def test_features_begin_with_their_first_version():
    assert engines.supports("engine_log", "redis", "6.2")
    assert not engines.supports("engine_log", "redis", "6.0")
    assert engines.supports("engine_log", "redis", "6.x")
    assert not engines.supports("slow_log", "memcached", "1.6.22")


@pytest.mark.parametrize(
    ("node_type", "version", "message"),
    [
        ("t4g.micro", "7.1", "'t4g.micro' must look like cache.t4g.micro; did you mean cache.t4g.micro?"),
        ("cache.t4g.mikro", "7.1", "'cache.t4g.mikro' is no size of t4g: micro, small, medium"),
        ("cache.t2.micro", "7.1", "'cache.t2.micro' takes no new caches; use cache.t4g"),
        ("cache.r6gd.xlarge", "6.0", "'cache.r6gd.xlarge' needs redis 6.2 or later, got 6.0"),
        ("cache.t4g.micro", "4.0.10", "'cache.t4g.micro' needs redis 5.0.6 or later, got 4.0.10"),
    ],
)
def test_a_node_type_that_cannot_run_the_engine_is_refused(node_type, version, message):
    assert node_type_fault(node_type, "redis", version) == message


def test_a_node_type_of_an_unknown_family_only_warns():
    assert node_type_fault("cache.z9g.large", "redis", "7.1") is None
    (warning,) = node_type_warnings("cache.z9g.large")
    assert warning.startswith("node_type 'cache.z9g.large' is not known to this package")


def test_a_previous_generation_warns():
    (warning,) = node_type_warnings("cache.m4.large")
    assert warning.startswith("node_type 'cache.m4.large' is of a previous generation; consider cache.")


def test_how_long_aws_supports_a_version_is_known_where_an_end_is_announced():
    assert engines.support("redis", "6.2") == ("2027-02-01", "2030-01-31")
    assert engines.support("redis", "6.x") == engines.support("redis", "6.2")
    assert engines.support("redis", "7.1") is None


def test_regions_where_a_type_is_not_sold_are_known():
    assert "eu-central-1" in regions_without("cache.c7gn.large")
    assert regions_without("cache.r7g.large") == []


def test_yaml_words_become_what_redis_reads():
    assert [as_text(value) for value in (True, False, 300, 300.0, 1.5, "allkeys-lru")] == [
        "yes",
        "no",
        "300",
        "300",
        "1.5",
        "allkeys-lru",
    ]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("maxmemory-polcy", "x", "unknown in family redis7; did you mean maxmemory-policy?"),
        (
            "maxmemory-policy",
            "allkeys-lur",
            "must be volatile-lru, allkeys-lru, volatile-lfu, allkeys-lfu, volatile-random, allkeys-random, "
            "volatile-ttl or noeviction, got 'allkeys-lur'; did you mean allkeys-lru?",
        ),
        ("timeout", 5, "must be 20 or more (or 0), got 5"),
        ("timeout", "soon", "must be a whole number, got 'soon'"),
        ("reserved-memory-percent", 101, "must be 0-100, got 101"),
        ("maxmemory", 1, "cannot be changed on ElastiCache"),
        ("appendonly", "yes", "cannot be changed on ElastiCache (AOF not available on this engine)"),
        ("cluster-enabled", "yes", "turns cluster mode on, for which there is no component yet"),
        ("timeout", [1], "must be text or a number, got [1]"),
        ("notify-keyspace-events", "Kq", "must be of the form ^[KEg$lshzxeAtdmn]*$, got 'Kq'"),
        ("rename-commands", "GET", "must be pairs of a command and its new name, got 'GET'"),
        ("cluster-allow-pubsubshard-when-down", "maybe", "must be yes or no, got 'maybe'"),
    ],
)
def test_a_parameter_the_family_does_not_take_is_refused(name, value, message):
    assert check_parameters("redis7", {name: value}).faults == {name: message}


def test_a_number_with_a_point_is_taken_where_one_may_be():
    family, name = "memcached1.6", "chunk_size_growth_factor"

    for value in (2, "1.5", 1.05):
        assert check_parameters(family, {name: value}) == ({}, [])
    for value in ("1.", "-1.5", "much"):
        assert check_parameters(family, {name: value}).faults == {name: f"must be a number, got {value!r}"}


def test_right_parameters_have_no_fault_and_no_warning():
    given = {
        "maxmemory-policy": "allkeys-lru",
        "timeout": 300,
        "activedefrag": True,
        "notify-keyspace-events": "Ex",
    }

    assert check_parameters("redis7", given) == ({}, [])


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("zzzz", "parameter 'zzzz' is not known in family redis7; going on unchecked (R171)"),
        (
            "acllog-maximum-size",
            "parameter 'acllog-maximum-size' is not known in family redis7; did you mean acllog-max-len? going on "
            "unchecked (R171)",
        ),
    ],
)
def test_a_parameter_that_is_no_near_miss_of_a_known_one_only_warns(name, warning):
    assert check_parameters("redis7", {name: 1}) == ({}, [warning])


def test_what_a_later_family_added_would_hardly_have_been_refused_before():
    """The refusal of near misses must leave new parameters of AWS through."""
    refused = {
        name
        for item in parameters._families().values()
        for name in (item["added"] if item["inherits"] else ())
        if check_parameters(item["inherits"], {name: "x"}).faults
    }

    assert refused == {"lazyfree-lazy-user-del", "hash-max-listpack-entries", "zset-max-listpack-entries"}


def test_a_parameter_that_a_family_lost_is_refused_in_the_families_after_it_too():
    gone = {"hash-max-ziplist-value": "is gone since family redis7"}

    assert check_parameters("redis7", {"hash-max-ziplist-value": 64}).faults == gone
    assert check_parameters("valkey9", {"hash-max-ziplist-value": 64}).faults == gone
    assert check_parameters("redis6.x", {"hash-max-ziplist-value": 64}).faults == {}


def test_a_parameter_waits_for_the_version_that_brings_it():
    given = {"commandlog-reply-larger-than": 1024}

    assert check_parameters("valkey8", given, "8.0").faults == {
        "commandlog-reply-larger-than": "needs valkey 8.1 or later, got 8.0"
    }
    assert check_parameters("valkey8", given, "8.1").faults == {}
    assert check_parameters("redis6.x", {"acl-pubsub-default": "resetchannels"}, "6.x").faults == {}


def test_reserved_memory_is_stated_one_way():
    given = {"reserved-memory": 1000, "reserved-memory-percent": 10}

    assert check_parameters("redis7", given).faults == {
        "reserved-memory": "excludes reserved-memory-percent; give one of them"
    }


def test_a_family_that_is_not_known_is_not_checked():
    assert check_parameters("valkey10", {"anything": 1}) == ({}, [])
