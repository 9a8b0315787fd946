"""Changes of a running group, as the API shows them and as the engines are told."""

from __future__ import annotations

import datetime

import pytest

from sandbox.api.elasticache import monitor
from sandbox.engines.errors import EngineError

from .conftest import eventually

TOKEN, OTHER = "a-token-of-good-length", "another-token-of-good-length"
ARN = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:cache"


@pytest.fixture
def group(api):
    """A group that is available, and a way to change it and wait."""
    api.create_group(TransitEncryptionEnabled=True, AuthToken=TOKEN, Tags=[{"Key": "team", "Value": "a"}])
    api.available()

    def change(**changes):
        answer = api.client.modify_replication_group(
            ReplicationGroupId="cache", **{"ApplyImmediately": True, **changes}
        )
        found = api.available()
        return answer["ReplicationGroup"], found

    api.change = change
    return api


def spec(api):
    (found,) = api.engines.specs.values()
    return found


def test_a_change_passes_through_modifying(group):
    group.engines.hold = 0.1
    answer, found = group.change(CacheNodeType="cache.t4g.small")
    assert answer["Status"] == "modifying"
    assert found["CacheNodeType"] == "cache.t4g.small"
    assert group.cluster("cache-002")["CacheNodeType"] == "cache.t4g.small"


def test_while_one_change_is_made_another_is_refused(group):
    group.engines.hold = 0.15
    group.client.modify_replication_group(
        ReplicationGroupId="cache", CacheNodeType="cache.t4g.small", ApplyImmediately=True
    )
    code, message = group.refusal(
        "modify_replication_group", ReplicationGroupId="cache", ApplyImmediately=True
    )
    assert (code, message) == (
        "InvalidReplicationGroupState",
        "Replication group cache is modifying, not available.",
    )
    assert (
        group.refusal("delete_replication_group", ReplicationGroupId="cache")[0]
        == "InvalidReplicationGroupState"
    )
    group.available()


def test_a_node_type_moves_the_group_to_new_nodes_under_the_same_names(group):
    before = {one["Description"]: one["PrivateIpAddress"] for one in group.interfaces()}
    names = sorted(group.part.names())
    _, found = group.change(CacheNodeType="cache.t4g.small")
    after = {one["Description"]: one["PrivateIpAddress"] for one in group.interfaces()}
    assert sorted(after) == sorted(before)
    assert not set(after.values()) & set(before.values())
    assert sorted(group.part.names()) == names
    assert found["NodeGroups"][0]["NodeGroupMembers"][0]["CurrentRole"] == "primary"
    assert spec(group)["maxmemory_bytes"] == 1471026299 * 75 // 100
    assert len(spec(group)["nodes"]) == 2


def test_a_change_that_fails_keeps_the_old_settings_and_says_so(group):
    group.engines.failure = EngineError("no luck today")
    _, found = group.change(CacheNodeType="cache.t4g.small")
    assert found["CacheNodeType"] == "cache.t4g.micro"
    assert "Failed (sandbox): no luck today" in group.events()
    assert len(group.interfaces()) == 2


def test_what_waits_for_the_window_is_shown_as_pending(group):
    answer, found = group.change(
        ApplyImmediately=False, CacheNodeType="cache.t4g.small", SnapshotRetentionLimit=3
    )
    assert answer["Status"] == "modifying"
    assert (found["CacheNodeType"], found["SnapshotRetentionLimit"]) == ("cache.t4g.micro", 3)
    assert group.cluster()["PendingModifiedValues"] == {"CacheNodeType": "cache.t4g.small"}
    group.change(SnapshotRetentionLimit=4)
    assert group.cluster()["PendingModifiedValues"] == {}
    assert group.group()["CacheNodeType"] == "cache.t4g.small"


def test_what_is_pending_is_applied_when_the_window_opens(group, monkeypatch):
    group.change(ApplyImmediately=False, CacheNodeType="cache.t4g.small")
    sunday = datetime.datetime(2026, 11, 22, 5, 30, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(monitor, "now", lambda: sunday)
    eventually(lambda: group.group()["CacheNodeType"] == "cache.t4g.small")
    assert group.cluster()["PendingModifiedValues"] == {}


def test_a_token_is_rotated_and_then_set(group):
    group.change(AuthToken=OTHER)
    assert spec(group)["auth_tokens"] == [TOKEN, OTHER]
    group.change(AuthToken=OTHER, AuthTokenUpdateStrategy="SET")
    assert spec(group)["auth_tokens"] == [OTHER]
    assert group.group()["AuthTokenEnabled"] is True


def test_a_group_without_a_token_is_open_until_the_new_one_is_set(api):
    api.create_group(TransitEncryptionEnabled=True)
    api.available()
    api.client.modify_replication_group(ReplicationGroupId="cache", AuthToken=TOKEN, ApplyImmediately=True)
    assert api.available()["AuthTokenEnabled"] is False
    assert spec(api)["auth_tokens"] == []
    api.client.modify_replication_group(
        ReplicationGroupId="cache", AuthToken=TOKEN, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
    )
    assert api.available()["AuthTokenEnabled"] is True
    assert spec(api)["auth_tokens"] == [TOKEN]


def test_encryption_in_transit_is_turned_on_in_two_steps(api):
    api.create_group()
    plain = api.available()["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    change = {"ReplicationGroupId": "cache", "ApplyImmediately": True, "TransitEncryptionEnabled": True}
    api.client.modify_replication_group(**change, TransitEncryptionMode="preferred")
    found = api.available()
    secure = found["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    assert (found["TransitEncryptionMode"], secure.split(".")[0]) == ("preferred", "master")
    assert {plain, secure} <= set(api.part.names())
    api.client.modify_replication_group(**change, TransitEncryptionMode="required")
    assert api.available()["TransitEncryptionMode"] == "required"
    assert plain not in api.part.names()
    assert spec(api)["transit_encryption"] == "required"


def test_a_default_parameter_group_follows_the_version_and_the_engine(api):
    api.create_group(EngineVersion="6.2")
    api.available()
    for engine, version, full, family in (
        ("redis", "7.1", "7.1.0", "redis7"),
        ("valkey", "8.0", "8.0.1", "valkey8"),
    ):
        api.client.modify_replication_group(
            ReplicationGroupId="cache", Engine=engine, EngineVersion=version, ApplyImmediately=True
        )
        assert api.available()["Engine"] == engine
        cluster = api.cluster("cache-002")
        assert (cluster["Engine"], cluster["EngineVersion"]) == (engine, full)
        assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == f"default.{family}"


def test_security_groups_reach_every_interface(group):
    other = group.ec2.create_security_group(GroupName="other", Description="o", VpcId=group.vpc_id)["GroupId"]
    group.change(SecurityGroupIds=[other])
    assert [[g["GroupId"] for g in one["Groups"]] for one in group.interfaces()] == [[other], [other]]
    assert group.cluster("cache-002")["SecurityGroups"] == [{"SecurityGroupId": other, "Status": "active"}]


def test_plain_settings_change_without_touching_the_nodes(group):
    addresses = sorted(one["PrivateIpAddress"] for one in group.interfaces())
    topic = "arn:aws:sns:eu-west-1:123456789012:topic"
    _, found = group.change(
        ReplicationGroupDescription="other", SnapshotWindow="07:00-08:00", SnapshotRetentionLimit=5,
        PreferredMaintenanceWindow="fri:01:00-fri:02:00", AutoMinorVersionUpgrade=False, NotificationTopicArn=topic,
    )  # fmt: skip
    assert (found["Description"], found["SnapshotWindow"], found["SnapshotRetentionLimit"]) == (
        "other",
        "07:00-08:00",
        5,
    )
    assert found["AutoMinorVersionUpgrade"] is False
    cluster = group.cluster()
    assert cluster["PreferredMaintenanceWindow"] == "fri:01:00-fri:02:00"
    assert cluster["NotificationConfiguration"] == {"TopicArn": topic, "TopicStatus": "active"}
    assert sorted(one["PrivateIpAddress"] for one in group.interfaces()) == addresses


def test_log_delivery_is_kept_and_shown_as_not_delivered(group):
    log = {
        "LogType": "slow-log",
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "slow"}},
        "LogFormat": "json",
    }
    _, found = group.change(LogDeliveryConfigurations=[log])
    (shown,) = found["LogDeliveryConfigurations"]
    assert {name: shown[name] for name in log} == log
    assert (shown["Status"], "does not deliver" in shown["Message"]) == ("error", True)
    _, found = group.change(LogDeliveryConfigurations=[{"LogType": "slow-log", "Enabled": False}])
    assert found["LogDeliveryConfigurations"] == []


def test_replicas_are_added_in_the_least_used_zone_and_removed_from_the_end(group):
    group.client.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=3, ApplyImmediately=True)
    found = group.available()
    assert found["MemberClusters"] == ["cache-001", "cache-002", "cache-003", "cache-004"]
    zones = [m["PreferredAvailabilityZone"][-1] for m in found["NodeGroups"][0]["NodeGroupMembers"]]
    assert zones == ["a", "b", "a", "b"]
    reader = found["NodeGroups"][0]["ReaderEndpoint"]["Address"]
    assert len(group.part.names()[reader]["addresses"]) == 3
    assert len(group.part.replication_pairs(group.vpc_id)) == 4 * 3
    group.client.decrease_replica_count(
        ReplicationGroupId="cache", ReplicasToRemove=["cache-003"], ApplyImmediately=True
    )
    assert group.available()["MemberClusters"] == ["cache-001", "cache-002", "cache-004"]
    group.client.decrease_replica_count(ReplicationGroupId="cache", NewReplicaCount=1, ApplyImmediately=True)
    assert group.available()["MemberClusters"] == ["cache-001", "cache-002"]
    assert len(group.interfaces()) == 2
    group.client.increase_replica_count(
        ReplicationGroupId="cache",
        ReplicaConfiguration=[
            {
                "NodeGroupId": "0001",
                "NewReplicaCount": 2,
                "PreferredAvailabilityZones": ["eu-west-1a", "eu-west-1b", "eu-west-1b"],
            }
        ],
        ApplyImmediately=True,
    )
    members = group.available()["NodeGroups"][0]["NodeGroupMembers"]
    assert (members[-1]["CacheClusterId"], members[-1]["PreferredAvailabilityZone"]) == (
        "cache-003",
        "eu-west-1b",
    )


def test_replicas_that_cannot_be_added_leave_the_group_as_it_was(group):
    group.engines.failure = EngineError("no luck today")
    group.client.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=2, ApplyImmediately=True)
    assert group.available()["MemberClusters"] == ["cache-001", "cache-002"]
    assert len(group.interfaces()) == 2


def test_a_parameter_change_reaches_every_cache_that_uses_the_group_and_a_reset_takes_it_back(api):
    api.client.create_cache_parameter_group(
        CacheParameterGroupName="mine", CacheParameterGroupFamily="redis7", Description="d"
    )
    api.create_group(CacheParameterGroupName="mine")
    api.available()
    pairs = [{"ParameterName": "Maxmemory-Policy", "ParameterValue": "noeviction"}]
    api.client.modify_cache_parameter_group(CacheParameterGroupName="mine", ParameterNameValues=pairs)
    api.available()
    assert spec(api)["parameters"]["maxmemory-policy"] == "noeviction"
    shown = api.client.describe_cache_parameters(CacheParameterGroupName="mine", Source="user")["Parameters"]
    assert [(row["ParameterName"], row["ParameterValue"]) for row in shown] == [
        ("maxmemory-policy", "noeviction")
    ]
    api.client.reset_cache_parameter_group(CacheParameterGroupName="mine", ResetAllParameters=True)
    api.available()
    assert spec(api)["parameters"]["maxmemory-policy"] == "volatile-lru"
    assert (
        api.client.describe_cache_parameters(CacheParameterGroupName="mine", Source="user")["Parameters"]
        == []
    )


def test_tags_of_a_group_are_its_members_too(group):
    group.client.add_tags_to_resource(ResourceName=ARN, Tags=[{"Key": "cost", "Value": "1"}])
    member = ARN.replace("replicationgroup:cache", "cluster:cache-001")
    for arn in (ARN, member):
        tags = group.client.list_tags_for_resource(ResourceName=arn)["TagList"]
        assert tags == [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "a"}]
    group.client.remove_tags_from_resource(ResourceName=ARN, TagKeys=["team"])
    assert group.client.list_tags_for_resource(ResourceName=member)["TagList"] == [
        {"Key": "cost", "Value": "1"}
    ]


def test_the_primary_is_chosen_by_hand_when_failover_is_not_automatic(group):
    _, found = group.change(
        AutomaticFailoverEnabled=False, MultiAZEnabled=False, PrimaryClusterId="cache-002"
    )
    roles = {m["CacheClusterId"]: m["CurrentRole"] for m in found["NodeGroups"][0]["NodeGroupMembers"]}
    assert roles == {"cache-001": "replica", "cache-002": "primary"}
    assert spec(group)["primary"].startswith("cache-002.")


def test_a_final_snapshot_outlives_its_group(group):
    group.client.delete_replication_group(ReplicationGroupId="cache", FinalSnapshotIdentifier="last")
    eventually(lambda: not group.client.describe_replication_groups()["ReplicationGroups"])
    (snapshot,) = group.client.describe_snapshots(SnapshotName="last")["Snapshots"]
    assert (snapshot["SnapshotStatus"], snapshot["ReplicationGroupId"]) == ("available", "cache")
    assert snapshot["NodeSnapshots"][0]["CacheSize"] == "3 MB"
    group.create_group("second", SnapshotName="last")
    group.available("second")
    assert spec(group)["restore"] in group.engines.data
    group.client.delete_snapshot(SnapshotName="last")
    assert group.engines.data == {}


def test_engine_versions_and_node_types_on_offer_are_listed(group):
    newest = group.client.describe_cache_engine_versions(Engine="redis", DefaultOnly=True)[
        "CacheEngineVersions"
    ]
    assert [(row["EngineVersion"], row["CacheParameterGroupFamily"]) for row in newest] == [("7.1", "redis7")]
    types = group.client.list_allowed_node_type_modifications(ReplicationGroupId="cache")
    assert "cache.m7g.large" in types["ScaleUpModifications"]
    assert "cache.t4g.micro" not in types["ScaleUpModifications"] + types["ScaleDownModifications"]


def test_secrets_are_in_no_answer_and_in_no_representation(group):
    answers = [group.group(), group.cluster(), group.part.status(), group.events()]
    records = [repr(cache) for cache in group.part._service.caches]
    assert not any(TOKEN in str(one) for one in answers + records)
