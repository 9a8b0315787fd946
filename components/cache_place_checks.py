"""What is refused about where a cache stands: subnets, zones, and what must be of the same region."""

from collections.abc import Collection

from . import node_types
from .names import subnet_group_name_fault
from .problems import Checks
from .zones import is_local_zone, region_of

MAXIMUM_SUBNETS = 20


def check_place(checks: Checks) -> None:
    """Refuse caches without subnets and groups, of their own or existing ones (R15, R126, R129)."""
    for own, existing in (("subnet_ids", "subnet_group_name"), ("vpc_id", "security_group_ids")):
        if checks.args.get(own) is None and checks.args.get(existing) is None:
            checks.add(own, f"is required (or {existing}, to use what exists)")
    checks.together(
        "subnet_ids", "subnet_group_name", "give either subnet_ids or an existing subnet_group_name"
    )
    if checks.args.get("security_group_ids") is not None and not checks.get("security_group_ids", [""]):
        checks.add(
            "security_group_ids", "must hold at least one: an empty list means the VPC's default group (R129)"
        )
    fault = subnet_group_name_fault(checks.get("subnet_group_name", "none"))
    if fault:
        checks.add("subnet_group_name", fault)
    _check_subnets(checks)


def check_preferred_zones(checks: Checks, nodes: int | None) -> None:
    """Refuse a list of zones that is not one per node, or names a zone without a subnet (R70, R71)."""
    preferred, zones = checks.get("preferred_availability_zones"), checks.get("subnet_ids")
    if preferred is None:
        return
    if nodes is not None and len(preferred) != nodes:
        checks.add(
            "preferred_availability_zones",
            f"must be one zone per node: {nodes} of them, got {len(preferred)}",
        )
    for index, zone in enumerate(preferred):
        if zones and zone not in zones:
            checks.add(
                f"preferred_availability_zones[{index}]",
                f"{zone!r} has no subnet; zones with one: {', '.join(sorted(zones))}",
            )


def check_region(checks: Checks, default_node_type: str) -> None:
    """Refuse what is of another region than the zones, and node types their kind of zone does not have.

    A node type without a price in the region only warns: price lists are younger elsewhere (R53, R63, R98, R165).
    """
    zones = _zones(checks)
    region = next(filter(None, map(region_of, zones)), None)
    node_type = checks.get("node_type", default_node_type)
    if checks.ok("node_type"):
        _check_local_zones(checks, node_type, zones)
    if region is None:
        return
    if checks.ok("node_type") and region in node_types.regions_without(node_type):
        sold = node_types.alternatives(node_type, region)
        checks.warn(
            f"node_type {node_type!r} had no price in {region} on {node_types.data_date()}: AWS may refuse it there; "
            f"{', '.join(sold)} had one (R53)"
        )
    for key, kind, rule in (("kms_key_arn", "key", "R98"), ("notification_topic_arn", "topic", "R165")):
        arn = checks.get(key)
        if arn is not None and checks.ok(key) and arn.split(":")[3] != region:
            checks.add(
                key,
                f"must be a {kind} of {region}, where the cache stands, got one of {arn.split(':')[3]} ({rule})",
            )


def _check_subnets(checks: Checks) -> None:
    zones = checks.get("subnet_ids")
    if zones is None:
        return
    if not 1 <= len(zones) <= MAXIMUM_SUBNETS:
        checks.add("subnet_ids", f"must be 1-{MAXIMUM_SUBNETS} subnets, got {len(zones)} (R126)")
    first: dict[str, str] = {}
    for zone, subnet in zones.items():
        if not isinstance(subnet, str):
            continue
        if subnet in first:
            checks.add(
                f"subnet_ids.{zone}",
                f"{subnet!r} is the subnet of {first[subnet]} already; a subnet has one zone (R126)",
            )
        first.setdefault(subnet, zone)


def _check_local_zones(checks: Checks, node_type: str, zones: Collection[str]) -> None:
    """Refuse node types that Local Zones do not have, where nodes are bound to stand in one."""
    local = [zone for zone in zones if is_local_zone(zone)]
    bound = local if checks.get("preferred_availability_zones") else local if len(local) == len(zones) else []
    known = node_types.known(node_type)
    if bound and known and known["family"] not in node_types.LOCAL_ZONE_FAMILIES:
        families = ", ".join(f"cache.{family}" for family in node_types.LOCAL_ZONE_FAMILIES)
        checks.add(
            "node_type",
            f"{node_type!r} does not exist in the Local Zone {bound[0]}; use one of {families} (R63)",
        )


def _zones(checks: Checks) -> Collection[str]:
    return checks.get("preferred_availability_zones") or list(checks.get("subnet_ids", {}))
