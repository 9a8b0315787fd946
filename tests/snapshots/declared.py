"""What each component declares, as a file each: other properties update what stacks have made, or replace it.

`python -m tests.snapshots.declared` renews the files, on purpose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.components.complete import COMPLETE, VPC
from tests.components.shared import TOKEN
from tests.components.test_schema import COMPONENTS
from tests.recorder import STACK_TYPE, Recorded, deploy
from tests.snapshots.files import Files

FILES = Files.of(
    "tests.snapshots.declared",
    "what {name} declares changed: the next update changes what stacks have made by it, or replaces it, as a preview "
    "tells. When it is meant",
)
POLICY = '{"Version": "2012-10-17", "Statement": []}'
TAGS = {"team": "one"}
JOINED = {
    "security_group_ids": ["sg-1"],
    "policies": {"own": POLICY},
    "environment": {"CACHE_PARAMETER": "/a/b"},
}
MORE: dict[str, dict[str, Any]] = {
    "AlarmTopic": {"emails": ["ops@example.com"]},
    "CacheAccess": {"allowed_security_group_ids": {"b": "sg-9"}, "allowed_cidr_blocks": {"o": "10.9.0.0/24"}},
    "CacheAlarms": {"node_type": "cache.r6gd.xlarge", "emails": ["ops@example.com"]},
    "ClientFunction": {**JOINED, "url": "iam"},
    "ClientInstances": {
        **JOINED,
        "instances": ["app"],
        "ingress": {"ssh": {"port": 22, "cidr_block": "10.9.0.0/24"}},
    },
    "Database": {"final_snapshot": True, "deletion_protection": True},
    "EndpointParameter": {"reader_host": "replica.cache", "auth_token": TOKEN},
    "ExistingNetwork": {"private_subnet_ids": {"eu-west-1a": f"subnet-eu-west-1a-{VPC}"}},
    "InternetAccess": {"nat_zones": ["eu-west-1a"]},
    "MemcachedCache": {"parameters": {"idle_timeout": 60}, "deletion_protection": True},
    "Network": {"nat_gateways": "SINGLE", "interface_endpoints": ["ssm"], "flow_logs_retention_days": 7},
    "RedisCache": {"parameters": {"timeout": 60}, "deletion_protection": True},
    "WebServer": {"allowed_cidr_blocks": {"office": "203.0.113.0/24"}, **JOINED},
}
"""What is said besides the smallest arguments, so that every kind of resource is there."""

# What follows the client's source and libraries, or is proved whole elsewhere.
_LEFT_OUT = {"code", "source", "sourceCodeHash", "userData", "dashboardBody"}
_HASH = re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{16})\b")


class _Plain(yaml.SafeDumper):
    """Writes what is there twice twice, without a reference to the first."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def declared(component: str) -> str:
    """Return what the component registers, with tags: its resources by type and name."""
    made = {each.__name__: each for each in COMPONENTS}[component]
    args = {**COMPLETE[component], **MORE.get(component, {}), "tags": TAGS}
    run = deploy(lambda: made("it", args))
    names = {urn: f"{item.type} {item.name}" for urn, item in run.resources.items()}
    found = {
        names[urn]: _shown(item, names) for urn, item in run.resources.items() if item.type != STACK_TYPE
    }
    return yaml.dump(found, Dumper=_Plain, width=110, allow_unicode=True)


def _shown(item: Recorded, names: Mapping[str, str]) -> dict[str, Any]:
    shown = {
        "parent": names[item.parent],
        "inputs": _known(item.inputs, item.secrets) if item.custom else {},
        "secrets": sorted(item.secrets),
        "outputs": _known(item.outputs, item.secret_outputs),
        "secret_outputs": sorted(item.secret_outputs),
        "protect": item.protect,
        "ignore_changes": list(item.ignore_changes),
        "delete_before_replace": item.delete_before_replace,
        "dependencies": sorted(names[urn] for urn in item.dependencies),
    }
    return {key: value for key, value in shown.items() if value}


def _known(values: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    """Return the values without those that are secret or that another source of the client changes."""
    return {key: "..." if key in _LEFT_OUT | secrets else _readable(value) for key, value in values.items()}


def _readable(value: Any) -> Any:
    """Return policies as what they say, and hashes as no more than hashes."""
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, str):
        return _readable(json.loads(value)) if value.startswith("{") else _HASH.sub("HASH", value)
    return value


if __name__ == "__main__":
    FILES.renew(COMPLETE, declared)
