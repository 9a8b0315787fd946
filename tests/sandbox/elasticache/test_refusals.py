"""Each thing the service refuses, with its code and words. Nothing here changes the one API they share."""

from __future__ import annotations

import pytest

from .conftest import RememberedEngines, eventually

COMBINATION, VALUE = "InvalidParameterCombination", "InvalidParameterValue"
TOKEN = "a-token-of-good-length"
TLS = {"TransitEncryptionEnabled": True}
LOG = {
    "LogType": "slow-log",
    "DestinationType": "cloudwatch-logs",
    "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "slow"}},
    "LogFormat": "json",
}


@pytest.fixture(scope="module")
def api(server):
    with server.lend(RememberedEngines(), "10.9") as lent:
        prepare(lent)
        yield lent


def prepare(api):
    """Groups and a cluster that calls can clash with, and another VPC."""
    api.client.create_cache_parameter_group(
        CacheParameterGroupName="six", CacheParameterGroupFamily="redis6.x", Description="d"
    )
    api.client.create_cache_parameter_group(
        CacheParameterGroupName="seven", CacheParameterGroupFamily="redis7", Description="d"
    )
    api.client.create_cache_subnet_group(
        CacheSubnetGroupName="narrow", CacheSubnetGroupDescription="one zone", SubnetIds=api.subnet_ids[:1]
    )
    other = api.ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    api.other_subnet = api.ec2.create_subnet(VpcId=other, CidrBlock="10.10.1.0/24")["Subnet"]["SubnetId"]
    api.other_group = api.ec2.create_security_group(GroupName="o", Description="o", VpcId=other)["GroupId"]
    api.create_group("taken", CacheParameterGroupName="seven")
    api.create_group("plain", NumCacheClusters=1, AutomaticFailoverEnabled=False, MultiAZEnabled=False)
    api.create_group("secure", **TLS, AuthToken=TOKEN)
    api.create_group("old", EngineVersion="6.2")
    api.create_group("older", EngineVersion="4.0.10", CacheNodeType="cache.m5.large", **TLS, AuthToken=TOKEN)
    for name in ("taken", "plain", "secure", "old", "older"):
        api.available(name)
    api.client.create_cache_cluster(
        CacheClusterId="single",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        CacheSubnetGroupName="subnets",
    )
    eventually(lambda: api.cluster("single")["CacheClusterStatus"] == "available")


CREATIONS = [
    (
        {"name": "1st"},
        VALUE,
        "The parameter ReplicationGroupIdentifier is not a valid identifier. Identifiers must ",
    ),
    ({"name": "a--b"}, VALUE, "The parameter ReplicationGroupIdentifier is not a valid identifier."),
    ({"name": "a-"}, VALUE, "The parameter ReplicationGroupIdentifier is not a valid identifier."),
    ({"name": "a" * 41}, VALUE, "The parameter ReplicationGroupIdentifier is not a valid identifier."),
    ({"name": "taken"}, "ReplicationGroupAlreadyExists", "Replication group taken already exists."),
    ({"name": "TAKEN"}, "ReplicationGroupAlreadyExists", "Replication group taken already exists."),
    (
        {"ReplicationGroupDescription": " "},
        VALUE,
        "The parameter ReplicationGroupDescription must be provided",
    ),
    ({"Engine": "memcached"}, VALUE, "Invalid engine memcached for a replication group."),
    ({"Engine": "mongo"}, VALUE, "Invalid engine mongo"),
    ({"EngineVersion": "9.9"}, COMBINATION, "Cannot find version 9.9 for redis"),
    ({"EngineVersion": "7.x"}, COMBINATION, "Cannot find version 7.x for redis"),
    ({"Engine": "valkey", "EngineVersion": "7.1"}, COMBINATION, "Cannot find version 7.1 for valkey"),
    ({"CacheNodeType": None}, VALUE, "The parameter CacheNodeType must be provided."),
    ({"CacheNodeType": "t4g.micro"}, VALUE, "Invalid Cache Node Type: t4g.micro."),
    ({"CacheNodeType": "cache.t9.micro"}, VALUE, "Invalid Cache Node Type: cache.t9.micro."),
    (
        {"CacheNodeType": "cache.t2.micro"},
        VALUE,
        "Invalid Cache Node Type: cache.t2.micro. (its generation is closed",
    ),
    (
        {"EngineVersion": "4.0.10"},
        COMBINATION,
        "cache.t4g.micro needs redis 5.0.6 or later; 4.0.10 was asked for.",
    ),
    (
        {"CacheNodeType": "cache.r6gd.xlarge"},
        "NotImplemented",
        "data tiering, which cache.r6gd.xlarge needs,",
    ),
    ({"NumCacheClusters": 0}, VALUE, "Invalid NumCacheClusters: 0."),
    ({"NumCacheClusters": 7}, VALUE, "Invalid NumCacheClusters: 7. Must be between 1 and 6."),
    ({"NumCacheClusters": 2, "NumNodeGroups": 1}, COMBINATION, "Use NumCacheClusters, or NumNodeGroups"),
    (
        {"NumCacheClusters": None, "NumNodeGroups": 2},
        "NotImplemented",
        "a replication group with several node groups",
    ),
    ({"NumCacheClusters": None, "ReplicasPerNodeGroup": 6}, VALUE, "Invalid number of replicas: 6."),
    (
        {"NumCacheClusters": 1},
        COMBINATION,
        "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
    ),
    (
        {"AutomaticFailoverEnabled": False},
        COMBINATION,
        "Multi-AZ can only be enabled with automatic failover.",
    ),
    (
        {"CacheSubnetGroupName": "narrow"},
        COMBINATION,
        "Multi-AZ needs subnets in at least two zones; narrow has ",
    ),
    (
        {"PreferredCacheClusterAZs": ["eu-west-1a"]},
        COMBINATION,
        "The number of preferred availability zones (1)",
    ),
    (
        {"PreferredCacheClusterAZs": ["eu-west-1a", "eu-west-1c"]},
        VALUE,
        "The subnet group subnets has no subnet in eu-west-1c (it covers: eu-west-1a, eu-west-1b)",
    ),
    (
        {"CacheSubnetGroupName": "nope"},
        "CacheSubnetGroupNotFoundFault",
        "Cache Subnet Group nope does not exist.",
    ),
    (
        {"CacheParameterGroupName": "nope"},
        "CacheParameterGroupNotFound",
        "CacheParameterGroup not found: nope",
    ),
    (
        {"CacheParameterGroupName": "six"},
        COMBINATION,
        "Expected a parameter group of family redis7 but found one of family redis6.x",
    ),
    (
        {"CacheParameterGroupName": "default.redis7.cluster.on"},
        "NotImplemented",
        "cluster mode, which the parameter ",
    ),
    ({"ClusterMode": "enabled"}, "NotImplemented", "the parameter ClusterMode"),
    ({"SecurityGroupIds": ["sg-12345678"]}, VALUE, "Some security group Ids do not exist: sg-12345678"),
    ({"CacheSecurityGroupNames": ["classic"]}, "NotImplemented", "the parameter CacheSecurityGroupNames"),
    ({"PreferredMaintenanceWindow": "sunday"}, VALUE, "Invalid maintenance window: sunday"),
    (
        {"PreferredMaintenanceWindow": "sun:05:00-sun:05:30"},
        VALUE,
        "Invalid maintenance window: sun:05:00-sun:05:30 (30",
    ),
    ({"SnapshotWindow": "5-6"}, VALUE, "Invalid snapshot window: 5-6"),
    ({"SnapshotWindow": "05:00-05:59"}, VALUE, "Invalid snapshot window: 05:00-05:59 (59 minutes"),
    (
        {"PreferredMaintenanceWindow": "sun:23:30-mon:00:30", "SnapshotWindow": "00:00-01:00"},
        COMBINATION,
        "The snapshot window (00:00-01:00) and the maintenance window (sun:23:30-mon:00:30) must not overlap.",
    ),
    ({"SnapshotRetentionLimit": -1}, VALUE, "Invalid snapshot retention limit: -1."),
    (
        {"SnapshotRetentionLimit": 36},
        VALUE,
        "Invalid snapshot retention limit: 36. Must be between 0 and 35.",
    ),
    ({"Port": 1149}, VALUE, "Invalid port: 1149"),
    ({"Port": 8005}, VALUE, "Invalid port: 8005"),
    ({"Port": 65536}, VALUE, "Invalid port: 65536"),
    ({"AuthToken": TOKEN}, VALUE, "The AUTH token is only supported when encryption-in-transit is enabled"),
    ({**TLS, "AuthToken": "short"}, VALUE, "Invalid AuthToken provided."),
    ({**TLS, "AuthToken": "x" * 129}, VALUE, "Invalid AuthToken provided."),
    ({**TLS, "AuthToken": "has a space and @"}, VALUE, "Invalid AuthToken provided."),
    ({"TransitEncryptionMode": "required"}, COMBINATION, "TransitEncryptionMode can only be set when"),
    ({"KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k"}, COMBINATION, "KmsKeyId can only be set when"),
    (
        {"KmsKeyId": "arn:aws:kms:us-east-1:1:key/k", "AtRestEncryptionEnabled": True},
        "InvalidKMSKeyFault",
        "The KMS key arn:aws:kms:us-east-1:1:key/k is not in eu-west-1.",
    ),
    ({"UserGroupIds": ["users"]}, "NotImplemented", "the parameter UserGroupIds"),
    ({"GlobalReplicationGroupId": "g"}, "NotImplemented", "the parameter GlobalReplicationGroupId"),
    ({"DataTieringEnabled": True}, "NotImplemented", "the parameter DataTieringEnabled"),
    ({"NetworkType": "ipv6"}, "NotImplemented", "the parameter NetworkType"),
    ({"SnapshotName": "nope"}, "SnapshotNotFoundFault", "Snapshot nope not found."),
    ({"LogDeliveryConfigurations": [LOG, LOG]}, COMBINATION, "Each log type may be configured once."),
    ({"LogDeliveryConfigurations": [{**LOG, "LogType": "audit"}]}, VALUE, "Invalid LogType: audit."),
    ({"LogDeliveryConfigurations": [{**LOG, "LogFormat": "xml"}]}, VALUE, "Invalid LogFormat: xml."),
    (
        {"LogDeliveryConfigurations": [{**LOG, "DestinationType": "s3"}]},
        VALUE,
        "Invalid DestinationType: s3.",
    ),
    (
        {"EngineVersion": "5.0.6", "LogDeliveryConfigurations": [LOG]},
        COMBINATION,
        "slow-log needs engine version 6.0 or later.",
    ),
    (
        {
            "LogDeliveryConfigurations": [
                {**LOG, "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "arn:aws:logs:x"}}}
            ]
        },
        VALUE,
        "Invalid destination of slow-log: arn:aws:logs:x (the name of the log group or stream, not its ARN)",
    ),
    ({"NotificationTopicArn": "arn:aws:sns:us-east-1:123456789012:t"}, VALUE, "Invalid topic: "),
    ({"Tags": [{"Key": "aws:mine", "Value": "x"}]}, VALUE, "Tag key 'aws:mine' is not valid."),
    (
        {"Tags": [{"Key": str(n), "Value": ""} for n in range(51)]},
        "TagQuotaPerResourceExceeded",
        "At most 50 tags",
    ),
]


@pytest.mark.parametrize(("changes", "code", "message"), CREATIONS)
def test_a_bad_replication_group_is_refused(api, changes, code, message):
    before = len(api.interfaces())
    found, words = api.creation_refusal(**changes)
    assert (found, words[: len(message)]) == (code, message)
    assert len(api.interfaces()) == before


def test_a_security_group_of_another_vpc_is_refused(api):
    code, message = api.creation_refusal(SecurityGroupIds=[api.other_group])
    assert code == COMBINATION
    assert message.startswith(f"The security group {api.other_group} is not in the VPC {api.vpc_id}")


CHANGES = [
    ("nope", {}, "ReplicationGroupNotFoundFault", "ReplicationGroup nope not found."),
    ("taken", {"EngineVersion": "7.0"}, VALUE, "The engine version cannot be lowered from 7.1 to 7.0."),
    ("taken", {"Engine": "valkey"}, COMBINATION, "Changing the engine to valkey needs an EngineVersion."),
    (
        "taken",
        {"Engine": "valkey", "EngineVersion": "8.0"},
        COMBINATION,
        "Expected a parameter group of family valkey8",
    ),
    (
        "old",
        {"CacheParameterGroupName": "seven"},
        COMBINATION,
        "Expected a parameter group of family redis6.x but found ",
    ),
    ("taken", {"CacheNodeType": "cache.x.y"}, VALUE, "Invalid Cache Node Type: cache.x.y."),
    (
        "taken",
        {"CacheParameterGroupName": "nope"},
        "CacheParameterGroupNotFound",
        "CacheParameterGroup not found: nope",
    ),
    (
        "plain",
        {"AutomaticFailoverEnabled": True},
        COMBINATION,
        "When using automatic failover, there must be at least 2",
    ),
    (
        "taken",
        {"AutomaticFailoverEnabled": False},
        COMBINATION,
        "Multi-AZ can only be enabled with automatic failover.",
    ),
    (
        "plain",
        {"AuthToken": TOKEN},
        VALUE,
        "The AUTH token modification is only supported when encryption-in-transit is enabled.",
    ),
    ("secure", {"AuthToken": "short"}, VALUE, "Invalid AuthToken provided."),
    (
        "older",
        {"AuthToken": "another-of-good-length"},
        COMBINATION,
        "Redis 4.0.10 cannot change its AUTH token; 5.0.6 is the first that can.",
    ),
    (
        "secure",
        {"AuthToken": "never-rotated-in-before", "AuthTokenUpdateStrategy": "SET"},
        VALUE,
        "SET needs the AUTH token that was given with ROTATE before.",
    ),
    (
        "secure",
        {"AuthTokenUpdateStrategy": "ROTATE"},
        COMBINATION,
        "AuthTokenUpdateStrategy ROTATE needs an AuthToken.",
    ),
    ("secure", {"AuthTokenUpdateStrategy": "DELETE"}, "NotImplemented", "the strategy DELETE"),
    (
        "plain",
        {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"},
        COMBINATION,
        "Encryption in transit is turned on and off through the mode preferred: one update, then another.",
    ),
    (
        "secure",
        {"TransitEncryptionEnabled": False},
        COMBINATION,
        "Encryption in transit is turned on and off through",
    ),
    (
        "old",
        {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"},
        COMBINATION,
        "Redis 6.2.6 cannot change encryption in transit; 7.0.5 is the first that can.",
    ),
    (
        "taken",
        {"PrimaryClusterId": "taken-002"},
        COMBINATION,
        "The primary cannot be chosen while automatic failover",
    ),
    (
        "plain",
        {"PrimaryClusterId": "plain-002"},
        VALUE,
        "plain-002 is not a member of replication group plain.",
    ),
    (
        "taken",
        {"SnapshotWindow": "05:30-06:30"},
        COMBINATION,
        "The snapshot window (05:30-06:30) and the maintenance ",
    ),
    ("taken", {"SnapshotRetentionLimit": 40}, VALUE, "Invalid snapshot retention limit: 40."),
    ("taken", {"ClusterMode": "compatible"}, "NotImplemented", "the parameter ClusterMode"),
    ("taken", {"UserGroupIdsToAdd": ["u"]}, "NotImplemented", "the parameter UserGroupIdsToAdd"),
    (
        "taken",
        {"ReplicationGroupDescription": ""},
        VALUE,
        "The parameter ReplicationGroupDescription must be provided",
    ),
    ("taken", {"SecurityGroupIds": ["sg-1"]}, VALUE, "Some security group Ids do not exist: sg-1"),
]


@pytest.mark.parametrize(("name", "changes", "code", "message"), CHANGES)
def test_a_bad_change_is_refused_and_changes_nothing(api, name, changes, code, message):
    before = api.client.describe_replication_groups()["ReplicationGroups"]
    found, words = api.refusal(
        "modify_replication_group", ReplicationGroupId=name, ApplyImmediately=True, **changes
    )
    assert (found, words[: len(message)]) == (code, message)
    assert api.client.describe_replication_groups()["ReplicationGroups"] == before


def test_a_change_of_logs_that_shall_wait_is_refused(api):
    assert api.refusal(
        "modify_replication_group", ReplicationGroupId="taken", LogDeliveryConfigurations=[LOG]
    ) == (COMBINATION, "A change of LogDeliveryConfigurations needs ApplyImmediately. (R163)")


CALLS = [
    (
        "describe_replication_groups",
        {"ReplicationGroupId": "nope"},
        "ReplicationGroupNotFoundFault",
        "ReplicationGroup no",
    ),
    (
        "delete_replication_group",
        {"ReplicationGroupId": "nope"},
        "ReplicationGroupNotFoundFault",
        "ReplicationGroup nope",
    ),
    (
        "delete_replication_group",
        {"ReplicationGroupId": "taken", "RetainPrimaryCluster": True},
        "NotImplemented",
        "the par",
    ),
    (
        "test_failover",
        {"ReplicationGroupId": "taken", "NodeGroupId": "0002"},
        "NodeGroupNotFoundFault",
        "Node group 0002 not found in replication group taken.",
    ),
    (
        "test_failover",
        {"ReplicationGroupId": "plain", "NodeGroupId": "0001"},
        COMBINATION,
        "The replication group does not have automatic failover enabled.",
    ),
    (
        "decrease_replica_count",
        {"ReplicationGroupId": "taken", "NewReplicaCount": 0, "ApplyImmediately": True},
        VALUE,
        "Must have at least 1 replica when cluster mode is disabled with auto failover enabled.",
    ),
    (
        "decrease_replica_count",
        {"ReplicationGroupId": "taken", "ReplicasToRemove": ["taken-001"], "ApplyImmediately": True},
        VALUE,
        "taken-001 is the primary and cannot be removed.",
    ),
    (
        "decrease_replica_count",
        {"ReplicationGroupId": "taken", "NewReplicaCount": 2, "ApplyImmediately": True},
        VALUE,
        "NewReplicaCount must be less than the 1 replicas there are.",
    ),
    (
        "increase_replica_count",
        {"ReplicationGroupId": "taken", "NewReplicaCount": 1, "ApplyImmediately": True},
        "NoOperationFault",
        "The replication group has 1 replicas already.",
    ),
    (
        "increase_replica_count",
        {"ReplicationGroupId": "taken", "NewReplicaCount": 6, "ApplyImmediately": True},
        VALUE,
        "Invalid number of replicas: 6. Must be between 0 and 5.",
    ),
    (
        "increase_replica_count",
        {"ReplicationGroupId": "taken", "NewReplicaCount": 2, "ApplyImmediately": False},
        VALUE,
        "ApplyImmediately must be true",
    ),
    (
        "describe_cache_clusters",
        {"CacheClusterId": "nope"},
        "CacheClusterNotFound",
        "CacheCluster not found: nope",
    ),
    (
        "delete_cache_cluster",
        {"CacheClusterId": "taken-002"},
        "InvalidCacheClusterState",
        "taken-002 is a member of",
    ),
    (
        "modify_cache_cluster",
        {"CacheClusterId": "taken-002"},
        "InvalidCacheClusterState",
        "taken-002 is a member of",
    ),
    (
        "modify_cache_cluster",
        {"CacheClusterId": "single", "NumCacheNodes": 2},
        VALUE,
        "A Redis cluster has one node.",
    ),
    (
        "modify_cache_cluster",
        {"CacheClusterId": "single", "EngineVersion": "7.0"},
        VALUE,
        "The engine version cannot be",
    ),
    (
        "reboot_cache_cluster",
        {"CacheClusterId": "single", "CacheNodeIdsToReboot": ["0002"]},
        VALUE,
        "Invalid cache node ids: 0002.",
    ),
    (
        "delete_cache_subnet_group",
        {"CacheSubnetGroupName": "subnets"},
        "CacheSubnetGroupInUse",
        "Cache subnet group subnets is currently in use by a cache cluster.",
    ),
    (
        "create_cache_subnet_group",
        {"CacheSubnetGroupName": "subnets", "CacheSubnetGroupDescription": "d", "SubnetIds": ["x"]},
        "CacheSubnetGroupAlreadyExists",
        "Cache subnet group subnets already exists.",
    ),
    (
        "create_cache_subnet_group",
        {"CacheSubnetGroupName": "new_one", "CacheSubnetGroupDescription": "d", "SubnetIds": ["x"]},
        VALUE,
        "The parameter CacheSubnetGroupName must be provided",
    ),
    (
        "create_cache_subnet_group",
        {"CacheSubnetGroupName": "new", "CacheSubnetGroupDescription": "d", "SubnetIds": ["subnet-12345678"]},
        "InvalidSubnet",
        "The requested subnet subnet-12345678 is invalid.",
    ),
    (
        "create_cache_parameter_group",
        {"CacheParameterGroupName": "seven", "CacheParameterGroupFamily": "redis7", "Description": "d"},
        "CacheParameterGroupAlreadyExists",
        "Cache parameter group seven already exists.",
    ),
    (
        "create_cache_parameter_group",
        {
            "CacheParameterGroupName": "default.mine",
            "CacheParameterGroupFamily": "redis7",
            "Description": "d",
        },
        VALUE,
        "The parameter CacheParameterGroupName is not a valid identifier.",
    ),
    (
        "create_cache_parameter_group",
        {"CacheParameterGroupName": "mine", "CacheParameterGroupFamily": "redis8", "Description": "d"},
        VALUE,
        "CacheParameterGroupFamily redis8 is not a valid parameter group family.",
    ),
    (
        "delete_cache_parameter_group",
        {"CacheParameterGroupName": "seven"},
        "InvalidCacheParameterGroupState",
        "Cache parameter group seven is in use. (by taken)",
    ),
    (
        "delete_cache_parameter_group",
        {"CacheParameterGroupName": "default.redis7"},
        VALUE,
        "The default cache parameter",
    ),
    (
        "describe_cache_parameters",
        {"CacheParameterGroupName": "no"},
        "CacheParameterGroupNotFound",
        "CacheParameterGroup n",
    ),
    ("list_tags_for_resource", {"ResourceName": "not-an-arn"}, "InvalidARN", "not-an-arn is not a valid ARN"),
    (
        "remove_tags_from_resource",
        {
            "ResourceName": "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:taken",
            "TagKeys": ["no"],
        },
        "TagNotFound",
        "Tag no not found",
    ),
    ("describe_events", {"SourceType": "volcano"}, VALUE, "Invalid SourceType: volcano."),
    ("describe_events", {"SourceIdentifier": "taken"}, COMBINATION, "SourceIdentifier needs a SourceType."),
    ("create_snapshot", {"SnapshotName": "s"}, COMBINATION, "Give CacheClusterId or ReplicationGroupId."),
    ("delete_snapshot", {"SnapshotName": "s"}, "SnapshotNotFoundFault", "Snapshot s not found."),
    (
        "create_serverless_cache",
        {"ServerlessCacheName": "s", "Engine": "redis"},
        "NotImplemented",
        "ElastiCache's operation CreateServerlessCache is not modelled by the sandbox",
    ),
    (
        "create_user",
        {"UserId": "u", "UserName": "u", "Engine": "redis", "AccessString": "on"},
        "NotImplemented",
        "Elasti",
    ),
]


@pytest.mark.parametrize(("operation", "parameters", "code", "message"), CALLS)
def test_a_bad_call_is_refused(api, operation, parameters, code, message):
    found, words = api.refusal(operation, **parameters)
    assert (found, words[: len(message)]) == (code, message)


CLUSTERS = [
    ({"CacheClusterId": "1"}, VALUE, "The parameter CacheClusterIdentifier is not a valid identifier."),
    ({"CacheClusterId": "single"}, "CacheClusterAlreadyExists", "Cache cluster single already exists."),
    ({"CacheClusterId": "taken-001"}, "CacheClusterAlreadyExists", "Cache cluster taken-001 already exists."),
    (
        {"Engine": "valkey"},
        VALUE,
        "This API doesn't support creating cluster with Valkey engine. Please use Create",
    ),
    ({"Engine": "mongo"}, VALUE, "Invalid engine mongo. Valid values are: redis, memcached"),
    (
        {"NumCacheNodes": 2},
        VALUE,
        "Cannot create a Redis cluster with a NumCacheNodes parameter greater than 1.",
    ),
    ({"AZMode": "cross-az"}, COMBINATION, "AZMode cross-az is for Memcached clusters"),
    ({"TransitEncryptionEnabled": True}, COMBINATION, "A single Redis cluster has no encryption in transit"),
    ({"ReplicationGroupId": "taken"}, "NotImplemented", "adding a replica by CreateCacheCluster"),
    (
        {"PreferredAvailabilityZone": "eu-west-1c"},
        VALUE,
        "The subnet group subnets has no subnet in eu-west-1c",
    ),
]


@pytest.mark.parametrize(("changes", "code", "message"), CLUSTERS)
def test_a_bad_cluster_is_refused(api, changes, code, message):
    wanted = {
        "CacheClusterId": "new",
        "CacheNodeType": "cache.t4g.micro",
        "Engine": "redis",
        "CacheSubnetGroupName": "subnets",
    }
    found, words = api.refusal("create_cache_cluster", **{**wanted, **changes})
    assert (found, words[: len(message)]) == (code, message)


PARAMETERS = [
    ("seven", "no-such", "1", VALUE, "Could not find parameter with name: no-such"),
    ("seven", "maxmemory", "1", VALUE, "The parameter maxmemory cannot be modified."),
    ("seven", "appendonly", "yes", VALUE, "The parameter appendonly cannot be modified."),
    (
        "seven",
        "maxmemory-policy",
        "random",
        VALUE,
        "Value (random) for parameter maxmemory-policy is invalid.",
    ),
    (
        "seven",
        "active-defrag-cycle-max",
        "76",
        VALUE,
        "Value (76) for parameter active-defrag-cycle-max is invalid.",
    ),
    ("seven", "active-defrag-cycle-max", "many", VALUE, "Value (many) for parameter active-defrag-cycle-max"),
    (
        "seven",
        "notify-keyspace-events",
        "Q",
        VALUE,
        "Value (Q) for parameter notify-keyspace-events is invalid.",
    ),
    (
        "seven",
        "databases",
        "4",
        VALUE,
        "The parameter databases cannot be modified while a cache uses seven.",
    ),
    (
        "default.redis7",
        "timeout",
        "60",
        VALUE,
        "The default cache parameter group default.redis7 cannot be changed.",
    ),
]


@pytest.mark.parametrize(("group", "name", "value", "code", "message"), PARAMETERS)
def test_a_bad_parameter_is_refused(api, group, name, value, code, message):
    pairs = [{"ParameterName": name, "ParameterValue": value}]
    found, words = api.refusal(
        "modify_cache_parameter_group", CacheParameterGroupName=group, ParameterNameValues=pairs
    )
    assert (found, words[: len(message)]) == (code, message)


def test_more_than_twenty_parameters_in_one_request_are_refused(api):
    pairs = [{"ParameterName": "timeout", "ParameterValue": "60"}] * 21
    code, _ = api.refusal(
        "modify_cache_parameter_group", CacheParameterGroupName="six", ParameterNameValues=pairs
    )
    assert code == VALUE


def test_subnets_of_two_vpcs_are_refused(api):
    code, message = api.refusal(
        "create_cache_subnet_group",
        CacheSubnetGroupName="both",
        CacheSubnetGroupDescription="d",
        SubnetIds=[api.subnet_ids[0], api.other_subnet],
    )
    assert code == "InvalidSubnet"
    assert message.startswith("All subnets must be in the same VPC.")


def test_a_subnet_with_nodes_in_it_cannot_leave_its_group(api):
    code, message = api.refusal(
        "modify_cache_subnet_group", CacheSubnetGroupName="subnets", SubnetIds=api.subnet_ids[:1]
    )
    assert (code, message) == ("SubnetInUse", f"The subnet {api.subnet_ids[1]} is in use by a cache.")


def test_a_full_subnet_is_refused_and_no_interface_is_left(api):
    small = api.ec2.create_subnet(VpcId=api.vpc_id, CidrBlock="10.9.200.0/29", AvailabilityZone="eu-west-1a")
    api.client.create_cache_subnet_group(
        CacheSubnetGroupName="small", CacheSubnetGroupDescription="d", SubnetIds=[small["Subnet"]["SubnetId"]]
    )
    before = len(api.interfaces())
    code, message = api.creation_refusal(
        NumCacheClusters=4, MultiAZEnabled=False, AutomaticFailoverEnabled=False, CacheSubnetGroupName="small"
    )
    assert code == "InsufficientCacheClusterCapacity"
    assert message.endswith("has no free address.")
    assert len(api.interfaces()) == before
