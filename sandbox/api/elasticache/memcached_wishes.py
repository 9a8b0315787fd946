"""A request for a Memcached cluster as settings: everything checked, what was left out chosen as the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import catalogue, checks, windows, wishes
from .errors import invalid_combination, invalid_value
from .placement import spread
from .records import MEMCACHED, Settings, SubnetGroup
from .store import Store

if TYPE_CHECKING:
    from .service import Service

PORT, NODES_MOST = 11211, 60
TLS_FROM = (1, 6, 12)
SINGLE, CROSS = "single-az", "cross-az"
# Members of a request that are for other engines: with one of them the service refuses it (R104, R105, R154).
OTHERS = {
    "SnapshotRetentionLimit": "snapshots",
    "SnapshotName": "snapshots",
    "SnapshotArns": "snapshots",
    "SnapshotWindow": "snapshots",
    "AuthToken": "the AUTH token",
    "AuthTokenUpdateStrategy": "the AUTH token",
    "LogDeliveryConfigurations": "log delivery",
    "FinalSnapshotIdentifier": "snapshots",
}


def memcached_settings(service: Service, store: Store, parameters: dict[str, Any]) -> Settings:
    """The settings that a create request describes."""
    refuse_others(parameters)
    wishes.refuse_unmodelled(parameters)
    row = catalogue.find_version(MEMCACHED, parameters.get("EngineVersion"))
    node_type(parameters.get("CacheNodeType"), row["version"])
    tls = bool(parameters.get("TransitEncryptionEnabled"))
    if tls:
        _check_tls(row["version"])
    subnets = wishes.subnet_group(service, store, parameters.get("CacheSubnetGroupName"))
    window, _ = windows.choose(parameters.get("PreferredMaintenanceWindow"), None)
    topic = parameters.get("NotificationTopicArn")
    port = parameters.get("Port")
    return Settings(
        engine=MEMCACHED,
        version=row["version"],
        node_type=parameters["CacheNodeType"],
        port=PORT if port is None else checks.port(port),
        parameter_group=wishes.parameter_group(
            store, parameters.get("CacheParameterGroupName"), row["family"]
        ),
        subnet_group=subnets.name,
        vpc_id=subnets.vpc_id,
        security_group_ids=wishes.security_groups(
            service, store, parameters.get("SecurityGroupIds"), subnets.vpc_id
        ),
        maintenance_window=window,
        snapshot_window="",
        transit="required" if tls else "off",
        auto_minor=parameters.get("AutoMinorVersionUpgrade", True),
        topic_arn=checks.topic(topic, store.region, store.account_id) if topic else None,
    )


def refuse_others(parameters: dict[str, Any]) -> None:
    """Refuse what Memcached has not, even where it is turned off."""
    for name, what in OTHERS.items():
        if parameters.get(name) is not None:
            raise invalid_combination(f"{name} cannot be used with engine memcached. (it has not {what})")


def node_count(count: int | None) -> int:
    """R68."""
    count = 1 if count is None else count
    if not 1 <= count <= NODES_MOST:
        raise invalid_value(f"Invalid NumCacheNodes: {count}. Must be between 1 and {NODES_MOST}.")
    return count


def node_type(name: str | None, version: str) -> None:
    """A type that Memcached runs on, in this version (R50-R56)."""
    if not name:
        raise invalid_value("The parameter CacheNodeType must be provided.")
    found = catalogue.find_node_type(name)
    if found["memcached_megabytes"] is None:
        raise invalid_combination(f"{name} is not available for engine memcached.")
    wishes.node_type(name, MEMCACHED, version)


def zones(
    parameters: dict[str, Any], count: int, group: SubnetGroup, before: list[str]
) -> tuple[str, list[str]]:
    """(mode, zones of `count` more nodes), beside nodes in the zones `before` (R69-R71).

    Without a wish nodes stand in one zone; with `cross-az`, or zones that differ, they are spread.
    """
    name = "NewAvailabilityZones" if before else "PreferredAvailabilityZones"
    wanted = list(parameters.get(name) or [])
    single = parameters.get("PreferredAvailabilityZone")
    if wanted and len(wanted) != count:
        raise invalid_combination(f"{name} names {len(wanted)} zones for {count} nodes; give one for each.")
    wanted = wanted or ([single] * count if single and single != "Multiple" else [])
    covered = sorted({zone for _, zone in group.subnets})
    for zone in wanted:
        if zone not in covered:
            raise invalid_value(
                f"The subnet group {group.name} has no subnet in {zone} (it covers: {', '.join(covered)})"
            )
    several = len({*before, *wanted}) > 1
    mode = parameters.get("AZMode") or (CROSS if several else SINGLE)
    if not wanted:
        wanted = (
            spread(group, count, taken=before) if mode == CROSS else [(before or spread(group, 1))[0]] * count
        )
    check_mode(mode, [*before, *wanted])
    return mode, wanted


def check_mode(mode: str, places: list[str]) -> None:
    """R69: `places` are the zones of all nodes."""
    if mode not in (SINGLE, CROSS):
        raise invalid_value(f"Invalid AZMode: {mode}. Valid values are: {SINGLE}, {CROSS}")
    if mode == CROSS and len(places) < 2:
        raise invalid_combination("AZMode cross-az needs a cluster of at least two nodes.")
    if mode == SINGLE and len(set(places)) > 1:
        raise invalid_combination("Nodes in several availability zones need AZMode cross-az.")


def _check_tls(version: str) -> None:
    """R103. (The node types that have no TLS are closed to new clusters.)"""
    if catalogue.as_numbers(version) < TLS_FROM:
        raise invalid_combination(
            f"Encryption in transit is not supported for engine memcached {version}. (1.6.12 is the first)"
        )
