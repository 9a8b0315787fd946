"""What the real provider refuses of a replication group before anything is changed (appendix C of the rules)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..values import has_unknown

_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_MAINTENANCE = re.compile(f"{_DAY}:{_TIME}-{_DAY}:{_TIME}", re.IGNORECASE)
_SNAPSHOT = re.compile(f"{_TIME}-{_TIME}")
_CONFLICTS = (
    ("numCacheClusters", "numNodeGroups"),
    ("numCacheClusters", "replicasPerNodeGroup"),
    ("authToken", "userGroupIds"),
    ("authToken", "authTokenWo"),
)
_PATTERNS = {
    "replicationGroupId": (_ID, "letters, digits and single hyphens, starting with a letter"),
    "maintenanceWindow": (_MAINTENANCE, "ddd:hh:mm-ddd:hh:mm"),
    "snapshotWindow": (_SNAPSHOT, "hh:mm-hh:mm"),
}


def check_replication_group(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Problems as (property, reason); values that are not known yet are not judged."""
    known = {name: value for name, value in given.items() if not has_unknown(value)}
    found = [
        (first, f"{first} and {second} exclude each other")
        for first, second in _CONFLICTS
        if given.get(first) is not None and given.get(second) is not None
    ]
    for name, (pattern, shape) in _PATTERNS.items():
        if name in known and not pattern.fullmatch(str(known[name])):
            found.append((name, f"{name} must be {shape}, got {known[name]!r}"))
    if len(str(known.get("replicationGroupId", ""))) > 40:
        found.append(("replicationGroupId", "replicationGroupId has at most 40 characters"))
    if int(known.get("snapshotRetentionLimit", 0)) > 35:
        found.append(("snapshotRetentionLimit", "snapshotRetentionLimit is at most 35 days"))
    return found + _failover(known, set(given) - set(known)) + _token(known, given)


def _failover(known: Mapping[str, Any], unknown: set[str]) -> list[tuple[str, str]]:
    failover = known.get("automaticFailoverEnabled")
    if known.get("multiAzEnabled") and not failover and "automaticFailoverEnabled" not in unknown:
        return [("multiAzEnabled", "multiAzEnabled needs automaticFailoverEnabled")]
    if failover and int(known.get("numCacheClusters", 2)) < 2:
        return [("numCacheClusters", "automaticFailoverEnabled needs numCacheClusters of at least 2")]
    return []


def _token(known: Mapping[str, Any], given: Mapping[str, Any]) -> list[tuple[str, str]]:
    token = known.get("authToken")
    if token is not None and (not 16 <= len(token) <= 128 or set(token) & set('@"/')):
        return [("authToken", 'authToken must have 16 to 128 characters and none of @ " /')]
    strategy = known.get("authTokenUpdateStrategy")
    has_token = given.get("authToken") is not None or given.get("authTokenWo") is not None
    if strategy in ("SET", "ROTATE") and not has_token:
        return [("authTokenUpdateStrategy", f"authTokenUpdateStrategy {strategy} needs authToken")]
    if strategy == "DELETE" and has_token:
        return [("authTokenUpdateStrategy", "authTokenUpdateStrategy DELETE must come without authToken")]
    return []
