"""Memcached clusters: their life, their nodes and their refusals, as the API shows them and as the engines are told."""

from __future__ import annotations

import datetime

import pytest
from botocore.exceptions import ClientError

from sandbox.api.elasticache import memcached_life, monitor
from sandbox.engines.errors import EngineError, EngineUnavailable

from .conftest import ZONES, Api, eventually

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
END = "cache.amazonaws.com"


@pytest.fixture
def shop(api: Api, monkeypatch):
    """An API with ways to make, change and read a cluster named shop."""
    monkeypatch.setattr(memcached_life, "LEAVE_SECONDS", 0.0)

    def create(**changes):
        wanted = {
            "CacheClusterId": "shop",
            "Engine": "memcached",
            "CacheNodeType": "cache.t4g.micro",
            "NumCacheNodes": 2,
            "AZMode": "cross-az",
            "CacheSubnetGroupName": "subnets",
            "SecurityGroupIds": [api.group_id],
            **changes,
        }
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return api.client.create_cache_cluster(**wanted)["CacheCluster"]

    def ready():
        eventually(lambda: api.cluster("shop")["CacheClusterStatus"] == "available")
        return api.cluster("shop")

    def made(**changes):
        create(**changes)
        return ready()

    def change(**changes):
        wanted = {"CacheClusterId": "shop", "ApplyImmediately": True, **changes}
        answer = api.client.modify_cache_cluster(**wanted)["CacheCluster"]
        return answer, ready()

    def set_parameters(**values):
        pairs = [{"ParameterName": name, "ParameterValue": value} for name, value in values.items()]
        api.client.modify_cache_parameter_group(CacheParameterGroupName="own", ParameterNameValues=pairs)

    def own_group():
        api.client.create_cache_parameter_group(
            CacheParameterGroupName="own", CacheParameterGroupFamily="memcached1.6", Description="own"
        )

    api.create, api.ready, api.made, api.change = create, ready, made, change
    api.own_group, api.set_parameters = own_group, set_parameters
    return api


def spec(api: Api) -> dict:
    (found,) = api.engines.specs.values()
    return found


def nodes(cluster: dict) -> dict[str, str]:
    """Zone by node."""
    return {node["CacheNodeId"]: node["CustomerAvailabilityZone"] for node in cluster["CacheNodes"]}


def told(api: Api) -> tuple[int, list[str]]:
    """Version and names that discovery answers."""
    configuration = spec(api)["configuration"]
    return configuration["version"], [one.split("|")[0] for one in configuration["nodes"].split(" ")]


def lowest(api: Api) -> str:
    hash_ = api.part._service.store("eu-west-1").endpoint_hash
    return f"{hash_}.cfg.euw1.{END}"


def test_a_cluster_comes_to_be_with_its_nodes_and_one_endpoint(shop):
    created = shop.create()
    assert (created["CacheClusterStatus"], created["NumCacheNodes"]) == ("creating", 2)
    assert "ConfigurationEndpoint" not in created
    cluster = shop.ready()
    assert cluster["ConfigurationEndpoint"] == {"Address": f"shop.{lowest(shop)}", "Port": 11211}
    assert cluster["PreferredAvailabilityZone"] == "Multiple"
    assert nodes(cluster) == {"0001": ZONES[0], "0002": ZONES[1]}
    assert (cluster["Engine"], cluster["EngineVersion"]) == ("memcached", "1.6.22")
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.memcached1.6"
    assert "SnapshotRetentionLimit" not in cluster
    assert "ReplicationGroupId" not in cluster
    assert shop.events(SourceType="cache-cluster", SourceIdentifier="shop") == [
        f"Added cache node 0001 in availability zone {ZONES[0]}",
        f"Added cache node 0002 in availability zone {ZONES[1]}",
        "Cache cluster created",
    ]


def test_the_list_of_clusters_has_it_once_and_nodes_only_on_request(shop):
    shop.made()
    (found,) = shop.client.describe_cache_clusters()["CacheClusters"]
    assert (found["CacheClusterId"], found["NumCacheNodes"]) == ("shop", 2)
    assert "CacheNodes" not in found


@pytest.mark.parametrize(
    ("tls", "name"), [(False, "shop.{hash}.0002.euw1." + END), (True, "0002.shop.{hash}.euw1." + END)]
)
def test_names_lead_to_nodes_and_the_endpoint_to_one_that_is_well(shop, tls, name):
    cluster = shop.made(TransitEncryptionEnabled=tls)
    hash_ = shop.part._service.store("eu-west-1").endpoint_hash
    name = name.format(hash=hash_)
    assert cluster["TransitEncryptionEnabled"] is tls
    assert cluster["CacheNodes"][1]["Endpoint"] == {"Address": name, "Port": 11211}
    first, second = (place["address"] for place in spec(shop)["nodes"].values())
    names = shop.part.names(shop.vpc_id)
    assert names[name] == {"addresses": [second]}
    assert names[f"shop.{hash_}.cfg.euw1.{END}"] == {"cname": cluster["CacheNodes"][0]["Endpoint"]["Address"]}
    assert spec(shop)["configuration"] == {
        "version": 1,
        "nodes": " ".join(
            sorted(
                f"{node['Endpoint']['Address']}|{address}|11211"
                for node, address in zip(cluster["CacheNodes"], (first, second), strict=True)
            )
        ),
    }
    assert spec(shop)["transit_encryption"] == ("required" if tls else "off")
    shop.engines.silent.add(next(iter(spec(shop)["nodes"])))
    eventually(lambda: shop.part.names()[f"shop.{hash_}.cfg.euw1.{END}"] == {"cname": name})


def test_nodes_do_not_reach_each_other_beyond_their_groups(shop):
    shop.made()
    assert shop.part.replication_pairs() == []


@pytest.mark.parametrize(
    ("wish", "zones", "shown"),
    [
        ({}, [ZONES[0], ZONES[1]], "Multiple"),
        ({"AZMode": None}, [ZONES[0], ZONES[0]], ZONES[0]),
        ({"AZMode": "single-az", "PreferredAvailabilityZone": ZONES[1]}, [ZONES[1], ZONES[1]], ZONES[1]),
        ({"PreferredAvailabilityZones": [ZONES[1], ZONES[0]]}, [ZONES[1], ZONES[0]], "Multiple"),
        ({"AZMode": None, "PreferredAvailabilityZones": [*ZONES]}, [*ZONES], "Multiple"),
    ],
)
def test_nodes_stand_where_they_are_wanted(shop, wish, zones, shown):
    cluster = shop.made(**wish)
    assert [*nodes(cluster).values()] == zones
    assert cluster["PreferredAvailabilityZone"] == shown


def test_the_node_type_and_the_group_decide_what_a_node_has(shop):
    shop.own_group()
    shop.set_parameters(max_item_size="2097152")
    shop.made(CacheParameterGroupName="own", CacheNodeType="cache.r6g.xlarge", Port=11300)
    assert spec(shop)["parameters"] == {"max_item_size": "2097152"}
    assert (spec(shop)["megabytes"], spec(shop)["threads"], spec(shop)["port"]) == (26953, 4, 11300)


def test_more_nodes_are_told_of_when_they_run(shop):
    shop.made()
    before = dict(spec(shop)["nodes"])
    seen = []
    shop.engines.on_apply = lambda wanted: seen.append(
        (
            len(wanted["nodes"]),
            wanted["configuration"]["version"],
            wanted["configuration"]["nodes"].count("|"),
        )
    )
    answer, cluster = shop.change(NumCacheNodes=4, NewAvailabilityZones=[ZONES[1], ZONES[0]])
    assert answer["CacheClusterStatus"] == "modifying"
    assert nodes(cluster) == {"0001": ZONES[0], "0002": ZONES[1], "0003": ZONES[1], "0004": ZONES[0]}
    assert cluster["NumCacheNodes"] == 4
    assert seen[:2] == [(4, 1, 4), (4, 2, 8)]
    assert dict(list(spec(shop)["nodes"].items())[:2]) == before


def test_fewer_nodes_are_untold_before_they_end_and_their_numbers_come_again(shop):
    shop.made(NumCacheNodes=4)
    seen = []
    shop.engines.on_apply = lambda wanted: seen.append(
        (
            len(wanted["nodes"]),
            wanted["configuration"]["version"],
            wanted["configuration"]["nodes"].count("|"),
        )
    )
    _, cluster = shop.change(NumCacheNodes=2, CacheNodeIdsToRemove=["0002", "0004"])
    assert [*nodes(cluster)] == ["0001", "0003"]
    assert seen[:2] == [(4, 2, 4), (2, 2, 4)]
    assert len(shop.interfaces()) == 2
    assert f"Removed cache node 0004 from availability zone {ZONES[1]}" in shop.events()
    _, cluster = shop.change(NumCacheNodes=3)
    assert [*nodes(cluster)] == ["0001", "0002", "0003"]
    assert told(shop)[0] == 3


def test_what_fails_to_grow_stays_as_it_was(shop):
    shop.made()
    shop.engines.failure = EngineError("no more memory")
    shop.client.modify_cache_cluster(CacheClusterId="shop", NumCacheNodes=4, ApplyImmediately=True)
    cluster = shop.ready()
    assert [*nodes(cluster)] == ["0001", "0002"]
    assert len(shop.interfaces()) == 2
    assert "Failed (sandbox): no more memory" in shop.events()
    shop.engines.failure = None
    assert [*nodes(shop.change(NumCacheNodes=3)[1])] == ["0001", "0002", "0003"]


def test_without_apply_immediately_nodes_wait_for_the_window(shop, monkeypatch):
    shop.made()
    answer = shop.client.modify_cache_cluster(CacheClusterId="shop", NumCacheNodes=3, EngineVersion="1.6.22")
    assert answer["CacheCluster"]["PendingModifiedValues"] == {"NumCacheNodes": 3}
    assert answer["CacheCluster"]["CacheClusterStatus"] == "available"
    sunday = datetime.datetime(2026, 11, 22, 5, 30, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(monitor, "now", lambda: sunday)
    eventually(lambda: shop.cluster("shop")["NumCacheNodes"] == 3)
    assert shop.ready()["PendingModifiedValues"] == {}


def test_a_newer_version_empties_the_nodes_and_an_older_one_is_refused(shop):
    shop.made(EngineVersion="1.6.12")
    _, cluster = shop.change(EngineVersion="1.6.17")
    assert (cluster["EngineVersion"], spec(shop)["version"]) == ("1.6.17", "1.6.17")
    assert [one for one in shop.events() if "restarted" in one] == [
        "Cache node 0001 restarted",
        "Cache node 0002 restarted",
    ]
    code, message = shop.refusal("modify_cache_cluster", CacheClusterId="shop", EngineVersion="1.6.6")
    assert (code, message.split(" (")[0]) == (
        VALUE,
        "The engine version cannot be lowered from 1.6.17 to 1.6.6.",
    )


def test_plain_settings_change_without_a_restart(shop):
    shop.made()
    arn = "arn:aws:sns:eu-west-1:123456789012:alerts"
    _, cluster = shop.change(PreferredMaintenanceWindow="tue:02:00-tue:03:00", NotificationTopicArn=arn)
    assert cluster["PreferredMaintenanceWindow"] == "tue:02:00-tue:03:00"
    assert cluster["NotificationConfiguration"] == {"TopicArn": arn, "TopicStatus": "active"}
    assert not [one for one in shop.events() if "restarted" in one]


def test_parameters_wait_for_a_reboot_of_each_node(shop):
    shop.own_group()
    shop.made(CacheParameterGroupName="own")
    shop.set_parameters(max_item_size="2097152")
    shop.set_parameters(max_item_size="2097152", watch="0")
    cluster = shop.ready()
    assert cluster["CacheParameterGroup"] == {
        "CacheParameterGroupName": "own",
        "ParameterApplyStatus": "pending-reboot",
        "CacheNodeIdsToReboot": ["0001", "0002"],
    }
    answer = shop.client.reboot_cache_cluster(CacheClusterId="shop", CacheNodeIdsToReboot=["0002"])
    assert answer["CacheCluster"]["CacheClusterStatus"] == "rebooting cluster nodes"
    cluster = shop.ready()
    assert cluster["CacheParameterGroup"]["CacheNodeIdsToReboot"] == ["0001"]
    assert [node["ParameterGroupStatus"] for node in cluster["CacheNodes"]] == ["pending-reboot", "in-sync"]
    assert shop.events()[-2:] == ["Cache node 0002 shutdown", "Cache node 0002 restarted"]
    # A node that is new has them from the start, and the value of before leaves nothing to wait for.
    assert shop.change(NumCacheNodes=3)[1]["CacheParameterGroup"]["CacheNodeIdsToReboot"] == ["0001"]
    shop.set_parameters(max_item_size="1048576", watch="0")
    assert shop.ready()["CacheParameterGroup"]["CacheNodeIdsToReboot"] == ["0002", "0003"]


def test_a_parameter_that_is_changed_live_waits_for_nothing(shop):
    shop.own_group()
    shop.made(CacheParameterGroupName="own")
    shop.set_parameters(watch="0")
    assert shop.ready()["CacheParameterGroup"]["ParameterApplyStatus"] == "in-sync"
    assert spec(shop)["parameters"] == {"watch": "0"}


def test_a_lost_node_is_started_again_at_its_place(shop):
    shop.made()
    node_id, place = next(iter(spec(shop)["nodes"].items()))
    shop.part.fault("shop.0001", "kill")
    eventually(lambda: "Finished recovery for cache nodes 0001" in shop.events())
    assert spec(shop)["nodes"][node_id]["address"] == place["address"]
    assert told(shop)[0] == 1


def test_a_node_that_stays_away_is_replaced_under_its_name_at_another_address(shop, monkeypatch):
    monkeypatch.setattr(monitor, "DETECTION_SECONDS", 0.05)
    monkeypatch.setattr(monitor, "REPLACE_SECONDS", 0.2)
    cluster = shop.made()
    name = cluster["CacheNodes"][1]["Endpoint"]["Address"]
    old = shop.part.names()[name]["addresses"]
    shop.part.fault("0002", "freeze")
    eventually(lambda: "Finished recovery for cache nodes 0002" in shop.events())
    (new,) = shop.part.names()[name]["addresses"]
    assert [new] != old
    assert told(shop)[0] == 2
    assert f"{name}|{new}|11211" in spec(shop)["configuration"]["nodes"].split(" ")
    eventually(lambda: len(shop.interfaces()) == 2)
    assert shop.ready()["CacheNodes"][1]["CacheNodeStatus"] == "available"


def test_the_end_leaves_no_interface_and_no_record(shop):
    cluster = shop.made(Tags=[{"Key": "team", "Value": "shop"}])
    tags = shop.client.list_tags_for_resource(ResourceName=cluster["ARN"])["TagList"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    answer = shop.client.delete_cache_cluster(CacheClusterId="shop")["CacheCluster"]
    assert answer["CacheClusterStatus"] == "deleting"
    eventually(lambda: not shop.client.describe_cache_clusters()["CacheClusters"])
    eventually(lambda: shop.interfaces() == [])
    assert shop.engines.specs == {}
    assert shop.part.names() == {}
    assert shop.events()[-1] == "Cache cluster deleted"


def test_a_creation_that_fails_is_told_and_leaves_nothing_but_its_record(shop):
    shop.engines.failure = EngineError("no luck today")
    shop.create()
    eventually(lambda: shop.cluster("shop")["CacheClusterStatus"] == "create-failed")
    assert shop.interfaces() == []
    assert [one["CacheClusterStatus"] for one in shop.client.describe_cache_clusters()["CacheClusters"]] == [
        "create-failed"
    ]
    assert "Failed (sandbox): no luck today" in shop.events()
    shop.engines.failure = None
    shop.client.delete_cache_cluster(CacheClusterId="shop")
    eventually(lambda: not shop.client.describe_cache_clusters()["CacheClusters"])


def test_a_creation_without_the_program_is_refused_at_once_with_the_way_out(shop):
    shop.engines.failure = EngineUnavailable(
        "memcached is not installed; install it with: apt-get install memcached"
    )
    with pytest.raises(ClientError, match="apt-get install memcached"):
        shop.create()
    assert shop.interfaces() == []


REFUSED = [
    ({"NumCacheNodes": 0}, VALUE, "Invalid NumCacheNodes: 0. Must be between 1 and 60."),
    ({"NumCacheNodes": 61}, VALUE, "Invalid NumCacheNodes: 61. Must be between 1 and 60."),
    ({"NumCacheNodes": 1}, COMBINATION, "AZMode cross-az needs a cluster of at least two nodes."),
    ({"AZMode": "both"}, VALUE, "Invalid AZMode: both. Valid values are: single-az, cross-az"),
    (
        {"AZMode": "single-az", "PreferredAvailabilityZones": [*ZONES]},
        COMBINATION,
        "Nodes in several availability zones need AZMode cross-az.",
    ),
    (
        {"PreferredAvailabilityZones": [ZONES[0]]},
        COMBINATION,
        "PreferredAvailabilityZones names 1 zones for 2 nodes; give one for each.",
    ),
    (
        {"PreferredAvailabilityZones": [ZONES[0], "eu-west-1c"]},
        VALUE,
        "The subnet group subnets has no subnet in eu-west-1c (it covers: eu-west-1a, eu-west-1b)",
    ),
    ({"EngineVersion": "1.6"}, COMBINATION, "Cannot find version 1.6 for memcached (offered: 1.4.5,"),
    ({"CacheNodeType": "cache.t9.micro"}, VALUE, "Invalid Cache Node Type: cache.t9.micro."),
    (
        {"CacheNodeType": "cache.r6gd.xlarge"},
        COMBINATION,
        "cache.r6gd.xlarge is not available for engine memcached.",
    ),
    (
        {"EngineVersion": "1.5.10"},
        COMBINATION,
        "cache.t4g.micro needs memcached 1.5.16 or later; 1.5.10 was asked for.",
    ),
    (
        {"EngineVersion": "1.6.6", "TransitEncryptionEnabled": True},
        COMBINATION,
        "Encryption in transit is not supported for engine memcached 1.6.6. (1.6.12 is the first)",
    ),
    (
        {"CacheParameterGroupName": "default.redis7"},
        COMBINATION,
        "Expected a parameter group of family memcached1.6 but found one of family redis7",
    ),
    (
        {"SnapshotRetentionLimit": 0},
        COMBINATION,
        "SnapshotRetentionLimit cannot be used with engine memcached.",
    ),
    ({"SnapshotWindow": "01:00-02:00"}, COMBINATION, "SnapshotWindow cannot be used with engine memcached."),
    ({"AuthToken": "a-token-of-good-length"}, COMBINATION, "AuthToken cannot be used with engine memcached."),
    ({"ReplicationGroupId": "group"}, COMBINATION, "Memcached has no replication groups."),
    ({"Port": 80}, VALUE, "Invalid port: 80"),
    ({"NetworkType": "ipv6"}, "NotImplemented", "the parameter NetworkType is not modelled"),
    ({"PreferredMaintenanceWindow": "sun:05:00-sun:05:30"}, VALUE, "Invalid maintenance window"),
    ({"CacheClusterId": "shop-"}, VALUE, "The parameter CacheClusterIdentifier is not a valid identifier."),
]


@pytest.mark.parametrize(("wish", "code", "message"), REFUSED)
def test_a_creation_that_aws_refuses_is_refused(shop, wish, code, message):
    with pytest.raises(ClientError) as caught:
        shop.create(**wish)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert error["Message"].startswith(message)
    assert shop.interfaces() == []


REFUSED_CHANGES = [
    (
        {"NumCacheNodes": 1},
        COMBINATION,
        "From 2 to 1 nodes CacheNodeIdsToRemove has to name 1, not 0.",
    ),
    (
        {"NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0009"]},
        VALUE,
        "Cache node 0009 is not in cluster shop. (it has 0001, 0002)",
    ),
    ({"NumCacheNodes": 0}, VALUE, "Invalid NumCacheNodes: 0. Must be between 1 and 60."),
    (
        {"NumCacheNodes": 3, "CacheNodeIdsToRemove": ["0001"]},
        COMBINATION,
        "CacheNodeIdsToRemove cannot be used while nodes are added.",
    ),
    (
        {"NumCacheNodes": 3, "NewAvailabilityZones": [*ZONES]},
        COMBINATION,
        "NewAvailabilityZones names 2 zones for 1 nodes; give one for each.",
    ),
    (
        {"NewAvailabilityZones": [ZONES[0]]},
        COMBINATION,
        "NewAvailabilityZones can only be used while nodes are added.",
    ),
    ({"AZMode": "single-az"}, COMBINATION, "Nodes in several availability zones need AZMode cross-az."),
    (
        {"CacheNodeType": "cache.t4g.small"},
        "NotImplemented",
        "changing the node type of a Memcached cluster is not modelled",
    ),
    ({"Engine": "redis"}, COMBINATION, "The engine of a Memcached cluster cannot be changed."),
    ({"AuthToken": "a-token-of-good-length"}, COMBINATION, "AuthToken cannot be used with engine memcached."),
    (
        {"SnapshotRetentionLimit": 3},
        COMBINATION,
        "SnapshotRetentionLimit cannot be used with engine memcached.",
    ),
]


@pytest.mark.parametrize(("wish", "code", "message"), REFUSED_CHANGES)
def test_a_change_that_aws_refuses_is_refused(shop, wish, code, message):
    shop.made()
    found = shop.refusal("modify_cache_cluster", CacheClusterId="shop", ApplyImmediately=True, **wish)
    assert found[0] == code
    assert found[1].startswith(message)
    assert shop.cluster("shop")["CacheClusterStatus"] == "available"


def test_other_operations_refuse_it(shop):
    shop.made()
    assert shop.refusal(
        "reboot_cache_cluster", CacheClusterId="shop", CacheNodeIdsToReboot=["0001", "0003"]
    ) == (
        VALUE,
        "Invalid cache node ids: 0003. shop has the nodes 0001, 0002.",
    )
    assert shop.refusal("create_snapshot", SnapshotName="s", CacheClusterId="shop")[1].startswith(
        "Memcached has no snapshots."
    )
    final = {"CacheClusterId": "shop", "FinalSnapshotIdentifier": "last"}
    assert shop.refusal("delete_cache_cluster", **final)[0] == COMBINATION


def test_while_it_changes_nothing_else_may(shop):
    shop.made()
    shop.engines.hold = 0.2
    shop.client.modify_cache_cluster(CacheClusterId="shop", NumCacheNodes=3, ApplyImmediately=True)
    expected = ("InvalidCacheClusterState", "Cache cluster shop is modifying, not available.")
    for operation, more in (
        ("modify_cache_cluster", {}),
        ("delete_cache_cluster", {}),
        ("reboot_cache_cluster", {"CacheNodeIdsToReboot": ["0001"]}),
    ):
        assert shop.refusal(operation, CacheClusterId="shop", **more) == expected


def test_families_of_memcached_have_their_parameters(shop):
    answer = shop.client.describe_engine_default_parameters(
        CacheParameterGroupFamily="memcached1.6", MaxRecords=100
    )
    rows = {row["ParameterName"]: row for row in answer["EngineDefaults"]["Parameters"]}
    assert len(rows) == 33
    assert (rows["max_item_size"]["ParameterValue"], rows["max_item_size"]["ChangeType"]) == (
        "1048576",
        "requires-reboot",
    )
    assert "appendonly" not in rows
    groups = shop.client.describe_cache_parameter_groups()["CacheParameterGroups"]
    names = [
        group["CacheParameterGroupName"]
        for group in groups
        if "memcached" in group["CacheParameterGroupName"]
    ]
    assert names == ["default.memcached1.4", "default.memcached1.5", "default.memcached1.6"]
