"""What is refused about a RedisCache before anything is created, and what is warned of."""

from . import cache_checks, cache_place_checks, engines, node_types
from .problems import Checks, check_component_name
from .redis_arguments import DEFAULT_NODE_TYPE, DEFAULT_PORT, REFUSED, RedisCacheArgs
from .redis_operation_checks import check_operation

MAXIMUM_REPLICAS = 5


def check_redis_cache(name: str, args: RedisCacheArgs) -> Checks:
    """Collect every problem of these arguments, and what to warn of."""
    checks = Checks.of(RedisCacheArgs, args, "RedisCache", name, refused=REFUSED)
    check_component_name(checks, name)
    engine = _check_engine(checks)
    version = cache_checks.check_version(checks, engine) if engine else None
    if engine and version:
        _warn_of_version(checks, engine, version)
        cache_checks.check_node_type(checks, engine, version, DEFAULT_NODE_TYPE)
        _check_features(checks, engine, version)
        cache_checks.check_engine_parameters(checks, engine, version)
        _check_tiering(checks)
    cache_place_checks.check_place(checks)
    _check_replicas(checks)
    cache_checks.check_port(checks, DEFAULT_PORT)
    check_operation(checks)
    cache_place_checks.check_region(checks, DEFAULT_NODE_TYPE)
    return checks


def _check_engine(checks: Checks) -> str | None:
    """Return the engine when it is right (R27-R29)."""
    if checks.get("engine") == "memcached":
        checks.add("engine", "Memcached has no replication: use the MemcachedCache component (R29)")
    return checks.choice("engine", engines.REPLICATED, "redis")


def _warn_of_version(checks: Checks, engine: str, version: str) -> None:
    """Warn of versions that cost more, or that AWS will not leave as they are (R45, R46)."""
    if checks.get("engine_version") is None:
        return
    support = engines.support(engine, version)
    if support:
        checks.warn(
            f"{engine} {version} is in Extended Support, which costs more, from {support.extended_from} to "
            f"{support.ends}; prefer {engine} 7 or Valkey (R46)"
        )
    if checks.get("auto_minor_version_upgrade", True) and not version.endswith(".x"):
        last = engines.known_versions(engine)[-1]
        if engines.older(version, last) and version.split(".")[0] == last.split(".")[0]:
            checks.warn(
                f"AWS may raise engine_version {version} by itself, after which this program would plan a replacing "
                "downgrade; leave engine_version out, or set auto_minor_version_upgrade: false (R45)"
            )


def _check_features(checks: Checks, engine: str, version: str) -> None:
    """Refuse what this version cannot do (R49)."""
    if checks.get("log_retention_days"):
        cache_checks.require_feature(checks, "slow_log", "log_retention_days", engine, version)
    key = "auth_token_update_strategy"
    if checks.get(key) is not None:
        cache_checks.require_feature(checks, "auth_token_change", key, engine, version)


def _check_tiering(checks: Checks) -> None:
    """Refuse eviction policies that caches with disks do not know (R58)."""
    policy = checks.get("parameters", {}).get("maxmemory-policy")
    tiered = node_types.has_data_tiering(checks.get("node_type", ""))
    if tiered and policy not in (None, "noeviction", "volatile-lru", "allkeys-lru"):
        checks.add(
            "parameters.maxmemory-policy",
            f"with r6gd: noeviction, volatile-lru or allkeys-lru, got {policy!r}",
        )


def _check_replicas(checks: Checks) -> None:
    """Refuse replicas without a second zone to live in (R70, R71, R74, R76)."""
    replicas = checks.integer("replicas", 0, MAXIMUM_REPLICAS, default=1)
    zones = checks.get("subnet_ids")
    if replicas and zones is not None and len(zones) < 2:
        only, way_out = next(iter(zones)), "add a zone, or say replicas: 0"
        checks.add(
            "replicas", f"{replicas} of them need subnets in two zones, got {only} only; {way_out} (R76)"
        )
    preferred = checks.get("preferred_availability_zones")
    cache_place_checks.check_preferred_zones(checks, None if replicas is None else replicas + 1)
    if preferred and replicas and len(preferred) == replicas + 1 and len(set(preferred)) < 2:
        checks.add(
            "preferred_availability_zones",
            f"puts every node into {preferred[0]}; replicas need two zones (R76)",
        )
