"""The smallest arguments that are complete and right, for every component there is."""

from __future__ import annotations

from typing import Any

VPC, ZONES = "vpc-1", {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}
PLACE = {"vpc_id": VPC, "subnet_ids": ZONES}

COMPLETE: dict[str, dict[str, Any]] = {
    "AlarmTopic": {},
    "CacheAccess": {"vpc_id": VPC, "ports": [6379]},
    "CacheAlarms": {
        "engine": "redis",
        "node_type": "cache.t4g.micro",
        "node_count": 1,
        "member_ids": ["cache-001"],
    },
    "ClientBundle": {},
    "ClientFunction": PLACE,
    "ClientInstances": {**PLACE, "instances": ["i" * 32]},
    "Database": PLACE,
    "EndpointParameter": {"engine": "redis", "host": "master.cache", "port": 6379, "tls": True},
    "ExistingNetwork": {"vpc_id": VPC, "private_subnet_ids": ZONES},
    "FlowLogs": {"vpc_id": VPC, "retention_days": 7},
    "InternetAccess": {"vpc_id": VPC, "public_subnets": {"eu-west-1a": "10.20.8.0/24"}},
    "MemcachedCache": PLACE,
    "Network": {"availability_zones": list(ZONES)},
    "RedisCache": PLACE,
    "WebServer": {**PLACE, "database": {"host": "db", "port": 3306, "name": "demo", "secret": "demo"}},
}
