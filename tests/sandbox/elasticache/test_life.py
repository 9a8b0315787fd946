"""A group's life: created, shown, changed, deleted."""

from __future__ import annotations

from sandbox.engines.errors import EngineError, EngineUnavailable

from .conftest import eventually

ZONE = "cache.{}.euw1.cache.amazonaws.com"


def test_a_group_passes_through_creating_to_available_and_is_shown_whole(api):
    api.engines.hold = 0.3
    assert api.create_group()["Status"] == "creating"
    assert "PrimaryEndpoint" not in api.group()["NodeGroups"][0]
    group = api.available()
    assert {name: group[name] for name in (
        "ReplicationGroupId", "Description", "MemberClusters", "AutomaticFailover", "MultiAZ", "ClusterEnabled",
        "ClusterMode", "CacheNodeType", "AuthTokenEnabled", "TransitEncryptionEnabled", "AtRestEncryptionEnabled",
        "SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade", "NetworkType", "IpDiscovery", "Engine",
        "ARN", "LogDeliveryConfigurations", "PendingModifiedValues", "UserGroupIds", "DataTiering",
    )} == {
        "ReplicationGroupId": "cache", "Description": "a cache", "MemberClusters": ["cache-001", "cache-002"],
        "AutomaticFailover": "enabled", "MultiAZ": "enabled", "ClusterEnabled": False, "ClusterMode": "disabled",
        "CacheNodeType": "cache.t4g.micro", "AuthTokenEnabled": False, "TransitEncryptionEnabled": False,
        "AtRestEncryptionEnabled": False, "SnapshotRetentionLimit": 0, "SnapshotWindow": "03:00-04:00",
        "AutoMinorVersionUpgrade": True, "NetworkType": "ipv4", "IpDiscovery": "ipv4", "Engine": "redis",
        "ARN": "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:cache", "LogDeliveryConfigurations": [],
        "PendingModifiedValues": {}, "UserGroupIds": [], "DataTiering": "disabled",
    }  # fmt: skip
    members = group["NodeGroups"][0]["NodeGroupMembers"]
    assert [(m["CacheClusterId"], m["CurrentRole"], m["PreferredAvailabilityZone"]) for m in members] == [
        ("cache-001", "primary", "eu-west-1a"),
        ("cache-002", "replica", "eu-west-1b"),
    ]


def test_boto3s_waiters_see_it_come_and_go(api):
    api.create_group()
    api.client.get_waiter("replication_group_available").wait(
        ReplicationGroupId="cache", WaiterConfig={"Delay": 1, "MaxAttempts": 9}
    )
    assert (
        api.client.delete_replication_group(ReplicationGroupId="cache")["ReplicationGroup"]["Status"]
        == "deleting"
    )
    api.client.get_waiter("replication_group_deleted").wait(
        ReplicationGroupId="cache", WaiterConfig={"Delay": 1, "MaxAttempts": 9}
    )


def test_endpoints_with_tls_are_spelled_as_the_service_spells_them(api):
    api.create_group(TransitEncryptionEnabled=True, AuthToken="a-token-of-good-length", Port=7000)
    shard = api.available()["NodeGroups"][0]
    primary, reader = shard["PrimaryEndpoint"], shard["ReaderEndpoint"]
    middle = primary["Address"].split(".")[2]
    assert len(middle) == 6
    assert primary == {"Address": f"master.{ZONE.format(middle)}", "Port": 7000}
    assert reader == {"Address": f"replica.{ZONE.format(middle)}", "Port": 7000}
    assert api.cluster("cache-002")["CacheNodes"][0]["Endpoint"] == {
        "Address": f"cache-002.{ZONE.format(middle)}",
        "Port": 7000,
    }
    names = api.part.names(api.vpc_id)
    assert names[primary["Address"]] == {"cname": f"cache-001.{ZONE.format(middle)}"}
    assert names[reader["Address"]] == names[f"cache-002.{ZONE.format(middle)}"]
    assert api.part.names("vpc-other") == {}


def test_endpoints_without_tls_are_spelled_as_the_service_spells_them(api):
    api.create_group()
    shard = api.available()["NodeGroups"][0]
    middle = shard["PrimaryEndpoint"]["Address"].split(".")[1]
    assert shard["PrimaryEndpoint"]["Address"] == f"cache.{middle}.ng.0001.euw1.cache.amazonaws.com"
    assert shard["ReaderEndpoint"]["Address"] == f"cache-ro.{middle}.ng.0001.euw1.cache.amazonaws.com"
    node = api.cluster()["CacheNodes"][0]
    assert node["Endpoint"]["Address"] == f"cache-001.{middle}.0001.euw1.cache.amazonaws.com"


def test_every_member_is_a_cache_cluster_with_the_groups_settings(api):
    api.create_group(PreferredMaintenanceWindow="Tue:01:00-Tue:02:30", SnapshotWindow="05:00-06:00")
    api.available()
    cluster = api.cluster("cache-002")
    assert (cluster["CacheClusterStatus"], cluster["EngineVersion"], cluster["NumCacheNodes"]) == (
        "available",
        "7.1.0",
        1,
    )
    assert cluster["ReplicationGroupId"] == "cache"
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"
    assert cluster["PreferredMaintenanceWindow"] == "tue:01:00-tue:02:30"
    assert cluster["SecurityGroups"] == [{"SecurityGroupId": api.group_id, "Status": "active"}]
    assert cluster["CacheSubnetGroupName"] == "subnets"
    assert cluster["CacheNodes"][0]["CustomerAvailabilityZone"] == "eu-west-1b"


def test_every_node_has_an_interface_in_its_zone_and_gives_it_back(api):
    api.create_group()
    api.available()
    found = {one["Description"]: one for one in api.interfaces()}
    assert sorted(found) == ["ElastiCache cache-001", "ElastiCache cache-002"]
    assert found["ElastiCache cache-002"]["AvailabilityZone"] == "eu-west-1b"
    assert found["ElastiCache cache-001"]["PrivateIpAddress"] == "10.7.1.4"
    assert [group["GroupId"] for group in found["ElastiCache cache-001"]["Groups"]] == [api.group_id]
    assert sorted(api.part.hosts()) == sorted(one["NetworkInterfaceId"] for one in found.values())
    api.client.delete_replication_group(ReplicationGroupId="cache")
    eventually(lambda: not api.client.describe_replication_groups()["ReplicationGroups"])
    assert api.interfaces() == []
    assert api.engines.specs == {}
    assert api.part.names() == {}
    assert api.part.replication_pairs() == []
    assert "Replication group cache deleted" in api.events()


def test_the_engines_are_told_what_the_request_said(api):
    api.client.create_cache_parameter_group(
        CacheParameterGroupName="mine", CacheParameterGroupFamily="redis7", Description="d"
    )
    api.client.modify_cache_parameter_group(
        CacheParameterGroupName="mine",
        ParameterNameValues=[
            {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"},
            {"ParameterName": "reserved-memory-percent", "ParameterValue": "50"},
        ],
    )
    api.create_group(
        TransitEncryptionEnabled=True,
        AuthToken="a-token-of-good-length",
        CacheParameterGroupName="mine",
        EngineVersion="7.0",
    )
    api.available()
    (spec,) = api.engines.specs.values()
    assert (spec["engine"], spec["version"], spec["transit_encryption"]) == ("redis", "7.0", "required")
    assert spec["auth_tokens"] == ["a-token-of-good-length"]
    assert spec["parameters"]["maxmemory-policy"] == "allkeys-lru"
    assert spec["maxmemory_bytes"] == 536870912 // 2
    assert spec["primary"].startswith("cache-001.")
    assert any(name.startswith("*.cache.") for name in spec["certificate_names"])


def test_a_creation_that_fails_behind_the_answer_leaves_nothing_but_a_failed_record(api):
    api.engines.failure = EngineError("no luck today")
    api.create_group()
    eventually(lambda: api.group()["Status"] == "create-failed")
    assert api.interfaces() == []
    assert "Failed (sandbox): no luck today" in api.events(
        SourceType="replication-group", SourceIdentifier="cache"
    )
    api.engines.failure = None
    api.client.delete_replication_group(ReplicationGroupId="cache")
    eventually(lambda: not api.client.describe_replication_groups()["ReplicationGroups"])


def test_a_creation_without_a_server_program_is_refused_at_once(api):
    api.engines.failure = EngineUnavailable(
        "redis-server is not installed; install it with: apt-get install redis-server"
    )
    code, message = api.creation_refusal()
    assert code == "SandboxFault"
    assert "apt-get install redis-server" in message
    assert api.interfaces() == []


def test_a_single_node_lives_as_a_cluster_of_its_own(api):
    answer = api.client.create_cache_cluster(
        CacheClusterId="one", CacheNodeType="cache.t4g.micro", Engine="redis", NumCacheNodes=1,
        CacheSubnetGroupName="subnets", PreferredAvailabilityZone="eu-west-1b", Port=6380,
    )  # fmt: skip
    assert answer["CacheCluster"]["CacheClusterStatus"] == "creating"
    eventually(lambda: api.cluster("one")["CacheClusterStatus"] == "available")
    cluster = api.cluster("one")
    assert "ReplicationGroupId" not in cluster
    assert cluster["PreferredAvailabilityZone"] == "eu-west-1b"
    assert cluster["CacheNodes"][0]["Endpoint"]["Address"].startswith("one.")
    assert cluster["CacheNodes"][0]["Endpoint"]["Port"] == 6380
    api.client.modify_cache_cluster(
        CacheClusterId="one", CacheNodeType="cache.t4g.small", ApplyImmediately=True
    )
    eventually(lambda: api.cluster("one")["CacheClusterStatus"] == "available")
    assert api.cluster("one")["CacheNodeType"] == "cache.t4g.small"
    api.client.delete_cache_cluster(CacheClusterId="one")
    eventually(lambda: not api.client.describe_cache_clusters()["CacheClusters"])
    assert api.interfaces() == []


def test_a_cache_without_a_subnet_group_goes_to_the_default_vpc(api):
    api.client.create_cache_cluster(CacheClusterId="one", CacheNodeType="cache.t4g.micro", Engine="redis")
    eventually(lambda: api.cluster("one")["CacheClusterStatus"] == "available")
    assert api.cluster("one")["CacheSubnetGroupName"] == "default"


def test_lists_come_in_pages(api):
    for number in range(23):
        api.client.create_cache_parameter_group(
            CacheParameterGroupName=f"group-{number:02d}", CacheParameterGroupFamily="redis7", Description="d"
        )
    first = api.client.describe_cache_parameter_groups(MaxRecords=20)
    assert len(first["CacheParameterGroups"]) == 20
    pages = api.client.get_paginator("describe_cache_parameter_groups").paginate(
        PaginationConfig={"PageSize": 20}
    )
    names = [group["CacheParameterGroupName"] for page in pages for group in page["CacheParameterGroups"]]
    assert len(names) == len(set(names))
    assert [name for name in names if name.startswith("group-")] == [
        f"group-{number:02d}" for number in range(23)
    ]
    assert api.refusal("describe_cache_parameter_groups", MaxRecords=10) == (
        "InvalidParameterValue",
        "Invalid value 10 for MaxRecords. Must be between 20 and 100",
    )
    assert api.refusal("describe_cache_parameter_groups", Marker="???")[0] == "InvalidParameterValue"
