"""A stack with alarms from its first day to its last: they watch the nodes that there really are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from .environment import Environment
from .inventory import inventory

# One life in one fixture: seven runs of a deployment.
pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
OF_A_NODE = 10  # a burstable node of a cache with a replica


@dataclass
class Life:
    """What was seen at each step."""

    members: list[str]
    alarms: list[dict[str, Any]]
    topic: dict[str, str]
    subscription: dict[str, str]
    dashboard: dict[str, Any]
    status: str
    said: dict[str, str]
    changed: list[dict[str, Any]]
    grown_members: list[str]
    grown: list[dict[str, Any]]
    memcached: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    left: dict[str, list[str]]


@pytest.fixture(scope="module")
def life(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    with Environment(tmp_path_factory.mktemp("alarms")) as environment:
        return _live(environment)


def _live(environment: Environment) -> Life:
    said = {}
    environment.configure("clients", instances=None, function=None)
    environment.configure("alarms", emails=["on-call@example.com"])
    said["first"] = environment.up()
    seen = {
        "members": _members(environment),
        "alarms": _alarms(environment),
        "status": environment.sandbox("status").stdout,
        **_surroundings(environment),
    }
    said["second"] = environment.up()
    said["refresh"] = environment.sandbox("refresh").stdout
    environment.configure("alarms", thresholds={"memory_percent": 65})
    said["threshold"] = environment.up()
    changed = _alarms(environment)
    environment.configure("cache", replicas=2)
    said["grown"] = environment.up()
    grown_members, grown = _members(environment), _alarms(environment)
    environment.configure("alarms", thresholds=None)
    environment.configure("cache", engine="memcached", replicas=None, node_count=2)
    environment.up()
    memcached = _alarms(environment)
    clusters = environment.boto("elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)[
        "CacheClusters"
    ]
    said["destroy"] = environment.sandbox("destroy").stdout
    return Life(
        **seen,
        said=said,
        changed=changed,
        grown_members=grown_members,
        grown=grown,
        memcached=memcached,
        clusters=clusters,
        left=inventory(environment),
    )


def _members(environment: Environment) -> list[str]:
    clusters = environment.boto("elasticache").describe_cache_clusters()["CacheClusters"]
    return sorted(one["CacheClusterId"] for one in clusters)


def _alarms(environment: Environment) -> list[dict[str, Any]]:
    return environment.boto("cloudwatch").describe_alarms()["MetricAlarms"]


def _surroundings(environment: Environment) -> dict[str, Any]:
    sns, cloudwatch = environment.boto("sns"), environment.boto("cloudwatch")
    (topic,) = sns.list_topics()["Topics"]
    (subscription,) = sns.list_subscriptions()["Subscriptions"]
    (dashboard,) = cloudwatch.list_dashboards()["DashboardEntries"]
    shown = cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])
    return {
        "topic": sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"],
        "subscription": sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])[
            "Attributes"
        ],
        "dashboard": json.loads(shown["DashboardBody"]),
    }


def watched(alarms: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(node, metric) of each alarm, which knows its node by nothing but its cache cluster."""
    pairs = []
    for alarm in alarms:
        (dimension,) = alarm["Dimensions"]
        assert dimension["Name"] == "CacheClusterId"
        pairs.append((dimension["Value"], alarm["MetricName"]))
    return sorted(pairs)


def summary(said: str) -> str:
    """What the last line of `up` counts, without the seconds."""
    found = re.search(r"^aws-cache \(dev\): (.*?)(?: in [\d.]+ s.*)?$", said, re.MULTILINE)
    assert found, said
    return found[1]


def test_every_metric_of_every_node_that_there_is_has_one_alarm(life: Life):
    metrics = {alarm["MetricName"] for alarm in life.alarms}

    assert len(life.members) == 2
    assert len(metrics) == OF_A_NODE
    assert watched(life.alarms) == sorted((node, metric) for node in life.members for metric in metrics)


def test_thresholds_are_those_of_the_smallest_node(life: Life):
    found = {alarm["MetricName"]: alarm["Threshold"] for alarm in life.alarms}

    assert (found["CPUUtilization"], found["CurrConnections"], found["CPUCreditBalance"]) == (45, 16_000, 12)


def test_alarms_tell_the_topic_under_its_key_and_the_address_has_to_confirm(life: Life):
    topic = life.topic["TopicArn"]

    assert {tuple(alarm["AlarmActions"] + alarm["OKActions"]) for alarm in life.alarms} == {(topic, topic)}
    assert re.fullmatch(r"arn:aws:kms:eu-west-1:123456789012:key/\S+", life.topic["KmsMasterKeyId"])
    assert (life.subscription["Endpoint"], life.subscription["TopicArn"]) == ("on-call@example.com", topic)
    assert life.subscription["PendingConfirmation"] == "true"


def test_the_dashboard_shows_the_alarms_and_a_line_for_each_node(life: Life):
    first, *charts = life.dashboard["widgets"]

    assert sorted(first["properties"]["alarms"]) == sorted(alarm["AlarmArn"] for alarm in life.alarms)
    for chart in charts:
        assert [line[-1] for line in chart["properties"]["metrics"]] == life.members


def test_the_sandbox_says_that_nothing_is_measured(life: Life):
    assert {alarm["StateValue"] for alarm in life.alarms} == {"INSUFFICIENT_DATA"}
    assert "Alarms are recorded and stay without data" in life.status


def test_a_second_up_and_a_refresh_change_nothing(life: Life):
    for step in ("second", "refresh"):
        assert re.fullmatch(r"\d+ unchanged", summary(life.said[step])), life.said[step]


def test_a_threshold_changes_in_place(life: Life):
    steps = re.findall(r"^(\w+) +(aws:\S+) ", life.said["threshold"], re.MULTILINE)

    assert sorted(steps) == [("updated", DASHBOARD), ("updated", ALARM), ("updated", ALARM)]
    names = {alarm["AlarmName"]: alarm["Threshold"] for alarm in life.alarms}
    changed = {alarm["AlarmName"]: alarm["Threshold"] for alarm in life.changed}
    assert {name: value for name, value in changed.items() if names[name] != value} == {
        name: 65 for name in names if name.startswith("alarms-memory-percent-")
    }


def test_a_new_replica_has_its_alarms_and_the_others_keep_theirs(life: Life):
    metrics = {alarm["MetricName"] for alarm in life.alarms}

    assert len(life.grown_members) == 3
    assert watched(life.grown) == sorted((node, metric) for node in life.grown_members for metric in metrics)
    assert {alarm["AlarmName"] for alarm in life.alarms} < {alarm["AlarmName"] for alarm in life.grown}


def test_another_engine_has_the_alarms_of_its_own_metrics_on_its_own_nodes(life: Life):
    (cluster,) = life.clusters
    nodes = [node["CacheNodeId"] for node in cluster["CacheNodes"]]
    known = [{each["Name"]: each["Value"] for each in alarm["Dimensions"]} for alarm in life.memcached]
    metrics = {alarm["MetricName"] for alarm in life.memcached}

    assert nodes == ["0001", "0002"]
    assert {each["CacheClusterId"] for each in known} == {cluster["CacheClusterId"]}
    assert {node: sum(each["CacheNodeId"] == node for each in known) for node in nodes} == dict.fromkeys(
        nodes, len(metrics)
    )
    assert {"CPUUtilization", "CPUCreditBalance"} < metrics
    assert not {"ReplicationLag", "DatabaseMemoryUsagePercentage"} & metrics


def test_destroy_leaves_no_alarm_no_topic_and_no_dashboard(life: Life):
    assert list(life.left) == ["pending key"]
    assert len(life.left["pending key"]) == 2
