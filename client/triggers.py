"""What can be done to a cache in a drill, through AWS's API, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .aws import aws_client, explained
from .errors import InvalidEndpoint

KINDS = ("failover", "reboot", "scale-out", "scale-in")

_POLL_SECONDS = 1.0  # minutes on AWS, which throttles whoever asks more often
_UNSEEN_SECONDS = 30.0  # after this time a state that never changed is taken for restored


@dataclass(frozen=True)
class Trigger:
    """One thing to do to one cache.

    `words` say it in a report; `sources` are the names under which the event log speaks of it; `emptied` are the
    nodes (`host:port`) that it restarts. `keeps_writes`: an acknowledged write must not be lost by it.
    `maximum_seconds` is how long clients watch if told nothing else.
    `is_over` gets what the event log has said since, and tells whether the cache is whole again.
    """

    kind: str
    words: str
    region: str | None
    sources: frozenset[str]
    fire: Callable[[Any], None]
    is_over: Callable[[Any, float, Sequence[tuple[float, str]]], bool]
    maximum_seconds: float
    emptied: tuple[str, ...] = ()
    keeps_writes: bool = True

    def pull(self) -> float:
        """Do it, and return when it was asked for (seconds since 1970).

        All that follows is later than that; the answer may come when it is under way.
        """
        with explained(f"the {self.kind}"):
            elasticache = aws_client("elasticache", self.region)
            triggered_at = time.time()
            self.fire(elasticache)
        return triggered_at

    def events(self, since: float) -> list[tuple[float, str]]:
        """What ElastiCache's event log says of this cache since then, oldest first."""
        minutes = int((time.time() - since) / 60) + 2
        with explained("the event log"):
            pages = (
                aws_client("elasticache", self.region)
                .get_paginator("describe_events")
                .paginate(Duration=minutes)
            )
            found = [event for page in pages for event in page["Events"]]
        # The log keeps whole seconds in places: what happened in the trigger's own second belongs to it.
        events = [
            (event["Date"].timestamp(), f"{event['SourceIdentifier']}: {event['Message']}")
            for event in found
            if event["SourceIdentifier"] in self.sources and event["Date"].timestamp() >= int(since)
        ]
        return sorted(events)

    def wait_until_over(self, since: float, seconds: float) -> float | None:
        """Return when the cache was whole again (seconds since 1970), or None after that time."""
        elasticache = aws_client("elasticache", self.region)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with explained("the state of the cache"):
                if self.is_over(elasticache, since, self.events(since)):
                    return time.time()
            time.sleep(_POLL_SECONDS)
        return None


def trigger(kind: str, outputs: Mapping[str, Any]) -> Trigger:
    """The trigger of this kind for the cache that the stack outputs name; looks at it, and changes nothing yet.

    Raises InvalidEndpoint where the engine has no such thing.
    """
    engine = str(outputs.get("engine"))
    makers = _MEMCACHED if engine == "memcached" else _REDIS
    if kind not in makers:
        raise InvalidEndpoint(f"--trigger {kind}: a {engine} cache takes {' or '.join(makers)}")
    return makers[kind](outputs)


def replication_group_id(outputs: Mapping[str, Any]) -> str:
    """Return the id of the group: its members carry it, `ID-001` and so on (R22)."""
    members: list[str] = outputs.get("member_ids") or []
    if outputs.get("engine") not in ("redis", "valkey") or not members:
        raise InvalidEndpoint(
            "the stack outputs name no replication group (engine redis or valkey, member_ids)"
        )
    return members[0].rsplit("-", 1)[0]


def _failover(outputs: Mapping[str, Any]) -> Trigger:
    group = replication_group_id(outputs)

    def fire(elasticache: Any) -> None:
        elasticache.test_failover(ReplicationGroupId=group, NodeGroupId="0001")

    def is_over(elasticache: Any, since: float, events: Sequence[tuple[float, str]]) -> bool:
        # The group says "available" while the new replica is still being built; the event log says when it is there.
        recovered = any("Finished recovery" in text for _, text in events)
        return recovered and _group(elasticache, group)["Status"] == "available"

    words = "TestFailover of the ElastiCache API"
    sources = frozenset({group, *outputs["member_ids"]})
    return Trigger("failover", words, outputs.get("region"), sources, fire, is_over, maximum_seconds=60.0)


def _reboot_primary(outputs: Mapping[str, Any]) -> Trigger:
    group, region = replication_group_id(outputs), outputs.get("region")
    with explained("the members of the cache"):
        members = _group(aws_client("elasticache", region), group)["NodeGroups"][0]["NodeGroupMembers"]
    primary = next(
        (member["CacheClusterId"] for member in members if member.get("CurrentRole") == "primary"),
        members[0]["CacheClusterId"],
    )
    is_whole = _Whole(lambda elasticache: _clusters(elasticache, outputs["member_ids"]))

    def fire(elasticache: Any) -> None:
        elasticache.reboot_cache_cluster(CacheClusterId=primary, CacheNodeIdsToReboot=["0001"])

    return Trigger(
        "reboot",
        f"a restart of the primary {primary}, which comes back empty",
        region,
        frozenset({group, *outputs["member_ids"]}),
        fire,
        is_whole,
        maximum_seconds=120.0,
        keeps_writes=False,
    )


def _reboot_node(outputs: Mapping[str, Any]) -> Trigger:
    region, cluster = outputs.get("region"), _cluster_of(outputs)
    name, node = cluster["CacheClusterId"], cluster["CacheNodes"][0]
    address = f"{node['Endpoint']['Address']}:{node['Endpoint']['Port']}"

    def fire(elasticache: Any) -> None:
        elasticache.reboot_cache_cluster(CacheClusterId=name, CacheNodeIdsToReboot=[node["CacheNodeId"]])

    return Trigger(
        "reboot",
        f"a restart of node {node['CacheNodeId']} of {name}, which comes back empty",
        region,
        frozenset({name}),
        fire,
        _Whole(lambda elasticache: _clusters(elasticache, [name])),
        maximum_seconds=120.0,
        emptied=(address,),
    )


def _scale_out(outputs: Mapping[str, Any]) -> Trigger:
    cluster = _cluster_of(outputs)
    return _scaling(outputs, cluster, len(cluster["CacheNodes"]) + 1, {})


def _scale_in(outputs: Mapping[str, Any]) -> Trigger:
    cluster = _cluster_of(outputs)
    nodes = sorted(node["CacheNodeId"] for node in cluster["CacheNodes"])
    if len(nodes) == 1:
        raise InvalidEndpoint("--trigger scale-in: the cluster has one node, and needs it")
    return _scaling(outputs, cluster, len(nodes) - 1, {"CacheNodeIdsToRemove": nodes[-1:]})


def _scaling(
    outputs: Mapping[str, Any], cluster: Mapping[str, Any], nodes: int, further: Mapping[str, Any]
) -> Trigger:
    name, before = cluster["CacheClusterId"], len(cluster["CacheNodes"])

    def fire(elasticache: Any) -> None:
        elasticache.modify_cache_cluster(
            CacheClusterId=name, NumCacheNodes=nodes, ApplyImmediately=True, **further
        )

    def is_over(elasticache: Any, since: float, events: Sequence[tuple[float, str]]) -> bool:
        (found,) = _clusters(elasticache, [name])
        return _is_available(found) and len(found["CacheNodes"]) == nodes

    return Trigger(
        "scale-out" if nodes > before else "scale-in",
        f"a change of {name} from {before} to {nodes} nodes",
        outputs.get("region"),
        frozenset({name}),
        fire,
        is_over,
        maximum_seconds=900.0,
    )


class _Whole:
    """Tells when nodes that were restarted are all available again; they say so for a moment before, too."""

    def __init__(self, find: Callable[[Any], Sequence[Mapping[str, Any]]]) -> None:
        self._find = find
        self._has_left = False

    def __call__(self, elasticache: Any, since: float, events: Sequence[tuple[float, str]]) -> bool:
        available = all(map(_is_available, self._find(elasticache)))
        restarted = any("reboot" in text.lower() or "restart" in text.lower() for _, text in events)
        self._has_left |= not available or restarted or time.time() - since > _UNSEEN_SECONDS
        return available and self._has_left


def _is_available(cluster: Mapping[str, Any]) -> bool:
    states = {cluster["CacheClusterStatus"], *(node["CacheNodeStatus"] for node in cluster["CacheNodes"])}
    return states == {"available"}


def _group(elasticache: Any, group: str) -> Mapping[str, Any]:
    return elasticache.describe_replication_groups(ReplicationGroupId=group)["ReplicationGroups"][0]


def _clusters(elasticache: Any, names: Sequence[str]) -> list[Mapping[str, Any]]:
    return [
        elasticache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)["CacheClusters"][0]
        for name in names
    ]


def _cluster_of(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Memcached cluster whose configuration endpoint the outputs name."""
    with explained("the nodes of the cache"):
        pages = aws_client("elasticache", outputs.get("region")).get_paginator("describe_cache_clusters")
        found = [one for page in pages.paginate(ShowCacheNodeInfo=True) for one in page["CacheClusters"]]
    for cluster in found:
        if cluster.get("ConfigurationEndpoint", {}).get("Address") == outputs["host"]:
            return cluster
    raise InvalidEndpoint(f"no cluster in this account and region has the endpoint {outputs['host']}")


_REDIS: Mapping[str, Callable[[Mapping[str, Any]], Trigger]] = {
    "failover": _failover,
    "reboot": _reboot_primary,
}
_MEMCACHED: Mapping[str, Callable[[Mapping[str, Any]], Trigger]] = {
    "reboot": _reboot_node,
    "scale-out": _scale_out,
    "scale-in": _scale_in,
}
