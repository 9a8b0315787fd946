"""Which alarms a cache gets and where they go off: by engine, node type and number of nodes."""

from __future__ import annotations

import pytest

from components.alarm_metrics import Watched, alarms, names, why_absent

MEBIBYTE = 1024 * 1024
COMMON = {
    "cpu_percent",
    "swap_bytes",
    "evictions_per_minute",
    "connections",
    "network_in_exceeded_per_minute",
    "network_out_exceeded_per_minute",
}
SERVER = COMMON | {"memory_percent", "authentication_failures_per_minute"}


def of(engine="redis", node_type="cache.r7g.large", nodes=1, thresholds=None, without=()):
    return alarms(Watched(engine, node_type, nodes), thresholds or {}, without)


@pytest.mark.parametrize(
    ("engine", "node_type", "nodes", "expected"),
    [
        ("redis", "cache.r7g.large", 1, SERVER),
        ("valkey", "cache.r7g.large", 1, SERVER),
        ("redis", "cache.r7g.large", 3, SERVER | {"replication_lag_seconds"}),
        ("redis", "cache.t4g.micro", 1, SERVER | {"cpu_credits"}),
        ("redis", "cache.t2.micro", 1, SERVER | {"cpu_credits"}),
        ("valkey", "cache.r6gd.xlarge", 2, SERVER | {"replication_lag_seconds", "disk_percent"}),
        ("memcached", "cache.r7g.large", 3, COMMON),
        ("memcached", "cache.t4g.micro", 3, COMMON | {"cpu_credits"}),
        ("redis", "cache.z9g.large", 1, SERVER),
    ],
)
def test_a_cache_has_the_alarms_that_its_metrics_allow(engine, node_type, nodes, expected):
    assert set(of(engine, node_type, nodes)) == expected


@pytest.mark.parametrize(
    ("engine", "node_type", "metric", "threshold"),
    [
        ("redis", "cache.t4g.micro", "CPUUtilization", 45),
        ("redis", "cache.r7g.large", "CPUUtilization", 45),
        ("redis", "cache.m3.medium", "CPUUtilization", 90),
        ("redis", "cache.r7g.xlarge", "EngineCPUUtilization", 70),
        ("valkey", "cache.r7g.16xlarge", "EngineCPUUtilization", 70),
        ("redis", "cache.z9g.large", "EngineCPUUtilization", 70),
        ("memcached", "cache.t4g.micro", "CPUUtilization", 90),
        ("memcached", "cache.r7g.16xlarge", "CPUUtilization", 90),
    ],
)
def test_the_engines_one_core_is_watched_as_the_node_type_allows(engine, node_type, metric, threshold):
    alarm = of(engine, node_type)["cpu_percent"]

    assert (alarm.metric, alarm.threshold) == (metric, threshold)


@pytest.mark.parametrize(
    ("engine", "node_type", "swap", "connections", "credits_"),
    [
        ("redis", "cache.t4g.micro", 26_843_545, 16_000, 12),
        ("redis", "cache.t3.small", 50 * MEBIBYTE, 36_800, 24),
        ("redis", "cache.t4g.small", 50 * MEBIBYTE, 52_000, 24),
        ("valkey", "cache.t4g.medium", 50 * MEBIBYTE, 52_000, 24),
        ("memcached", "cache.t4g.micro", 26_843_545, 52_000, 12),
        ("redis", "cache.r7g.large", 50 * MEBIBYTE, 52_000, None),
        ("redis", "cache.z9g.large", 50 * MEBIBYTE, 52_000, None),
    ],
)
def test_bytes_clients_and_credits_follow_the_node_type(engine, node_type, swap, connections, credits_):
    found = of(engine, node_type)

    assert found["swap_bytes"].threshold == swap
    assert found["connections"].threshold == connections
    assert (found["cpu_credits"].threshold if "cpu_credits" in found else None) == credits_


def test_shares_and_counts_are_the_same_everywhere():
    found = of("redis", "cache.r6gd.xlarge", 2)

    assert {
        key: found[key].threshold for key in found if key not in ("cpu_percent", "swap_bytes", "connections")
    } == {
        "memory_percent": 80,
        "disk_percent": 80,
        "evictions_per_minute": 20,
        "replication_lag_seconds": 1,
        "authentication_failures_per_minute": 10,
        "network_in_exceeded_per_minute": 0,
        "network_out_exceeded_per_minute": 0,
    }


def test_counts_are_sums_for_which_no_measurement_means_none():
    found = of("redis", "cache.t4g.micro", 2)

    sums = {key for key, alarm in found.items() if alarm.statistic == "Sum"}
    assert sums == {key for key in found if key.endswith("_per_minute")}
    assert {key for key, alarm in found.items() if alarm.missing == "notBreaching"} == sums | {
        "replication_lag_seconds"
    }


def test_a_new_node_earns_its_credits_before_their_alarm_looks_back():
    credits_ = of("redis", "cache.t4g.micro")["cpu_credits"]

    assert (credits_.comparison, credits_.period_seconds * credits_.periods) == ("LessThanThreshold", 7200)


def test_every_alarm_is_looked_at_over_at_most_a_day():
    for alarm in of("redis", "cache.t4g.micro", 2).values():
        assert alarm.period_seconds % 60 == 0
        assert alarm.period_seconds * alarm.periods <= 86_400


def test_a_given_threshold_replaces_the_default_and_nothing_else():
    plain, given = of(), of(thresholds={"memory_percent": 65})

    assert given.pop("memory_percent").threshold == 65
    assert given == {key: alarm for key, alarm in plain.items() if key != "memory_percent"}


def test_an_alarm_can_be_left_out():
    assert set(of()) - set(of(without=("evictions_per_minute",))) == {"evictions_per_minute"}


def test_what_is_absent_says_why():
    reasons = {name: why_absent(name, Watched("memcached", "cache.r7g.large", 2)) for name in names()}

    assert {name: reason for name, reason in reasons.items() if reason} == {
        "memory_percent": "is not measured by Memcached",
        "disk_percent": "is of node types with data tiering (r6gd), which cache.r7g.large is not",
        "replication_lag_seconds": "is not measured by Memcached",
        "authentication_failures_per_minute": "is not measured by Memcached",
        "cpu_credits": "is of burstable node types (t3, t4g), which cache.r7g.large is not",
    }
