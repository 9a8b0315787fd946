"""What a MemcachedCache may be told, and what it does not take."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from typing_extensions import NotRequired, TypedDict

from .redis_arguments import CLUSTER_MODE, GLOBAL, SERVERLESS

DEFAULT_NODE_TYPE = "cache.t4g.micro"
DEFAULT_PORT = 11211
DEFAULT_NODE_COUNT = 2


class MemcachedCacheArgs(TypedDict):
    """Arguments of MemcachedCache."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """VPC of the cache's groups. Required, unless security_group_ids names existing ones."""
    subnet_ids: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Zone -> private subnet id, 1-20; two zones to spread the nodes. Required, unless subnet_group_name is given."""
    node_count: NotRequired[int]
    """Nodes that share the keys, 1-60; more than 1 means over zones. Removing nodes loses the keys of the last ones.
    Default: 2."""
    preferred_availability_zones: NotRequired[Sequence[str]]
    """One zone per node. Default: AWS spreads the nodes."""
    engine_version: NotRequired[str]
    """Version to run, such as 1.6.22; a lower one replaces the cache. Default: a constant for a new cache."""
    node_type: NotRequired[str]
    """Size of each node; a change replaces the cache, which is then empty. Default: cache.t4g.micro."""
    port: NotRequired[int]
    """1150-8004 or 8006-65535; a change replaces the cache. Default: 11211."""
    transit_encryption: NotRequired[bool]
    """TLS between clients and cache, from 1.6.12; a change replaces the cache. pylibmc has no TLS. Default: true."""
    parameters: NotRequired[Mapping[str, Any]]
    """Engine parameters by name, in a group of the engine's family. Default: AWS's default group."""
    parameter_group_name: NotRequired[str]
    """An existing parameter group, instead of parameters. Default: none."""
    subnet_group_name: NotRequired[str]
    """An existing subnet group, instead of subnet_ids. Default: none."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Existing groups for the cache, instead of groups of its own. Default: none."""
    maintenance_window: NotRequired[str]
    """ddd:hh:mm-ddd:hh:mm in UTC, at least 60 minutes. Default: AWS picks."""
    notification_topic_arn: NotRequired[pulumi.Input[str]]
    """SNS topic of the same account and region for the cache's events. Default: none."""
    network_type: NotRequired[str]
    """ipv4, ipv6 or dual_stack, the latter two from 1.6.6; a change replaces the cache. Default: ipv4."""
    ip_discovery: NotRequired[str]
    """ipv4 or ipv6: the addresses the cache tells to clients. Default: ipv4."""
    apply_immediately: NotRequired[bool]
    """Apply changes now, not in the maintenance window. Default: true."""
    deletion_protection: NotRequired[bool]
    """Let Pulumi refuse to delete or replace the cache. Default: false."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


_BACKUPS = "Memcached has no backups: what it holds must be somewhere else too (R154)"
_LOGIN = "Memcached has no password: network and TLS protect it (R105)"
_AT_REST = "Memcached on nodes stores nothing on disk, and AWS encrypts nothing at rest for it (R105)"
_REPLICAS = "Memcached has no replicas: node_count nodes share the keys, each key is on one of them"
_LOGS = "Memcached writes no logs that ElastiCache delivers (R162)"
REFUSED = {
    "engine": "this component runs memcached only: RedisCache runs redis and valkey",
    "snapshot_retention_days": _BACKUPS,
    "snapshot_window": _BACKUPS,
    "final_snapshot": _BACKUPS,
    "restore_snapshot_name": _BACKUPS,
    "restore_snapshot_arns": _BACKUPS,
    "authentication": _LOGIN,
    "auth_token": _LOGIN,
    "auth_token_update_strategy": _LOGIN,
    "user_group_ids": _LOGIN,
    "at_rest_encryption": _AT_REST,
    "kms_key_arn": _AT_REST,
    "replicas": _REPLICAS,
    "multi_az_enabled": _REPLICAS,
    "automatic_failover_enabled": _REPLICAS,
    "log_retention_days": _LOGS,
    "transit_encryption_mode": "Memcached speaks TLS or not: transit_encryption decides (R103)",
    "auto_minor_version_upgrade": "AWS raises no Memcached version by itself (R44)",
    "num_cache_nodes": "say node_count",
    "az_mode": "node_count and the zones decide it: several nodes in several zones mean cross-az",
    "availability_zone": "say preferred_availability_zones, one zone per node (R72)",
    "cluster_id": "the id comes from the component's name, so that a replacement cannot collide (R23)",
    "security_group_names": "belongs to EC2-Classic, which is gone; give security_group_ids (R130)",
    "num_node_groups": CLUSTER_MODE,
    "cluster_mode": CLUSTER_MODE,
    "serverless": SERVERLESS,
    "global_datastore": GLOBAL,
}
"""Arguments of AWS and of RedisCache that this component does not take, with the reason or the way to say it here."""
