"""The URNs of the program in every shape, as a file each: another URN is another resource, and a cache's data is lost.

`python -m tests.snapshots.urns` renews the files, on purpose.
"""

from __future__ import annotations

from typing import Any

from tests.snapshots.files import Files
from tests.test_program import run

FILES = Files.of(
    "tests.snapshots.urns",
    "the URNs of {name} changed: stacks that exist would lose what a `-` line names and make it anew. Give the "
    "resource an alias; or, when it is meant",
)
ZONES = ["eu-west-1a", "eu-west-1b"]
SHAPES: dict[str, dict[str, Any]] = {
    "dev": {},
    "prod": {"stack": "prod"},
    "smallest": {"cache": {"replicas": 0, "authentication": "none", "log_retention_days": 0}, "clients": {}},
    "valkey": {
        "cache": {
            "engine": "valkey",
            "parameters": {"maxmemory-policy": "allkeys-lru"},
            "final_snapshot": True,
        }
    },
    "memcached": {"cache": {"engine": "memcached", "node_count": 3, "parameters": {"idle_timeout": 60}}},
    "existing_groups": {"cache": {"subnet_group_name": "shop", "security_group_ids": ["sg-1"]}},
    "nat": {
        "network": {
            "availability_zones": ZONES,
            "nat_gateways": "ONE_PER_ZONE",
            "interface_endpoints": ["logs"],
            "flow_logs_retention_days": 365,
        }
    },
    "public_instances": {
        "network": {"availability_zones": ZONES, "public_subnets": {"eu-west-1c": "planned"}},
        "clients": {
            "instances": ["read", "write"],
            "public_address": True,
            "ingress": {"ssh": {"port": 22, "cidr_block": "203.0.113.0/24"}},
        },
    },
    "function_url": {"clients": {"function": {"url": "iam"}}},
    "alarms": {"alarms": {"emails": ["ops@example.com"]}},
    "web": {
        "network": {
            "availability_zones": ZONES,
            "public_subnets": {"eu-west-1a": "planned"},
            "interface_endpoints": ["ssm", "ssmmessages", "secretsmanager"],
        },
        "web": {"allowed_cidr_blocks": {"office": "203.0.113.0/24"}},
    },
    "memcached_alarms": {"cache": {"engine": "memcached"}, "alarms": {"enabled": True}, "clients": {}},
}
"""Name -> sections that differ from the default environment, and `stack` for another one."""


def urns(shape: str) -> str:
    """Return the URNs of a shape, one a line, sorted."""
    changes = dict(SHAPES[shape])
    found = run(changes.pop("stack", "dev"), **changes).resources
    return "".join(f"{urn}\n" for urn in sorted(found))


if __name__ == "__main__":
    FILES.renew(SHAPES, urns)
