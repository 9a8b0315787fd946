"""What a RedisCache may be told, and what is refused about it before anything is created."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from typing_extensions import NotRequired, TypedDict

from . import engines, node_types, windows
from .cache_access import port_fault
from .names import elasticache_name_fault
from .parameters import check_parameters
from .problems import Checks, check_component_name

MAXIMUM_REPLICAS = 5
MAXIMUM_SUBNETS = 20
LOG_RETENTION_DAYS = (
    0,
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
)
"""What CloudWatch accepts, and 0 for no logs."""

_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_S3_ARN = re.compile(r"arn:aws[a-z-]*:s3:::[^,]+")


class RedisCacheArgs(TypedDict):
    """Arguments of RedisCache."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """VPC of the cache's groups. Required, unless security_group_ids names existing ones."""
    subnet_ids: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Zone -> private subnet id, 1-20; two zones for a replica. Required, unless subnet_group_name is given."""
    engine: NotRequired[str]
    """redis or valkey. Default: redis."""
    engine_version: NotRequired[str]
    """Version to run, such as 7.1. Default: a constant for a new cache; later changes made by AWS are ignored.
    State it together with a change of engine."""
    replicas: NotRequired[int]
    """Copies of the primary, 0-5; more than 0 means Multi-AZ and automatic failover. Default: 1."""
    node_type: NotRequired[str]
    """Size of each node. Default: cache.t4g.micro."""
    port: NotRequired[int]
    """1150-8004 or 8006-65535; a change replaces the cache. Default: 6379."""
    preferred_availability_zones: NotRequired[Sequence[str]]
    """One zone per node, the primary's first. Default: AWS spreads the nodes."""
    authentication: NotRequired[str]
    """token or none. Default: token, generated once and kept as a secret of the stack unless auth_token is given."""
    auth_token: NotRequired[pulumi.Input[str]]
    """A token of your own: 16-128 letters, digits and ! & # $ ^ < > -. Default: generated."""
    auth_token_update_strategy: NotRequired[str]
    """How a changed token takes effect: ROTATE (old and new are valid), then SET (only the new). Default: ROTATE."""
    transit_encryption: NotRequired[bool]
    """TLS between clients and cache. Default: true."""
    transit_encryption_mode: NotRequired[str]
    """preferred (also admits plain connections, for a change-over) or required. Default: required, by AWS."""
    at_rest_encryption: NotRequired[bool]
    """Encrypt disks and backups; a change replaces the cache. Default: true."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of your own symmetric key for encryption at rest; a change replaces the cache. Default: AWS's key."""
    parameters: NotRequired[Mapping[str, Any]]
    """Engine parameters by name, in a group of the engine's family. Default: AWS's default group."""
    parameter_group_name: NotRequired[str]
    """An existing parameter group, instead of parameters. Default: none."""
    subnet_group_name: NotRequired[str]
    """An existing subnet group, instead of subnet_ids. Default: none."""
    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """Existing groups for the cache, instead of groups of its own. Default: none."""
    snapshot_retention_days: NotRequired[int]
    """Days that daily backups are kept, 0-35; 0 means none. Default: 1."""
    snapshot_window: NotRequired[str]
    """hh:mm-hh:mm in UTC, at least 60 minutes. Default: AWS picks."""
    maintenance_window: NotRequired[str]
    """ddd:hh:mm-ddd:hh:mm in UTC, at least 60 minutes. Default: AWS picks."""
    final_snapshot: NotRequired[bool]
    """Keep a last backup when the cache is destroyed. Default: false."""
    restore_snapshot_name: NotRequired[str]
    """Backup to fill a new cache from; a change replaces the cache. Default: none."""
    restore_snapshot_arns: NotRequired[Sequence[str]]
    """S3 objects (.rdb) to fill a new cache from; a change replaces the cache. Default: none."""
    log_retention_days: NotRequired[int]
    """Days that the slow log and the engine log are kept in CloudWatch; 0 means no logs. Default: 14."""
    notification_topic_arn: NotRequired[pulumi.Input[str]]
    """SNS topic of the same account and region for the cache's events. Default: none."""
    network_type: NotRequired[str]
    """ipv4, ipv6 or dual_stack; a change replaces the cache. Default: ipv4."""
    ip_discovery: NotRequired[str]
    """ipv4 or ipv6: the addresses the cache tells to clients. Default: ipv4."""
    auto_minor_version_upgrade: NotRequired[bool]
    """Let AWS install minor versions. Default: true."""
    apply_immediately: NotRequired[bool]
    """Apply changes now, not in the maintenance window. Default: true."""
    deletion_protection: NotRequired[bool]
    """Let Pulumi refuse to delete or replace the cache. Default: false."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every resource. Default: none."""


_CLUSTER_MODE = "cluster mode enabled has no component yet: this one has one shard with 0-5 replicas"
_SERVERLESS = "serverless caches have no component yet: this one runs nodes of a node_type"
_GLOBAL = "global datastores have no component yet: this one lives in one region"
_ROLES = "role-based access (user groups) is not offered yet: authentication: token protects the cache"
REFUSED = {
    "num_node_groups": _CLUSTER_MODE,
    "replicas_per_node_group": _CLUSTER_MODE,
    "node_group_configurations": _CLUSTER_MODE,
    "cluster_mode": _CLUSTER_MODE,
    "shards": _CLUSTER_MODE,
    "serverless": _SERVERLESS,
    "global_replication_group_id": _GLOBAL,
    "global_datastore": _GLOBAL,
    "user_group_ids": _ROLES,
    "num_cache_clusters": "say replicas: the nodes besides the primary",
    "multi_az_enabled": "replicas decides it: more than 0 means Multi-AZ",
    "automatic_failover_enabled": "replicas decides it: more than 0 means automatic failover",
    "data_tiering_enabled": "node_type decides it: the r6gd types have it",
    "security_group_names": "belongs to EC2-Classic, which is gone; give security_group_ids (R130)",
    "replication_group_id": "the id comes from the component's name, so that a replacement cannot collide (R23)",
}
"""Arguments of AWS that this component does not take, with the reason or the way to say it here."""


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
    _check_authentication(checks)
    _check_encryption(checks)
    _check_backups(checks)
    _check_windows(checks)
    _check_operations(checks)
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
                f"AWS may upgrade engine_version {version} by itself, and the next update would then plan a replacing "
                "downgrade; leave engine_version out, or set auto_minor_version_upgrade: false (R45)"
            )
    return engine


def _check_features(checks: Checks, engine: str, version: str) -> None:
    """Refuse what this version cannot do, and node types it cannot run on (R49-R62)."""
    node_type = checks.get("node_type")
    if node_type is not None:
        fault = node_types.node_type_fault(node_type, engine, version)
        if fault:
            checks.add("node_type", fault)
        for text in node_types.node_type_warnings(node_type):
            checks.warn(text)
    wanted = {
        "slow_log": "log_retention_days" if checks.get("log_retention_days") else None,
        "ipv6": "network_type" if checks.get("network_type", "ipv4") != "ipv4" else None,
        "auth_token_change": "auth_token_update_strategy"
        if checks.get("auth_token_update_strategy")
        else None,
    }
    for feature, key in wanted.items():
        if key and not engines.supports(feature, engine, version):
            floor = engines.floor_of(feature, engine)
            checks.add(key, f"needs {engine} {floor} or later, got {version}")
    known = node_types.known(node_type or "cache.t4g.micro")
    if wanted["ipv6"] and known and not known["nitro"]:
        checks.add("network_type", f"IPv6 needs a node type of a newer generation than {node_type}")


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
        only = next(iter(zones))
        checks.add(
            "replicas",
            f"{replicas} of them need subnets in two zones, got {only} only; add a zone, or replicas: 0",
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
    fault = port_fault(checks.get("port", 6379))
    if fault:
        checks.add("port", f"{fault} (R131)")


def _check_authentication(checks: Checks) -> None:
    """Refuse tokens that AWS refuses (R106-R110); a message never shows one."""
    kind = checks.choice("authentication", ("token", "none"), "token")
    if kind == "token" and checks.get("transit_encryption", True) is False:
        checks.add(
            "transit_encryption",
            "a token needs TLS; keep it on, or say authentication: none to go without both",
        )
    if kind == "none":
        for key in ("auth_token", "auth_token_update_strategy"):
            if checks.args.get(key) is not None:
                checks.add(key, "contradicts authentication: none")
    checks.choice("auth_token_update_strategy", ("ROTATE", "SET"), "ROTATE")
    token = checks.get("auth_token")
    if token is not None and not _TOKEN.fullmatch(token):
        checks.add(
            "auth_token",
            f"must be 16-128 letters, digits and ! & # $ ^ < > - (got {len(token)} characters, not shown)",
        )


def _check_encryption(checks: Checks) -> None:
    """Refuse keys and modes that do not go with what they belong to (R97, R98, R101)."""
    checks.choice("transit_encryption_mode", ("preferred", "required"), "required")
    if (
        checks.args.get("transit_encryption_mode") is not None
        and checks.get("transit_encryption", True) is False
    ):
        checks.add("transit_encryption_mode", "needs transit_encryption: true (R101)")
    if checks.args.get("kms_key_arn") is not None and checks.get("at_rest_encryption", True) is False:
        checks.add("kms_key_arn", "needs at_rest_encryption: true (R97)")
    key = checks.get("kms_key_arn")
    if key is not None and not _KEY_ARN.fullmatch(key):
        checks.add("kms_key_arn", f"must be the ARN of a key, not of an alias, got {key!r} (R98)")


def _check_backups(checks: Checks) -> None:
    """Refuse backups AWS cannot keep or read (R19, R153, R156)."""
    checks.integer("snapshot_retention_days", 0, 35, default=1)
    checks.together(
        "restore_snapshot_name", "restore_snapshot_arns", "restore from a name or from ARNs, not both (R156)"
    )
    name = checks.get("restore_snapshot_name")
    # Automatic backups are called automatic.GROUP-DATE-TIME.
    fault = elasticache_name_fault(name.removeprefix("automatic."), 255) if name else None
    if fault:
        checks.add("restore_snapshot_name", fault)
    for index, arn in enumerate(checks.get("restore_snapshot_arns", ())):
        if not _S3_ARN.fullmatch(arn):
            checks.add(
                f"restore_snapshot_arns[{index}]",
                f"must be arn:aws:s3:::BUCKET/KEY without commas, got {arn!r}",
            )


def _check_windows(checks: Checks) -> None:
    """Refuse windows that are malformed, too short, or meet (R149-R151); warn of a lonely one (R152)."""
    spans = {}
    for key, parse in (
        ("maintenance_window", windows.maintenance_window),
        ("snapshot_window", windows.snapshot_window),
    ):
        text = checks.get(key)
        if text is not None:
            try:
                spans[key] = parse(text)
            except ValueError as error:
                checks.add(key, str(error))
    if len(spans) == 2 and windows.overlap(spans["maintenance_window"], spans["snapshot_window"]):
        text = checks.get("maintenance_window")
        checks.add(
            "snapshot_window", f"{checks.get('snapshot_window')!r} overlaps the maintenance window {text!r}"
        )
    if len(spans) == 1 and checks.ok("maintenance_window") and checks.ok("snapshot_window"):
        checks.warn(
            f"only {next(iter(spans))} is set; AWS picks the other window and they may collide later (R152)"
        )


def _check_operations(checks: Checks) -> None:
    days = checks.get("log_retention_days", 14)
    if days not in LOG_RETENTION_DAYS:
        accepted = ", ".join(map(str, LOG_RETENTION_DAYS))
        checks.add("log_retention_days", f"CloudWatch keeps logs for one of {accepted} days, got {days}")
    elif days and checks.get("apply_immediately", True) is False:
        checks.warn("a change of the logs is applied at once, whatever apply_immediately says (R163)")
    topic = checks.get("notification_topic_arn")
    if topic is not None and not _TOPIC_ARN.fullmatch(topic):
        checks.add("notification_topic_arn", f"must be arn:aws:sns:REGION:ACCOUNT:NAME, got {topic!r} (R165)")
    checks.choice("network_type", ("ipv4", "ipv6", "dual_stack"), "ipv4")
    checks.choice("ip_discovery", ("ipv4", "ipv6"), "ipv4")
