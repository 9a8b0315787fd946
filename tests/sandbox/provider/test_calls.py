"""The calls that rows of several services share: parameters of groups, and waiting for a status."""

from __future__ import annotations

import pytest

from sandbox.provider.errors import ProviderError
from sandbox.provider.resource_type import Change
from sandbox.provider.tables import TYPES
from sandbox.provider.work import Work
from tests.sandbox.provider.driver import REGION, token_of


class Recorder:
    """An `Aws` whose only client writes down what is called and gives one answer after the other."""

    region = REGION

    def __init__(self, *answers):
        self.calls, self._answers = [], list(answers)

    def client(self, service):
        return self

    def __getattr__(self, operation):
        def call(**request):
            self.calls.append((operation, request))
            return self._answers.pop(0) if self._answers else {}

        return call


def parameters_changed(short, old, new):
    """The calls that lead from one list of parameters to the other."""
    aws, row = Recorder(), TYPES[token_of(short)]
    change = Change({"parameters": new}, {"parameters": old}, frozenset({"parameters"}))
    row.updates["parameters"](Work(aws, row.service, seconds=5), "group", change)
    return aws.calls


def test_a_cache_parameter_group_is_sent_what_is_new_or_changed_and_resets_what_went():
    old = [{"name": "timeout", "value": "60"}, {"name": "maxclients", "value": "9"}]
    old.append({"name": "databases", "value": "4"})
    new = [{"name": "Timeout", "value": 90}, {"name": "databases", "value": "4"}]
    assert parameters_changed("elasticache/ParameterGroup", old, new) == [
        (
            "reset_cache_parameter_group",
            {
                "CacheParameterGroupName": "group",
                "ParameterNameValues": [{"ParameterName": "maxclients", "ParameterValue": "9"}],
            },
        ),
        (
            "modify_cache_parameter_group",
            {
                "CacheParameterGroupName": "group",
                "ParameterNameValues": [{"ParameterName": "timeout", "ParameterValue": "90"}],
            },
        ),
    ]


def test_a_database_parameter_group_says_when_each_change_applies():
    old = [{"name": "max_connections", "value": "50"}, {"name": "slow_query_log", "value": "1"}]
    old.append({"name": "time_zone", "value": "UTC", "applyMethod": "pending-reboot"})
    new = [
        {"name": "max_connections", "value": "60"},
        {"name": "slow_query_log", "value": "1", "applyMethod": "pending-reboot"},
    ]
    at_once = {"ParameterName": "max_connections", "ParameterValue": "60", "ApplyMethod": "immediate"}
    later = {"ParameterName": "slow_query_log", "ParameterValue": "1", "ApplyMethod": "pending-reboot"}
    gone = {"ParameterName": "time_zone", "ApplyMethod": "pending-reboot"}
    assert parameters_changed("rds/ParameterGroup", old, new) == [
        ("reset_db_parameter_group", {"DBParameterGroupName": "group", "Parameters": [gone]}),
        ("modify_db_parameter_group", {"DBParameterGroupName": "group", "Parameters": [at_once, later]}),
    ]


@pytest.mark.parametrize("short", ["elasticache/ParameterGroup", "rds/ParameterGroup"])
def test_at_most_twenty_parameters_go_into_a_call(short):
    new = [{"name": f"p{number:02}", "value": "1"} for number in range(45)]
    calls = parameters_changed(short, [], new)
    batches = [request.get("Parameters") or request["ParameterNameValues"] for _, request in calls]
    assert [len(batch) for batch in batches] == [20, 20, 5]
    assert [each["ParameterName"] for batch in batches for each in batch] == [each["name"] for each in new]


@pytest.mark.parametrize(
    ("short", "failed", "message"),
    [
        (
            "elasticache/Cluster",
            {"CacheClusters": [{"CacheClusterStatus": "create-failed"}]},
            "cache cluster one could not be created",
        ),
        (
            "elasticache/ReplicationGroup",
            {"ReplicationGroups": [{"Status": "create-failed"}]},
            "replication group one could not be created",
        ),
        (
            "rds/Instance",
            {"DBInstances": [{"DBInstanceStatus": "failed"}]},
            "the database one could not be made or changed",
        ),
    ],
)
def test_a_status_that_says_it_failed_ends_the_wait(short, failed, message):
    row = TYPES[token_of(short)]
    with pytest.raises(ProviderError) as caught:
        row.ready(Work(Recorder(failed), row.service, seconds=5), "one", {})
    assert str(caught.value) == message


def test_a_status_is_asked_for_until_it_is_available():
    statuses = ["creating", "backing-up", "available", "never asked for"]
    aws = Recorder(*({"DBInstances": [{"DBInstanceStatus": status}]} for status in statuses))
    row = TYPES[token_of("rds/Instance")]
    row.ready(Work(aws, row.service, seconds=5), "one", {})
    assert aws.calls == [("describe_db_instances", {"DBInstanceIdentifier": "one"})] * 3
