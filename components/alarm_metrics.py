"""Which alarms a cache gets, and where they go off: by engine, node type and number of nodes (R174-R184).

A default is where a person should look while there is time, not where it is too late.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from .node_types import known
from .parameters import most_clients

NAMESPACE = "AWS/ElastiCache"
SERVERS = ("redis", "valkey")

_MEBIBYTE = 1024 * 1024
_NOT_MEASURED = "is not measured by Memcached"


class Alarm(NamedTuple):
    """One alarm that every node gets."""

    metric: str
    meaning: str
    threshold: float
    statistic: str = "Average"
    comparison: str = "GreaterThanThreshold"
    period_seconds: int = 60
    periods: int = 5
    missing: str = "missing"
    """What no measurement means; `missing` leaves the alarm without data."""


class Watched(NamedTuple):
    """What decides which alarms there are: plain, and known before anything is created."""

    engine: str
    node_type: str
    nodes: int

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the node type; nothing of one that is newer than this package."""
        return known(self.node_type) or {}


def alarms(
    watched: Watched, thresholds: Mapping[str, float], without: Collection[str] = ()
) -> dict[str, Alarm]:
    """Return name -> alarm of each node, with the given thresholds in place of their defaults."""
    return {
        name: alarm._replace(threshold=float(thresholds.get(name, alarm.threshold)))
        for name, (absent, make) in _ALARMS.items()
        if absent(watched) is None and name not in without
        for alarm in [make(watched)]
    }


def names() -> list[str]:
    """Return the names of all alarms there are."""
    return list(_ALARMS)


def why_absent(name: str, watched: Watched) -> str | None:
    """Return why such a cache has no alarm of this name, or None."""
    return _ALARMS[name][0](watched)


def _nowhere(watched: Watched) -> str | None:
    return None


def _on_memcached(watched: Watched) -> str | None:
    return None if watched.engine in SERVERS else _NOT_MEASURED


def _without_replicas(watched: Watched) -> str | None:
    if watched.engine not in SERVERS:
        return _NOT_MEASURED
    return None if watched.nodes > 1 else "needs a replica; node_count is 1"


def _unless_burstable(watched: Watched) -> str | None:
    if watched.facts.get("burstable") and watched.facts["cpu_baseline_percent_per_vcpu"]:
        return None
    return f"is of burstable node types (t3, t4g), which {watched.node_type} is not"


def _unless_tiered(watched: Watched) -> str | None:
    if watched.engine in SERVERS and watched.facts.get("data_tiering"):
        return None
    return f"is of node types with data tiering (r6gd), which {watched.node_type} is not"


def _cpu(watched: Watched) -> Alarm:
    """Redis works on one core: with few of them its share of all is watched, with more its own time (R176, R177)."""
    cores = watched.facts.get("vcpu")
    if watched.engine not in SERVERS:
        return Alarm("CPUUtilization", "CPU time in use (%)", 90)
    if cores and cores <= 2:
        return Alarm("CPUUtilization", "CPU time of all cores in use (%)", 90 / cores)
    return Alarm("EngineCPUUtilization", "CPU time of the engine's core in use (%)", 70)


def _swap(watched: Watched) -> Alarm:
    """50 MiB are a lot for the smallest nodes (R179)."""
    memory = watched.facts.get("maxmemory_bytes")
    most = 50 * _MEBIBYTE
    return Alarm("SwapUsage", "memory swapped out (bytes)", min(most, memory // 20) if memory else most)


def _connections(watched: Watched) -> Alarm:
    most = most_clients(watched.engine, watched.node_type)
    return Alarm("CurrConnections", f"clients at once, of {most} at most", most * 0.8, "Maximum")


def _credits(watched: Watched) -> Alarm:
    """For two hours fewer than are earned in one: a new node starts with none and must not go off (R183)."""
    earned = watched.facts["cpu_baseline_percent_per_vcpu"] * watched.facts["vcpu"] * 60 / 100
    return Alarm(
        "CPUCreditBalance",
        "CPU credits left for bursts",
        earned,
        comparison="LessThanThreshold",
        period_seconds=300,
        periods=24,
    )


def _same(*values: Any, **more: Any) -> Callable[[Watched], Alarm]:
    return lambda watched: Alarm(*values, **more)


def _counted(metric: str, meaning: str, threshold: float) -> Callable[[Watched], Alarm]:
    return _same(metric, f"{meaning}, a minute", threshold, "Sum", missing="notBreaching")


def _used(metric: str, what: str) -> Callable[[Watched], Alarm]:
    return _same(metric, f"{what} in use (%)", 80)


def _held_back(metric: str, way: str) -> Callable[[Watched], Alarm]:
    return _counted(metric, f"packets {way} the node held back or dropped", 0)


_ALARMS: dict[str, tuple[Callable[[Watched], str | None], Callable[[Watched], Alarm]]] = {
    "cpu_percent": (_nowhere, _cpu),
    "memory_percent": (_on_memcached, _used("DatabaseMemoryUsagePercentage", "memory for keys")),
    "disk_percent": (_unless_tiered, _used("DatabaseCapacityUsagePercentage", "memory and disk")),
    "swap_bytes": (_nowhere, _swap),
    "evictions_per_minute": (_nowhere, _counted("Evictions", "keys removed to make room", 20)),
    "connections": (_nowhere, _connections),
    "replication_lag_seconds": (
        _without_replicas,
        # The primary has no lag to tell, and after a failover it is another node.
        _same("ReplicationLag", "seconds behind the primary", 1, "Maximum", missing="notBreaching"),
    ),
    "authentication_failures_per_minute": (
        _on_memcached,
        _counted("AuthenticationFailures", "refused logins", 10),
    ),
    "cpu_credits": (_unless_burstable, _credits),
    "network_in_exceeded_per_minute": (_nowhere, _held_back("NetworkBandwidthInAllowanceExceeded", "to")),
    "network_out_exceeded_per_minute": (
        _nowhere,
        _held_back("NetworkBandwidthOutAllowanceExceeded", "from"),
    ),
}
"""Name -> why a cache does not have the alarm (None: it has), and the alarm."""
