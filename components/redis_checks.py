"""What is refused about a RedisCache before anything is created, and what is warned of."""

from collections.abc import Mapping
from typing import Any

from . import engines, node_types
from .cache_access import port_fault
from .names import elasticache_name_fault
from .parameters import check_parameters
from .problems import Checks, check_component_name
from .redis_arguments import DEFAULT_NODE_TYPE, DEFAULT_PORT, REFUSED, RedisCacheArgs
from .redis_operation_checks import check_operation

MAXIMUM_REPLICAS = 5
MAXIMUM_SUBNETS = 20


def check_redis_cache(name: str, args: RedisCacheArgs) -> Checks:
    """Collect every problem of these arguments, and what to warn of."""
    checks = Checks.of(RedisCacheArgs, args, "RedisCache", name, refused=REFUSED)
    check_component_name(checks, name)
    engine = _check_engine(checks)
    if engine:
        version = checks.get("engine_version", engines.DEFAULT_VERSIONS[engine])
        _check_features(checks, engine, version)
        _check_parameters(checks, engine, version)
    _check_placement(checks)
    _check_port(checks)
    check_operation(checks)
    return checks


def _check_engine(checks: Checks) -> str | None:
    """Return the engine when engine and version are right (R27-R33, R45, R46)."""
    if checks.get("engine") == "memcached":
        checks.add("engine", "Memcached has no replication: use the MemcachedCache component (R29)")
    engine = checks.choice("engine", engines.REPLICATED, "redis")
    version = checks.get("engine_version")
    if not engine or version is None:
        return engine if checks.ok("engine_version") else None
    fault = engines.version_fault(engine, version)
    if fault:
        checks.add("engine_version", fault)
        return None
    if engines.newer_than_known(engine, version):
        checks.warn(f"engine_version {version} is newer than this package knows; going on unchecked")
    charged = engines.extended_support(engine, version)
    if charged:
        checks.warn(
            f"{engine} {version} is in paid Extended Support from {charged}; prefer {engine} 7 or Valkey (R46)"
        )
    if checks.get("auto_minor_version_upgrade", True) and not version.endswith(".x"):
        last = engines.known_versions(engine)[-1]
        if engines.older(version, last) and version.split(".")[0] == last.split(".")[0]:
            checks.warn(
                f"AWS may raise engine_version {version} by itself, after which this program would plan a replacing "
                "downgrade; leave engine_version out, or set auto_minor_version_upgrade: false (R45)"
            )
    return engine


def _check_features(checks: Checks, engine: str, version: str) -> None:
    """Refuse what this version cannot do, and node types it cannot run on (R49-R62)."""
    node_type = checks.get("node_type", DEFAULT_NODE_TYPE)
    if checks.ok("node_type"):
        fault = node_types.node_type_fault(node_type, engine, version)
        if fault:
            checks.add("node_type", fault)
        for text in node_types.node_type_warnings(node_type):
            checks.warn(text)
    wanted = {
        "slow_log": ("log_retention_days", bool(checks.get("log_retention_days"))),
        "ipv6": ("network_type", checks.get("network_type", "ipv4") != "ipv4"),
        "auth_token_change": (
            "auth_token_update_strategy",
            checks.get("auth_token_update_strategy") is not None,
        ),
    }
    for feature, (key, asked) in wanted.items():
        if asked and not engines.supports(feature, engine, version):
            floor = engines.floor_of(feature, engine)
            checks.add(key, f"needs {engine} {floor} or later, got {version}")
    known = node_types.known(node_type)
    if wanted["ipv6"][1] and known and not known["nitro"]:
        checks.add("network_type", f"IPv6 needs a newer generation than {node_type} (R62)")


def _check_parameters(checks: Checks, engine: str, version: str) -> None:
    """Refuse parameters that the family does not have or not with this value (R38, R80, R171)."""
    family = engines.family(engine, version)
    checks.together(
        "parameters", "parameter_group_name", "give either parameters or an existing parameter_group_name"
    )
    given = checks.get("parameters", {})
    found = check_parameters(family, given)
    for name, fault in found.faults.items():
        checks.add(f"parameters.{name}", fault)
    for text in found.warnings:
        checks.warn(text)
    policy = given.get("maxmemory-policy")
    tiered = (node_types.known(checks.get("node_type", "")) or {}).get("data_tiering")
    if tiered and policy not in (None, "noeviction", "volatile-lru", "allkeys-lru"):
        checks.add(
            "parameters.maxmemory-policy",
            f"with r6gd: noeviction, volatile-lru or allkeys-lru, got {policy!r}",
        )
    group = checks.get("parameter_group_name")
    if group is None:
        return
    if group.startswith("default.") and group != f"default.{family}":
        checks.add(
            "parameter_group_name", f"{group!r} does not fit {engine} {version}; use default.{family} (R38)"
        )
    elif not group.startswith("default."):
        fault = elasticache_name_fault(group, 255)
        if fault:
            checks.add("parameter_group_name", fault)


def _check_placement(checks: Checks) -> None:
    """Refuse nodes without zones to live in, and clusters without a network (R70, R71, R74, R76, R126, R129)."""
    replicas = checks.integer("replicas", 0, MAXIMUM_REPLICAS, default=1)
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
    fault = elasticache_name_fault(checks.get("subnet_group_name", "none"), 255)
    if fault:
        checks.add("subnet_group_name", fault)
    zones = checks.get("subnet_ids")
    if zones is not None and not 1 <= len(zones) <= MAXIMUM_SUBNETS:
        checks.add("subnet_ids", f"must be 1-{MAXIMUM_SUBNETS} subnets, got {len(zones)} (R126)")
    elif replicas and zones is not None and len(zones) < 2:
        only, way_out = next(iter(zones)), "add a zone, or say replicas: 0"
        checks.add(
            "replicas", f"{replicas} of them need subnets in two zones, got {only} only; {way_out} (R76)"
        )
    _check_preferred(checks, replicas, zones)


def _check_preferred(checks: Checks, replicas: int | None, zones: Mapping[str, Any] | None) -> None:
    preferred = checks.get("preferred_availability_zones")
    if preferred is None:
        return
    if replicas is not None and len(preferred) != replicas + 1:
        checks.add(
            "preferred_availability_zones",
            f"must be one zone per node: {replicas + 1} of them, got {len(preferred)}",
        )
    elif replicas and len(set(preferred)) < 2:
        checks.add(
            "preferred_availability_zones",
            f"puts every node into {preferred[0]}; replicas need two zones (R76)",
        )
    for index, zone in enumerate(preferred):
        if zones and zone not in zones:
            checks.add(
                f"preferred_availability_zones[{index}]",
                f"{zone!r} has no subnet; zones with one: {', '.join(sorted(zones))}",
            )


def _check_port(checks: Checks) -> None:
    fault = port_fault(checks.get("port", DEFAULT_PORT))
    if fault:
        checks.add("port", f"{fault} (R131)")
