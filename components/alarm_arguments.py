"""The arguments of CacheAlarms."""

from collections.abc import Mapping, Sequence

import pulumi
from typing_extensions import NotRequired, TypedDict


class AlarmThresholds(TypedDict):
    """Where an alarm goes off, instead of where the node type and the engine put it."""

    cpu_percent: NotRequired[float]
    """CPU time in use, 1-100: of all cores with Memcached and on nodes of 1 or 2 cores, else of the engine's one core.
    Default: 90 with Memcached, else 90 / cores and 70."""
    memory_percent: NotRequired[float]
    """Redis and Valkey: of the memory for keys, 1-100. Default: 80."""
    disk_percent: NotRequired[float]
    """Node types with data tiering (r6gd): of memory and disk together, 1-100. Default: 80."""
    swap_bytes: NotRequired[float]
    """Memory that was swapped out, 0 or more. Default: 50 MiB, or 5 % of the memory where that is less."""
    evictions_per_minute: NotRequired[float]
    """Keys removed to make room, 0 or more. Default: 20."""
    connections: NotRequired[float]
    """Clients at once, 1-65000. Default: 80 % of what the node type takes."""
    replication_lag_seconds: NotRequired[float]
    """With replicas: how far one is behind the primary, 0 or more. Default: 1."""
    authentication_failures_per_minute: NotRequired[float]
    """Redis and Valkey: refused logins, 0 or more. Default: 10."""
    cpu_credits: NotRequired[float]
    """Burstable node types (t3, t4g): fewer than these are left, 1-576. Default: what the node earns in an hour."""
    network_in_exceeded_per_minute: NotRequired[float]
    """Packets to the node held back or dropped, as it receives too much, 0 or more. Default: 0."""
    network_out_exceeded_per_minute: NotRequired[float]
    """Packets from the node held back or dropped, as it sends too much, 0 or more. Default: 0."""


class CacheAlarmsArgs(TypedDict):
    """Arguments of CacheAlarms."""

    engine: str
    """redis, valkey or memcached; it decides which metrics there are."""
    node_type: str
    """Node type of the cache; thresholds follow it."""
    node_count: int
    """Nodes of the cache: the primary and its replicas (1-6), or Memcached's nodes (1-60)."""
    member_ids: pulumi.Input[Sequence[str]]
    """The cache's output of that name: one id per node."""
    cluster_id: NotRequired[pulumi.Input[str]]
    """Memcached: id of the cluster that the nodes belong to. Required there, and only there."""
    emails: NotRequired[Sequence[str]]
    """Addresses that get the alarms, each after the confirmation that AWS asks of it. Default: none."""
    topic_arn: NotRequired[pulumi.Input[str]]
    """An existing SNS topic of the region that CloudWatch may publish to, instead of emails. Default: a new one."""
    thresholds: NotRequired[AlarmThresholds]
    """Name -> where that alarm goes off. Default: by engine and node type."""
    without: NotRequired[Sequence[str]]
    """Alarms to leave out, by the names of their thresholds. Default: none."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource that can have them. Default: none."""
