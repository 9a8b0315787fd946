"""What is refused about any cache, whatever its engine, and what is warned of."""

import re
from typing import Any

from . import engines, node_types
from .cache_access import port_fault
from .names import elasticache_name_fault
from .parameters import check_parameters
from .problems import Checks

TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")


def check_version(checks: Checks, engine: str) -> str | None:
    """Return the engine's version when it is right, the default one when none is given (R30-R33, R47)."""
    version = checks.get("engine_version")
    if version is None:
        return engines.DEFAULT_VERSIONS[engine] if checks.ok("engine_version") else None
    fault = engines.version_fault(engine, version)
    if fault:
        checks.add("engine_version", fault)
        return None
    if engines.newer_than_known(engine, version):
        checks.warn(f"engine_version {version} is newer than this package knows; going on unchecked")
    return version


def check_node_type(checks: Checks, engine: str, version: str, default: str) -> None:
    """Refuse node types this version cannot run on, and IPv6 where it cannot be (R49-R62)."""
    node_type = checks.get("node_type", default)
    if checks.ok("node_type"):
        fault = node_types.node_type_fault(node_type, engine, version)
        if fault:
            checks.add("node_type", fault)
        for text in node_types.node_type_warnings(node_type):
            checks.warn(text)
    if checks.get("network_type", "ipv4") != "ipv4":
        require_feature(checks, "ipv6", "network_type", engine, version)
        known = node_types.known(node_type)
        if known and not known["nitro"]:
            checks.add("network_type", f"IPv6 needs a newer generation than {node_type} (R62)")


def require_feature(checks: Checks, feature: str, key: str, engine: str, version: str) -> None:
    """Refuse an argument whose feature this version does not have (R49)."""
    if not engines.supports(feature, engine, version):
        floor = engines.floor_of(feature, engine)
        checks.add(key, f"needs {engine} {floor} or later, got {version}")


def check_engine_parameters(checks: Checks, engine: str, version: str) -> None:
    """Refuse parameters that the family does not have or not with this value, and groups of another (R38, R171)."""
    family = engines.family(engine, version)
    checks.together(
        "parameters", "parameter_group_name", "give either parameters or an existing parameter_group_name"
    )
    found = check_parameters(family, checks.get("parameters", {}), version)
    for name, fault in found.faults.items():
        checks.add(f"parameters.{name}", fault)
    for text in found.warnings:
        checks.warn(text)
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


def check_port(checks: Checks, default: int) -> None:
    """Refuse ports ElastiCache does not serve (R131)."""
    fault = port_fault(checks.get("port", default))
    if fault:
        checks.add("port", f"{fault} (R131)")


def check_window(checks: Checks, key: str, parse: Any) -> tuple[int, int] | None:
    """Return the span of a window that is right, None for none; parse raises ValueError with the reason."""
    text = checks.get(key)
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        checks.add(key, str(error))
        return None


def check_topic_and_addresses(checks: Checks) -> None:
    """Refuse what is no topic, and kinds of addresses there are not (R133, R165)."""
    topic = checks.get("notification_topic_arn")
    if topic is not None and not TOPIC_ARN.fullmatch(topic):
        checks.add("notification_topic_arn", f"must be arn:aws:sns:REGION:ACCOUNT:NAME, got {topic!r} (R165)")
    checks.choice("network_type", ("ipv4", "ipv6", "dual_stack"), "ipv4")
    discovery = checks.choice("ip_discovery", ("ipv4", "ipv6"), "ipv4")
    if checks.args.get("ip_discovery") is not None and checks.get("transit_encryption", True) and discovery:
        checks.warn(
            "ip_discovery has no effect on a cache with TLS: clients then get names, not addresses (R133)"
        )
