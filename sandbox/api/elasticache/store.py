"""All records of one region, and the look-ups that refuse as the service does."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Any

from . import catalogue
from .errors import Refusal, cluster_not_found, group_not_found
from .records import (
    CLUSTER,
    GROUP,
    MEMCACHED,
    Cache,
    Event,
    Member,
    ParameterGroup,
    Placement,
    Snapshot,
    SubnetGroup,
    now,
)

EVENTS_KEPT = 5000
HASH_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Store:
    """The records of one account in one region. Names are kept in lower case, as the service does."""

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self.groups: dict[str, Cache] = {}
        self.clusters: dict[str, Cache] = {}
        self.parameter_groups = _default_parameter_groups()
        self.subnet_groups: dict[str, SubnetGroup] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    @property
    def endpoint_hash(self) -> str:
        """The six characters in the endpoint names of this account and region; the same after a restart."""
        number = int.from_bytes(
            hashlib.sha256(f"{self.account_id}/{self.region}".encode()).digest()[:8], "big"
        )
        letters = [HASH_ALPHABET[number % 26]]
        for _ in range(5):
            number //= 36
            letters.append(HASH_ALPHABET[number % 36])
        return "".join(letters)

    @property
    def caches(self) -> list[Cache]:
        """Groups and single-node clusters."""
        return [*list(self.groups.values()), *list(self.clusters.values())]

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource; `kind` as ARNs write it: replicationgroup, cluster, subnetgroup …"""
        return f"arn:aws:elasticache:{self.region}:{self.account_id}:{kind}:{name}"

    def cache_arn(self, cache: Cache) -> str:
        """The ARN of a group or a single-node cluster."""
        return self.arn("replicationgroup" if cache.kind == GROUP else "cluster", cache.name)

    def event(self, source_type: str, source: str, message: str) -> None:
        """Note what happened."""
        self.events.append(Event(source_type, source, message, now()))

    def member_event(self, member: Member, message: str) -> None:
        """Note what happened to a node's cluster."""
        self.event(CLUSTER, member.cluster_id, message)

    def group(self, name: Any) -> Cache:
        """A replication group."""
        found = self.groups.get(str(name).lower())
        if found is None:
            raise group_not_found(name)
        return found

    def cluster(self, name: Any) -> tuple[Cache, Member]:
        """A cache cluster with the cache it belongs to: a group's member, a single node, one node of Memcached's.

        One that could not be made has no node; it has a member with no place.
        """
        wanted = str(name).lower()
        for cache in self.caches:
            for member in cache.members:
                if member.cluster_id == wanted:
                    return cache, member
        if wanted in self.clusters:
            cache = self.clusters[wanted]
            return cache, Member(cache.name, "", "", Placement("", "", ""), cache.status)
        raise cluster_not_found(name)

    def parameter_group(self, name: Any) -> ParameterGroup:
        """A parameter group, the service's own included."""
        found = self.parameter_groups.get(str(name).lower())
        if found is None:
            raise Refusal("CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}")
        return found

    def subnet_group(self, name: Any) -> SubnetGroup:
        """A subnet group."""
        found = self.subnet_groups.get(str(name).lower())
        if found is None:
            raise Refusal("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
        return found

    def snapshot(self, name: Any) -> Snapshot:
        """A snapshot."""
        found = self.snapshots.get(str(name).lower())
        if found is None:
            raise Refusal("SnapshotNotFoundFault", f"Snapshot {name} not found.")
        return found


def _default_parameter_groups() -> dict[str, ParameterGroup]:
    """The service's own groups. Those for cluster mode are named, so that asking for one is refused by its reason."""
    found = {}
    for family, row in catalogue.families().items():
        text = f"Default parameter group for {family}"
        found[f"default.{family}"] = ParameterGroup(f"default.{family}", family, text)
        if row["engine"] == MEMCACHED:
            continue
        name = f"default.{family}.cluster.on"
        text = f"Customized default parameter group for {family} with cluster mode on"
        found[name] = ParameterGroup(name, family, text, {"cluster-enabled": "yes"})
    return found
