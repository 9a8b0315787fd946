"""What the API remembers: caches with their members, groups, snapshots and events."""

from __future__ import annotations

import datetime
import threading
from dataclasses import dataclass, field
from typing import Any

GROUP, CLUSTER = "replication-group", "cache-cluster"
MEMCACHED = "memcached"
AVAILABLE, CREATING, MODIFYING, DELETING, CREATE_FAILED = (
    "available",
    "creating",
    "modifying",
    "deleting",
    "create-failed",
)


def now() -> datetime.datetime:
    """The time as the API writes it."""
    return datetime.datetime.now(datetime.timezone.utc)


@dataclass
class Settings:
    """What a cache is like, apart from its nodes."""

    engine: str
    version: str
    node_type: str
    port: int
    parameter_group: str
    subnet_group: str
    vpc_id: str
    security_group_ids: list[str]
    maintenance_window: str
    snapshot_window: str
    snapshot_retention: int = 0
    transit: str = "off"
    tokens: list[str] = field(default_factory=list, repr=False)
    incoming_token: str | None = field(default=None, repr=False)
    token_changed: datetime.datetime | None = None
    at_rest: bool = False
    kms_key_id: str | None = None
    automatic_failover: bool = False
    multi_az: bool = False
    auto_minor: bool = True
    topic_arn: str | None = None
    topic_status: str = "active"
    logs: list[dict[str, Any]] = field(default_factory=list)
    az_mode: str = "single-az"

    @property
    def tls(self) -> bool:
        """Whether clients may speak TLS."""
        return self.transit != "off"


@dataclass(frozen=True)
class Placement:
    """Where an engine's node runs: its id there, and the network interface it owns."""

    node_id: str
    host_id: str
    address: str


@dataclass
class Member:
    """One node as the API shows it: a cache cluster with the one node 0001, or one of Memcached's nodes.

    Its placement may change. Memcached: `listed`, discovery tells of it; `started_with`, the parameters that its
    process took when it started.
    """

    cluster_id: str
    zone: str
    subnet_id: str
    placement: Placement
    status: str = CREATING
    in_service: bool = True
    fenced: bool = False
    detached: bool = False
    cut: bool = False
    silent_since: float | None = None
    fenced_since: float = 0.0
    created: datetime.datetime = field(default_factory=now)
    node: str = "0001"
    listed: bool = True
    started_with: dict[str, str] = field(default_factory=dict)


@dataclass
class Cache:
    """A replication group, a single-node cluster (one member of the same name), or a Memcached cluster.

    Memcached's nodes all have the cluster's name and a number of their own; none of them is the primary.
    `list_version` counts the changes of the list that its discovery tells.
    """

    kind: str
    name: str
    engine_id: str
    region: str
    description: str
    settings: Settings
    members: list[Member] = field(default_factory=list)
    primary: str = ""
    leading: str = ""
    extra: list[Placement] = field(default_factory=list)
    status: str = CREATING
    pending: dict[str, Any] = field(default_factory=dict)
    restore: str | None = None
    created: datetime.datetime = field(default_factory=now)
    busy: threading.RLock = field(default_factory=threading.RLock, repr=False)
    list_version: int = 1

    @property
    def is_memcached(self) -> bool:
        """Whether its nodes share the keys, instead of one following another."""
        return self.settings.engine == MEMCACHED

    def label(self, member: Member) -> str:
        """What a person calls a node: a member's id, or cluster and number of a Memcached node."""
        return f"{member.cluster_id}.{member.node}" if self.is_memcached else member.cluster_id

    def member(self, cluster_id: str) -> Member:
        """The member of that id."""
        return next(member for member in self.members if member.cluster_id == cluster_id)

    @property
    def primary_member(self) -> Member:
        """The member that the primary endpoint names."""
        return self.member(self.primary)

    @property
    def replicas(self) -> list[Member]:
        """All other members."""
        return [member for member in self.members if member.cluster_id != self.primary]


@dataclass
class ParameterGroup:
    """A named set of values for the parameters of one family."""

    name: str
    family: str
    description: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def is_default(self) -> bool:
        """Whether it is one of the service's own."""
        return self.name.startswith("default.")


@dataclass
class SubnetGroup:
    """Subnets of one VPC, each (id, zone)."""

    name: str
    description: str
    vpc_id: str
    subnets: list[tuple[str, str]]


@dataclass
class Snapshot:
    """Data kept by the engines, and what the cache was like."""

    name: str
    source: str
    data_id: str
    settings: Settings
    description: str
    member_id: str
    node_count: int
    kind: str
    cache_name: str
    cache_created: datetime.datetime
    status: str = CREATING
    size: int = 0
    created: datetime.datetime = field(default_factory=now)


@dataclass(frozen=True)
class Event:
    """Something that happened to a source."""

    source_type: str
    source: str
    message: str
    date: datetime.datetime
