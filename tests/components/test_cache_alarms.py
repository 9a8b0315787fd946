"""Alarms on every node by its real id, who is told, and the dashboard."""

from __future__ import annotations

import json
import re

import pulumi
import pytest

from components.alarm_checks import check_cache_alarms
from components.alarm_dashboard import dashboard_body
from components.alarm_metrics import Watched, alarms
from components.cache_alarms import CacheAlarms
from components.problems import ConfigurationError, Problem
from tests.components.shared import ALARMS_NAME, ALARMS_TOPIC_ARN

COMPONENT = "aws-cache:index:CacheAlarms"
TOPIC = "aws-cache:index:AlarmTopic"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
OTHER_TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
REDIS = {
    "engine": "redis",
    "node_type": "cache.r7g.large",
    "node_count": 2,
    "member_ids": ["shop-001", "shop-002"],
    "emails": ["a@example.com"],
}
MEMCACHED = {
    **REDIS,
    "engine": "memcached",
    "cluster_id": "shop",
    "member_ids": ["0001", "0002"],
}
NAMES = [
    "cpu-percent",
    "memory-percent",
    "swap-bytes",
    "evictions-per-minute",
    "connections",
    "replication-lag-seconds",
    "authentication-failures-per-minute",
    "network-in-exceeded-per-minute",
    "network-out-exceeded-per-minute",
]
OF_MEMCACHED = [name for name in NAMES if not re.match("memory|replication|authentication", name)]


def given(base=REDIS, **changes):
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


@pytest.fixture
def declare(deploy):
    def run(base=REDIS, preview=False, **changes):
        return deploy(lambda: CacheAlarms("alarms", given(base, **changes)), preview=preview)

    return run


def body(made):
    return json.loads(made.one(DASHBOARD).inputs["dashboardBody"])["widgets"]


def test_every_node_has_every_alarm_and_there_is_one_topic_and_one_dashboard(declare):
    made = declare()

    assert set(made.of_type(ALARM)) == {f"alarms-{name}-00{number}" for name in NAMES for number in (1, 2)}
    counts = made.counts()
    assert (counts[COMPONENT], counts[TOPIC], counts[DASHBOARD], counts[ALARM]) == (1, 1, 1, 18)
    assert sum(counts.values()) == 18 + 3 + 3


@pytest.mark.parametrize("nodes", [1, 3, 6])
def test_the_number_of_alarms_follows_the_number_of_nodes(declare, nodes):
    made = declare(node_count=nodes, member_ids=[f"shop-00{number}" for number in range(1, nodes + 1)])

    assert made.counts()[ALARM] == nodes * (len(NAMES) if nodes > 1 else len(NAMES) - 1)


def test_a_node_of_redis_is_known_by_its_cache_cluster(declare):
    dimensions = {name: item.inputs["dimensions"] for name, item in declare().of_type(ALARM).items()}

    assert {tuple(each.items()) for each in dimensions.values()} == {
        (("CacheClusterId", "shop-001"),),
        (("CacheClusterId", "shop-002"),),
    }
    assert dimensions["alarms-cpu-percent-002"] == {"CacheClusterId": "shop-002"}


def test_a_node_of_memcached_is_known_by_its_number_within_the_cluster(declare):
    made = declare(MEMCACHED)

    assert set(made.of_type(ALARM)) == {
        f"alarms-{name}-00{number}" for name in OF_MEMCACHED for number in (1, 2)
    }
    assert made.one(ALARM, "alarms-cpu-percent-002").inputs["dimensions"] == {
        "CacheClusterId": "shop",
        "CacheNodeId": "0002",
    }


def test_an_alarm_says_everything_about_itself(declare):
    alarm = declare().one(ALARM, "alarms-evictions-per-minute-001")

    assert alarm.inputs == {
        "namespace": "AWS/ElastiCache",
        "metricName": "Evictions",
        "dimensions": {"CacheClusterId": "shop-001"},
        "statistic": "Sum",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 20,
        "period": 60,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 5,
        "treatMissingData": "notBreaching",
        "alarmDescription": (
            "shop-001: keys removed to make room, a minute, more than 20 for 5 minutes (aws-cache dev)"
        ),
        "alarmActions": [ALARMS_TOPIC_ARN],
        "okActions": [ALARMS_TOPIC_ARN],
    }


def test_a_node_that_falls_silent_is_told_of_once(declare):
    silent = {
        name for name, item in declare().of_type(ALARM).items() if "insufficientDataActions" in item.inputs
    }

    assert silent == {"alarms-cpu-percent-001", "alarms-cpu-percent-002"}


def test_thresholds_reach_the_alarms_of_every_node(declare):
    made = declare(thresholds={"memory_percent": 65, "cpu_percent": 30.5})

    for number in ("001", "002"):
        assert made.one(ALARM, f"alarms-memory-percent-{number}").inputs["threshold"] == 65
        assert made.one(ALARM, f"alarms-cpu-percent-{number}").inputs["threshold"] == 30.5


def test_an_alarm_that_is_left_out_is_nowhere(declare):
    made = declare(without=["evictions_per_minute"])

    assert made.counts()[ALARM] == 16
    assert not any("Evictions" in str(widget) for widget in body(made))


def test_another_node_type_changes_thresholds_and_no_names(declare):
    larger = declare(node_type="cache.r7g.xlarge")

    assert set(larger.of_type(ALARM)) == set(declare().of_type(ALARM))
    alarm = larger.one(ALARM, "alarms-cpu-percent-001").inputs
    assert (alarm["metricName"], alarm["threshold"]) == ("EngineCPUUtilization", 70)


def test_an_existing_topic_is_used_and_none_is_made(declare):
    made = declare(emails=None, topic_arn=OTHER_TOPIC)

    assert set(made.counts()) == {COMPONENT, ALARM, DASHBOARD}
    assert {tuple(item.inputs["alarmActions"]) for item in made.of_type(ALARM).values()} == {(OTHER_TOPIC,)}
    assert made.one(COMPONENT).outputs["topic_arn"] == OTHER_TOPIC
    assert made.warnings == []


def test_emails_go_to_the_topic_of_the_alarms_own(declare):
    made = declare(emails=["a@example.com", "b@example.com"])

    endpoints = {
        item.inputs["endpoint"]
        for item in made.of_type("aws:sns/topicSubscription:TopicSubscription").values()
    }
    assert endpoints == {"a@example.com", "b@example.com"}


@pytest.mark.parametrize(
    "thresholds",
    [
        {"memory_percent": 1, "cpu_percent": 100, "connections": 65_000},
        {"memory_percent": 100, "cpu_percent": 1, "connections": 1},
        {"swap_bytes": 0, "evictions_per_minute": 0},
    ],
)
def test_a_threshold_may_be_the_least_and_the_most(thresholds):
    assert check_cache_alarms("alarms", given(thresholds=thresholds)).problems == []


@pytest.mark.parametrize("node_type", ["cache.m4.large", "cache.m1.small"])
def test_a_node_type_that_is_no_longer_advised_is_for_the_cache_to_tell(node_type):
    checks = check_cache_alarms("alarms", given(node_type=node_type))

    assert (checks.problems, checks.warnings) == ([], [])


def test_a_wrong_node_type_is_not_told_of_again_by_its_alarms():
    problems = check_cache_alarms("alarms", given(node_type="big", thresholds={"cpu_credits": 10})).problems

    assert [path for path, _ in problems] == ["node_type"]


def test_alarms_that_tell_nobody_warn(declare):
    assert declare(emails=None).warnings == [
        "nobody is told of an alarm: give emails, or subscribe to the output topic_arn"
    ]


def test_the_dashboard_shows_each_metric_with_a_line_per_node_and_where_its_alarm_is(declare):
    widgets = body(declare())

    assert widgets[0]["type"] == "alarm"
    assert len(widgets[0]["properties"]["alarms"]) == 18
    evictions = next(each for each in widgets if each["properties"]["title"].startswith("Evictions"))
    assert evictions["properties"] == {
        "title": "Evictions: keys removed to make room, a minute",
        "region": "eu-west-1",
        "view": "timeSeries",
        "stat": "Sum",
        "period": 60,
        "metrics": [
            ["AWS/ElastiCache", "Evictions", "CacheClusterId", "shop-001"],
            ["AWS/ElastiCache", "Evictions", "CacheClusterId", "shop-002"],
        ],
        "annotations": {"horizontal": [{"label": "alarm", "value": 20}]},
    }
    assert len(widgets) == 1 + len(NAMES) + 6


@pytest.mark.parametrize("nodes", [1, 60])
def test_widgets_lie_beside_each_other_and_hold_what_cloudwatch_allows(nodes):
    watched = Watched("memcached", "cache.t4g.micro", nodes)
    kinds = alarms(watched, {})
    where = [{"CacheClusterId": "shop", "CacheNodeId": f"{number:04}"} for number in range(nodes)]
    arns = [f"arn:{key}-{number}" for key in kinds for number in range(nodes)]

    widgets = json.loads(dashboard_body("memcached", "eu-west-1", kinds, where, arns))["widgets"]

    cells = [
        (x, y)
        for each in widgets
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    shown = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]
    assert max(map(len, shown)) <= 100
    assert [arn for part in shown for arn in part] == arns


@pytest.mark.parametrize(
    ("engine", "title", "statistic"),
    [
        ("valkey", "NetworkBytesOut: bytes sent, a minute", "Sum"),
        ("valkey", "TrafficManagementActive: more traffic than the node manages", "Maximum"),
        ("memcached", "GetMisses: reads that found nothing, a minute", "Sum"),
        ("memcached", "BytesUsedForCacheItems: bytes of keys and values", "Average"),
    ],
)
def test_what_has_no_alarm_is_charted_too(engine, title, statistic):
    where = [{"CacheClusterId": "shop"}]
    widgets = json.loads(dashboard_body(engine, "eu-west-1", {}, where, []))["widgets"]

    (found,) = [each["properties"] for each in widgets if each["properties"]["title"] == title]
    assert found == {
        "title": title,
        "region": "eu-west-1",
        "view": "timeSeries",
        "stat": statistic,
        "period": 60,
        "metrics": [["AWS/ElastiCache", title.partition(":")[0], "CacheClusterId", "shop"]],
    }


def test_the_dashboard_is_the_same_text_for_the_same_cache(declare):
    assert (
        declare().one(DASHBOARD).inputs["dashboardBody"] == declare().one(DASHBOARD).inputs["dashboardBody"]
    )


def test_outputs_are_topic_dashboard_and_the_alarms_names(declare):
    outputs = declare().one(COMPONENT).outputs

    assert len(outputs.pop("alarm_names")) == 18
    assert outputs == {"topic_arn": ALARMS_TOPIC_ARN, "dashboard_name": ALARMS_NAME}


def test_tags_reach_every_taggable_child(declare):
    made = declare(tags={"owner": "me"})

    untagged = {
        item.type
        for item in made.resources.values()
        if item.custom and item.inputs.get("tags") != {"owner": "me"}
    }
    assert untagged == {
        DASHBOARD,
        "aws:sns/topicSubscription:TopicSubscription",
    }
    assert {made.ancestors(item)[-1] for item in made.resources.values() if item.custom} == {"alarms"}


def test_a_preview_plans_every_alarm_though_no_id_is_known_yet(deploy):
    def program():
        cache = pulumi.CustomResource("test:index:Cache", "cache", {"ids": None})
        ids = pulumi.Output.all(cache.id).apply(lambda known: [f"{known[0]}-001", f"{known[0]}-002"])
        CacheAlarms("alarms", given(member_ids=ids))

    assert deploy(program, preview=True).counts()[ALARM] == 18
    made = deploy(program).one(ALARM, "alarms-cpu-percent-002")
    assert made.inputs["dimensions"] == {"CacheClusterId": "cache-id-002"}


def test_other_ids_than_the_cache_has_nodes_stop_the_program(deploy):
    with pytest.raises(
        pulumi.RunError, match="the cache has 1 member_ids, and node_count of its alarms is 2"
    ):
        deploy(lambda: CacheAlarms("alarms", given(member_ids=pulumi.Output.from_input(["shop-001"]))))


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (
            {"engine": "rediss"},
            "engine",
            "must be redis, valkey or memcached, got 'rediss'; did you mean redis?",
        ),
        (
            {"node_type": "t4g.micro"},
            "node_type",
            "'t4g.micro' must look like cache.t4g.micro; did you mean cache.t4g.micro?",
        ),
        (
            {"node_type": "cache.t4g.mikro"},
            "node_type",
            "'cache.t4g.mikro' is no size of t4g: micro, small, medium",
        ),
        ({"node_type": None}, "node_type", "is required"),
        ({"node_count": 7}, "node_count", "must be 1-6, got 7"),
        ({"node_count": 0}, "node_count", "must be 1-6, got 0"),
        ({"member_ids": ["shop-001"]}, "member_ids", "must be one id per node: 2 of them, got 1"),
        (
            {"cluster_id": "shop"},
            "cluster_id",
            "is of Memcached only; member_ids are what redis is measured by",
        ),
        ({"emails": ["nobody"]}, "emails[0]", "must look like name@example.com, got 'nobody'"),
        (
            {"emails": None, "topic_arn": "on-call"},
            "topic_arn",
            "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'on-call'",
        ),
        (
            {"topic_arn": OTHER_TOPIC},
            "emails",
            "go to a topic of the alarms' own: leave topic_arn out, or subscribe them there yourself",
        ),
        ({"thresholds": {"memory": 80}}, "thresholds.memory", "unknown; did you mean memory_percent?"),
        (
            {"thresholds": {"evictions": 9}},
            "thresholds.evictions",
            "unknown; did you mean evictions_per_minute?",
        ),
        ({"thresholds": {"memory_percent": "80"}}, "thresholds.memory_percent", "must be a number, got '80'"),
        ({"thresholds": {"memory_percent": 101}}, "thresholds.memory_percent", "must be 1-100, got 101"),
        ({"thresholds": {"cpu_percent": 0}}, "thresholds.cpu_percent", "must be 1-100, got 0"),
        ({"thresholds": {"swap_bytes": -1}}, "thresholds.swap_bytes", "must be 0 or more, got -1"),
        ({"thresholds": {"connections": 65_001}}, "thresholds.connections", "must be 1-65000, got 65001"),
        (
            {"thresholds": {"cpu_credits": 10}},
            "thresholds.cpu_credits",
            "is of burstable node types (t3, t4g), which cache.r7g.large is not; leave it out",
        ),
        (
            {"thresholds": {"disk_percent": 10}},
            "thresholds.disk_percent",
            "is of node types with data tiering (r6gd), which cache.r7g.large is not; leave it out",
        ),
        (
            {"node_count": 1, "member_ids": ["shop-001"], "thresholds": {"replication_lag_seconds": 3}},
            "thresholds.replication_lag_seconds",
            "needs a replica; node_count is 1; leave it out",
        ),
        (
            {"without": ["evictions"]},
            "without[0]",
            "there is no alarm 'evictions'; did you mean evictions_per_minute?",
        ),
        (
            {"without": ["swap_bytes"], "thresholds": {"swap_bytes": 1}},
            "without[0]",
            "swap_bytes has a threshold too; give one of them",
        ),
        (
            {"without": [name.replace("-", "_") for name in NAMES]},
            "without",
            "leaves no alarm; leave CacheAlarms out",
        ),
        ({"e-mails": []}, "e-mails", "unknown; did you mean emails?"),
    ],
)
def test_a_wrong_argument_is_refused(change, path, message):
    assert check_cache_alarms("alarms", given(**change)).problems == [Problem(path, message)]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (
            {"cluster_id": None},
            "cluster_id",
            "is required with memcached: its nodes are measured within the cluster",
        ),
        ({"node_count": 61}, "node_count", "must be 1-60, got 61"),
        (
            {"thresholds": {"memory_percent": 80}},
            "thresholds.memory_percent",
            "is not measured by Memcached; leave it out",
        ),
    ],
)
def test_a_wrong_argument_of_memcached_is_refused(change, path, message):
    assert check_cache_alarms("alarms", given(MEMCACHED, **change)).problems == [Problem(path, message)]


def test_thresholds_that_are_none_hide_no_other_problem():
    problems = check_cache_alarms("alarms", given(thresholds=5, without=["swap_bytes", "swap"])).problems

    assert [path for path, _ in problems] == ["thresholds", "without[1]"]


def test_every_problem_is_told_at_once_and_nothing_is_declared(deploy):
    with pytest.raises(ConfigurationError) as refused:
        deploy(lambda: CacheAlarms("Alarms", given(node_count=9, thresholds={"cpu": 1}, emails=["x"])))

    assert [path for path, _ in refused.value.problems] == [
        "thresholds.cpu",
        "name",
        "node_count",
        "emails[0]",
    ]


def test_a_node_type_that_is_newer_than_this_package_warns(declare):
    assert declare(node_type="cache.z9g.large").warnings == [
        "node_type 'cache.z9g.large' is not known to this package; did you mean cache.r8g.large? Going on unchecked."
    ]
