"""What is refused about a MemcachedCache before anything is created, and what is warned of."""

from . import cache_checks, cache_place_checks, engines, windows
from .memcached_arguments import (
    DEFAULT_NODE_COUNT,
    DEFAULT_NODE_TYPE,
    DEFAULT_PORT,
    REFUSED,
    MemcachedCacheArgs,
)
from .problems import Checks, check_component_name

ENGINE = "memcached"
MAXIMUM_NODES = 60
_QUOTA = 40


def check_memcached_cache(name: str, args: MemcachedCacheArgs) -> Checks:
    """Collect every problem of these arguments, and what to warn of."""
    checks = Checks.of(MemcachedCacheArgs, args, "MemcachedCache", name, refused=REFUSED)
    check_component_name(checks, name)
    version = cache_checks.check_version(checks, ENGINE)
    if version:
        cache_checks.check_node_type(checks, ENGINE, version, DEFAULT_NODE_TYPE)
        _check_encryption(checks, version)
        cache_checks.check_engine_parameters(checks, ENGINE, version)
    cache_place_checks.check_place(checks)
    _check_nodes(checks)
    cache_checks.check_port(checks, DEFAULT_PORT)
    cache_checks.check_window(checks, "maintenance_window", windows.maintenance_window)
    cache_checks.check_topic_and_addresses(checks)
    cache_place_checks.check_region(checks, DEFAULT_NODE_TYPE)
    return checks


def spreads(args: MemcachedCacheArgs) -> bool:
    """Say whether the nodes stand in several zones: AWS refuses the mode for that with a single node (R69)."""
    zones = args.get("preferred_availability_zones") or args.get("subnet_ids")
    several_zones = zones is None or len(set(zones)) > 1
    return int(args.get("node_count", DEFAULT_NODE_COUNT)) > 1 and several_zones


def _check_encryption(checks: Checks, version: str) -> None:
    """Refuse TLS, which is the default, where the version has none (R103)."""
    if checks.get("transit_encryption", True) and not engines.supports("transit_encryption", ENGINE, version):
        floor = engines.floor_of("transit_encryption", ENGINE)
        checks.add(
            "transit_encryption",
            f"Memcached {version} has no TLS; use {floor} or later, or say transit_encryption: false (R103)",
        )


def _check_nodes(checks: Checks) -> None:
    """Refuse counts and zones AWS refuses (R68, R70, R71); warn of what defeats having several nodes (R73)."""
    nodes = checks.integer("node_count", 1, MAXIMUM_NODES, default=DEFAULT_NODE_COUNT)
    cache_place_checks.check_preferred_zones(checks, nodes)
    if nodes is None or checks.problems:
        return
    if nodes > _QUOTA:
        checks.warn(
            f"{nodes} nodes are more than the {_QUOTA} that some accounts may have; check the quota (R68)"
        )
    if nodes > 1 and not spreads(checks.args):
        zone = next(iter(checks.get("preferred_availability_zones") or checks.get("subnet_ids")))
        checks.warn(f"all {nodes} nodes stand in {zone}: when that zone fails the whole cache is gone (R73)")
