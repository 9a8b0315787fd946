"""What a RedisCache may be told, and what it does not take."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from typing_extensions import NotRequired, TypedDict

DEFAULT_NODE_TYPE = "cache.t4g.micro"
DEFAULT_PORT = 6379


class RedisCacheArgs(TypedDict):
    """Arguments of RedisCache."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """VPC of the cache's groups. Required, unless security_group_ids names existing ones."""
    subnet_ids: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Zone -> private subnet id, 1-20; two zones for a replica. Required, unless subnet_group_name is given."""
    engine: NotRequired[str]
    """redis or valkey. Default: redis."""
    engine_version: NotRequired[str]
    """Version to run, such as 7.1. Default: a constant for a new cache; later changes made by AWS are ignored.
    State it together with a change of engine."""
    replicas: NotRequired[int]
    """Copies of the primary, 0-5; more than 0 means Multi-AZ and automatic failover. Default: 1."""
    node_type: NotRequired[str]
    """Size of each node. Default: cache.t4g.micro."""
    port: NotRequired[int]
    """1150-8004 or 8006-65535; a change replaces the cache. Default: 6379."""
    preferred_availability_zones: NotRequired[Sequence[str]]
    """One zone per node, the primary's first. Default: AWS spreads the nodes."""
    authentication: NotRequired[str]
    """token or none. Default: token, generated once and kept as a secret of the stack unless auth_token is given."""
    auth_token: NotRequired[pulumi.Input[str]]
    """A token of your own: 16-128 letters, digits and ! & # $ ^ < > -. Default: generated."""
    auth_token_update_strategy: NotRequired[str]
    """How a changed token takes effect: ROTATE (old and new are valid), then SET (only the new). Default: ROTATE."""
    transit_encryption: NotRequired[bool]
    """TLS between clients and cache. Default: true."""
    transit_encryption_mode: NotRequired[str]
    """preferred (also admits plain connections, for a change-over) or required. Default: required, by AWS."""
    at_rest_encryption: NotRequired[bool]
    """Encrypt disks and backups; a change replaces the cache. Default: true."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of your own symmetric key for encryption at rest; a change replaces the cache. Default: AWS's key."""
    parameters: NotRequired[Mapping[str, Any]]
    """Engine parameters by name, in a group of the engine's family. Default: AWS's default group."""
    parameter_group_name: NotRequired[str]
    """An existing parameter group, instead of parameters. Default: none."""
    subnet_group_name: NotRequired[str]
    """An existing subnet group, instead of subnet_ids. Default: none."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Existing groups for the cache, instead of groups of its own. Default: none."""
    snapshot_retention_days: NotRequired[int]
    """Days that daily backups are kept, 0-35; 0 means none. Default: 1."""
    snapshot_window: NotRequired[str]
    """hh:mm-hh:mm in UTC, at least 60 minutes. Default: AWS picks."""
    maintenance_window: NotRequired[str]
    """ddd:hh:mm-ddd:hh:mm in UTC, at least 60 minutes. Default: AWS picks."""
    final_snapshot: NotRequired[bool]
    """Keep a last backup when the cache is destroyed. Default: false."""
    restore_snapshot_name: NotRequired[str]
    """Backup to fill a new cache from; a change replaces the cache. Default: none."""
    restore_snapshot_arns: NotRequired[Sequence[str]]
    """S3 objects (.rdb) to fill a new cache from; a change replaces the cache. Default: none."""
    log_retention_days: NotRequired[int]
    """Days that the slow log and the engine log are kept in CloudWatch; 0 means no logs. Default: 14."""
    notification_topic_arn: NotRequired[pulumi.Input[str]]
    """SNS topic of the same account and region for the cache's events. Default: none."""
    network_type: NotRequired[str]
    """ipv4, ipv6 or dual_stack; a change replaces the cache. Default: ipv4."""
    ip_discovery: NotRequired[str]
    """ipv4 or ipv6: the addresses the cache tells to clients. Default: ipv4."""
    auto_minor_version_upgrade: NotRequired[bool]
    """Let AWS install minor versions. Default: true."""
    apply_immediately: NotRequired[bool]
    """Apply changes now, not in the maintenance window. Default: true."""
    deletion_protection: NotRequired[bool]
    """Let Pulumi refuse to delete or replace the cache. Default: false."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


CLUSTER_MODE = "cluster mode enabled has no component yet: this one has one shard with 0-5 replicas"
SERVERLESS = "serverless caches have no component yet: this one runs nodes of a node_type"
GLOBAL = "global datastores have no component yet: this one lives in one region"
_ROLES = "role-based access (user groups) is not offered yet: authentication: token protects the cache"
REFUSED = {
    "num_node_groups": CLUSTER_MODE,
    "replicas_per_node_group": CLUSTER_MODE,
    "node_group_configurations": CLUSTER_MODE,
    "cluster_mode": CLUSTER_MODE,
    "shards": CLUSTER_MODE,
    "serverless": SERVERLESS,
    "global_replication_group_id": GLOBAL,
    "global_datastore": GLOBAL,
    "user_group_ids": _ROLES,
    "durability": "needs cluster mode, which has no component yet (R93)",
    "auth_token_wo": "say auth_token: it is kept as a secret, and clients get it from the connection parameter (R109)",
    "node_count": "is of Memcached only; say replicas, the copies of the primary",
    "num_cache_clusters": "say replicas: the nodes besides the primary",
    "multi_az_enabled": "replicas decides it: more than 0 means Multi-AZ",
    "automatic_failover_enabled": "replicas decides it: more than 0 means automatic failover",
    "data_tiering_enabled": "node_type decides it: the r6gd types have it",
    "security_group_names": "belongs to EC2-Classic, which is gone; give security_group_ids (R130)",
    "replication_group_id": "the id comes from the component's name, so that a replacement cannot collide (R23)",
}
"""Arguments of AWS that this component does not take, with the reason or the way to say it here."""
