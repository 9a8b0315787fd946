"""Stack configurations of every kind: right, nearly right and wild, as edits of a base that is right."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from components.alarm_arguments import AlarmThresholds, CacheAlarmsArgs
from components.client_function import ClientFunctionArgs
from components.database import DatabaseArgs
from components.endpoint_parameter import EndpointParameterArgs
from components.existing_network import ExistingNetworkArgs
from components.instance_arguments import ClientInstancesArgs
from components.memcached_arguments import MemcachedCacheArgs
from components.network_arguments import NetworkArgs
from components.redis_arguments import RedisCacheArgs
from components.web_server import WebServerArgs
from tests.components.shared import TOKEN

PROJECT = "aws-cache"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:events"
A, B, C = "eu-west-1a", "eu-west-1b", "eu-west-1c"

ARGUMENTS = {
    "network": (NetworkArgs, ExistingNetworkArgs),
    "cache": (RedisCacheArgs, MemcachedCacheArgs),
    "endpoint": (EndpointParameterArgs,),
    "clients": (ClientInstancesArgs,),
    "clients.function": (ClientFunctionArgs,),
    "alarms": (CacheAlarmsArgs,),
    "alarms.thresholds": (AlarmThresholds,),
    "web": (WebServerArgs,),
    "web.database": (DatabaseArgs,),
    "tags": (),
}
"""Section -> dictionaries of arguments that its keys come from."""

_DEV = {
    "network": {"availability_zones": [A, B]},
    "cache": {"engine": "redis", "replicas": 1},
    "clients": {"instances": ["app"], "function": True},
    "tags": {"environment": "dev"},
}
BASES: list[dict[str, Any]] = [
    _DEV,
    {**_DEV, "cache": {}, "clients": {}},
    {**_DEV, "cache": {"engine": "valkey", "replicas": 0}},
    {**_DEV, "cache": {"engine": "memcached", "node_count": 3}},
    {**_DEV, "network": {"vpc_id": "vpc-1", "private_subnet_ids": {A: "subnet-a", B: "subnet-b"}}},
    {**_DEV, "alarms": {"emails": ["ops@example.com"]}},
    {
        **_DEV,
        "network": {
            "availability_zones": [A, B],
            "public_subnets": {A: "planned"},
            "interface_endpoints": ["ssm", "ssmmessages", "secretsmanager"],
        },
        "web": {"allowed_cidr_blocks": {"office": "203.0.113.0/24"}},
    },
    {**_DEV, "network": {"availability_zones": [A, B, C], "nat_gateways": "ONE_PER_ZONE"}},
    {**_DEV, "clients": {"instances": ["read", "write"], "function": {"url": "iam"}}},
]

# What is right by itself; together with the rest of a configuration it may still be wrong.
RIGHT: dict[str, dict[str, list[Any]]] = {
    "network": {
        "availability_zones": [[A], [A, B], [C, A, B]],
        "cidr_block": ["10.20.0.0/16", "172.16.0.0/20", "10.0.0.0/24"],
        "private_subnets": [{A: "10.20.101.0/24", B: "10.20.102.0/24"}, {A: "planned", C: "planned"}],
        "public_subnets": [{C: "planned"}, {A: "planned"}, {B: "10.20.201.0/24"}],
        "nat_gateways": ["NONE", "SINGLE", "ONE_PER_ZONE"],
        "interface_endpoints": [[], ["ssm"], ["ssm", "ssmmessages", "logs", "ecr.api"]],
        "s3_gateway_endpoint": [True, False],
        "flow_logs_retention_days": [0, 1, 365],
    },
    "cache": {
        "engine": ["redis", "valkey", "memcached"],
        "engine_version": ["7.1", "7.0", "6.2", "6.x", "5.0.6", "8.2", "7.2", "1.6.22", "1.5.16", "1.4.34"],
        "replicas": [0, 1, 2, 5],
        "node_count": [1, 2, 40, 60],
        "node_type": ["cache.t4g.micro", "cache.r7g.large", "cache.r6gd.xlarge", "cache.m5.large"],
        "port": [6379, 6380, 11211, 1150, 65535],
        "preferred_availability_zones": [[A, B], [B, A], [A, B, A], [A]],
        "authentication": ["token", "none"],
        "auth_token": [TOKEN, "a" * 16, "b" * 128],
        "auth_token_update_strategy": ["ROTATE", "SET"],
        "transit_encryption": [True, False],
        "transit_encryption_mode": ["preferred", "required"],
        "at_rest_encryption": [True, False],
        "kms_key_arn": [KEY_ARN],
        "parameters": [
            {"maxmemory-policy": "allkeys-lru"},
            {"timeout": 300, "activedefrag": True},
            {"idle_timeout": 60},
            {"zzzz": "of tomorrow"},
            {},
        ],
        "parameter_group_name": ["default.redis7", "shop-parameters", "default.memcached1.6"],
        "subnet_group_name": ["shop"],
        "security_group_ids": [["sg-9"], ["sg-1", "sg-2"]],
        "snapshot_retention_days": [0, 1, 35],
        "snapshot_window": ["03:00-04:00", "23:30-00:30"],
        "maintenance_window": ["sun:05:00-sun:06:00", "sun:23:30-mon:01:00"],
        "final_snapshot": [True, False],
        "restore_snapshot_name": ["nightly", "automatic.shop-2026-01-01-03-00"],
        "restore_snapshot_arns": [["arn:aws:s3:::backups/shop.rdb"]],
        "log_retention_days": [0, 7, 90],
        "notification_topic_arn": [TOPIC_ARN],
        "network_type": ["ipv4", "dual_stack"],
        "ip_discovery": ["ipv4", "ipv6"],
        "auto_minor_version_upgrade": [True, False],
        "apply_immediately": [True, False],
        "deletion_protection": [True, False],
    },
    "endpoint": {
        "parameter_path": ["/app-10", "/a/b/c"],
        "key_alias": ["app-10", "a/b_c"],
        "key_deletion_window_days": [7, 30],
    },
    "clients": {
        "availability_zones": [[A], [B, A], [C]],
        "files": [{"/var/program.py": "__main__.py"}, {}],
        "instances": [["app"], ["read", "write"], ["a" * 32], ["a-", "a--b"], []],
        "instance_type": ["t4g.micro", "m7i.large", "m7i-flex.large", "u-6tb1.metal"],
        "packages": [["htop"], [], ["python3.12", "perl(Foo::Bar)"], ["p" * 100] * 40],
        "detailed_monitoring": [True, False],
        "key_name": ["mine"],
        "public_address": [True, False],
        "ingress": [
            {"web": {"port": 80, "cidr_block": "203.0.113.0/24"}},
            {"x": {"port": 1, "security_group_id": "sg-1"}},
        ],
        "function": [True, False, {}],
    },
    "clients.function": {
        "availability_zones": [[A], [B]],
        "handler": ["mine.handler"],
        "url": ["none", "iam", "public"],
        "allow_public_url": [True, False],
        "timeout_seconds": [1, 60, 900],
        "memory_mib": [128, 10240],
    },
    "alarms": {
        "enabled": [True, False],
        "emails": [["ops@example.com"], []],
        "topic_arn": [TOPIC_ARN],
        "without": [["evictions_per_minute"], ["cpu_credits", "swap_bytes"]],
        "thresholds": [{"cpu_percent": 50}, {}],
    },
    "alarms.thresholds": {"cpu_percent": [1, 99.5], "connections": [1000], "evictions_per_minute": [0]},
    "web": {
        "enabled": [True, False],
        "allowed_cidr_blocks": [{}, {"all": "0.0.0.0/0"}],
        "port": [1024, 8008, 65535],
        "ttl_seconds": [1, 86400],
        "row_limit": [1, 500],
        "public_address": [True, False],
        "database": [{"storage_gib": 20}, {}],
    },
    "web.database": {
        "engine_version": ["8.0", "8.4.5"],
        "instance_class": ["db.t4g.micro", "db.m7g.large"],
        "database_name": ["demo"],
        "username": ["demo"],
        "backup_retention_days": [0, 35],
    },
    "tags": {"team": ["cache", ""], "größe": ["klein"], "a:b/c": ["x y"]},
}

# Near misses: of a right word, of a right shape, of a limit.
NEAR: dict[str, list[Any]] = {
    "availability_zones": [[A, A], ["eu-west-1"], "eu-west-1a", [A, "us-east-1a"], [1], [A] * 7, [f"{A} "]],
    "cidr_block": ["10.20.0.0/8", "10.20.0.1/16", "10.20.0.0", "::/0", "10.0.0.0/28", "300.1.1.1/16"],
    "private_subnets": [{A: "10.99.0.0/24"}, {A: "Planned"}, {A: "10.20.0.0/30"}, {"west": "planned"}, {A: 10.2}],
    "public_subnets": [{A: "10.20.0.0/24"}, {"us-east-1a": "planned"}, {A: None}, {"": "planned"}],
    "nat_gateways": ["single", "NONE ", "1"],
    "interface_endpoints": [["s3"], ["ssm", "ssm"], ["com.amazonaws.eu-west-1.ssm"], ["SSM"], [None], "ssm"],
    "engine": ["Redis", "memcache", "valkey ", "redis\n", "mysql"],
    "engine_version": ["7.10", "7", 7.1, "5.0.0", "1.6", "1.6.99", "99.9", "6.x.x", "7.1\n", "\u0667.\u0661", "-1.0"],
    "node_type": ["t4g.micro", "cache.t4g.mirco", "cache.m1.small", "cache.x9z.large", "cache..", "cache.t4g.micro\n"],
    "port": [1149, 8005, 65536, 6379.5, "6379"],
    "preferred_availability_zones": [["eu-west-1z"], [A] * 60, ["", A]],
    "auth_token": ["short", "with spaces in it, long", "@" * 16, "c" * 129, {"secure": "v1:abc"}],
    "transit_encryption_mode": ["prefered", "disabled"],
    "kms_key_arn": ["alias/mine", f"{KEY_ARN}\n", "arn:aws:kms"],
    "parameters": [{"maxmemory-policy": "lru"}, {"timeout": "soon"}, {"timeout": [1]}, {"timeot": 1}, {"": 1}, [1]],
    "parameter_group_name": ["default.redis6.x", "a--b", "-a", "x" * 256, "default."],
    "subnet_group_name": ["a--b", "x" * 256, "ä"],
    "security_group_ids": [[""], [None], "sg-1", [["sg-1"]]],
    "snapshot_window": ["03:00-03:30", "3:00-4:00", "25:00-26:00", "05:00-06:00", "03:00-04:00\n"],
    "maintenance_window": ["sun:05:00-sun:05:30", "Sun:05:00-Sun:06:00", "sun:05:00-tue:06:00"],
    "restore_snapshot_name": ["a--b", "automatic."],
    "restore_snapshot_arns": [["s3://backups/shop.rdb"], ["arn:aws:s3:::a/b,c"], []],
    "notification_topic_arn": ["events", f"{TOPIC_ARN}\n"],
    "network_type": ["ipv6", "IPv4"],
    "parameter_path": ["/aws/x", "shop", "/", "/a b"],
    "key_alias": ["aws/x", "alias/x", "", "a b"],
    "files": [{"/var/program.py": "none.py"}, {"var": "__main__.py"}, {"/a/../b": "__main__.py"}, {"/": "x"}],
    "instances": [["App"], ["app", "app"], ["a" * 33], [""], ["app\n"], "app", [True]],
    "instance_type": ["cache.t4g.micro", "t4g", "t4g.micro\n"],
    "packages": [["p" * 20_000], ["a b"], ["-y"], ["$(reboot)"], ["@X@"]],
    "ingress": [
        {"web": {}},
        {"web": {"port": 0}},
        {"web": {"port": 22, "cidr_block": "0.0.0.0/0"}},
        {"web": {"port": 22, "cidr_block": "nonsense"}},
        {"web": {"port": 22.0, "cidr_block": "10.0.0.0/8"}},
        {"web": {"port": 1, "cidr_block": None, "security_group_id": None}},
        {"web": []},
        {"": {"port": 1, "security_group_id": "sg-1"}},
    ],
    "function": ["true", 1, {"urll": "iam"}],
    "url": ["IAM", "open"],
    "emails": [["ops"], ["a@b.c", "a@b.c"], "ops@example.com"],
    "topic_arn": ["events", TOPIC_ARN.replace("west", "east")],
    "without": [["cpu"], ["all"]],
    "thresholds": [{"cpu": 1}, {"cpu_percent": 0}, {"cpu_percent": "90"}, []],
    "private_subnet_ids": [{A: "subnet"}, {"west": "subnet-a"}, {}],
    "vpc_id": ["vpc", ""],
}  # fmt: skip

WILD: list[Any] = [
    *(None, True, False, 0, -1, 7, 10**6, 2**63, 10**400, 0.5, 1e300, float("nan"), float("inf"), -0.0),
    *("", " ", "x", "none", "planned", "null", "{}", "[1, {}]", "é漢😀", "\x00", "\n", "\ud800", "%s{0}", "x" * 5000),
    *("0.0.0.0/0", "[" * 5000, "${aws:region}", "'; drop", "true", "12"),
    *([], [None], [[]], [""], ["x"] * 300, [1, "two", {}], [{"a": [{"b": [None]}]}], list(range(40))),
    *({}, {"": ""}, {"a": None}, {"a": {"a": {"a": {"a": 1}}}}, {"aws:a": "b"}, {"é\x00": ["é"]}),
    {"x" * 300: "y" * 300},
    {str(number): number for number in range(60)},
]  # fmt: skip


class Edit(NamedTuple):
    """A change of a configuration: a section's key, or the whole section where the key is empty."""

    section: str
    key: str
    value: Any


def right_edits() -> list[Edit]:
    """Return every key with each value that is right by itself."""
    return [
        Edit(section, key, value)
        for section, keys in RIGHT.items()
        for key, values in keys.items()
        for value in values
    ]


def wrong_edits() -> list[Edit]:
    """Return every key with its near misses and with wild values, misspelt keys, and wild sections."""
    edits = []
    for section, types in ARGUMENTS.items():
        keys = {key for one in types for key in one.__annotations__} | {*RIGHT[section]}
        for key in sorted(keys):
            edits += [Edit(section, key, value) for value in [*NEAR.get(key, ()), *WILD]]
            spelled = [key[:-1], key.upper(), f"{key}s", key.replace("_", "-"), key[1::-1] + key[2:]]
            edits += [Edit(section, word, RIGHT[section].get(key, ["x"])[0]) for word in spelled]
        edits += [
            Edit(section, word, value) for word in ("a\nb", "é", "x" * 300, "0", "a.b") for value in WILD[:6]
        ]
        edits += [Edit(section, "", value) for value in WILD]
    return edits + [Edit(word, "", value) for word in ("netwrok", "quux", "alarm s") for value in WILD[:9]]


def configuration(base: Mapping[str, Any], edits: Iterable[Edit], as_text: bool = False) -> dict[str, Any]:
    """Return the base with the edits, as settings.check takes it; as_text: in JSON, as the engine gives them."""
    sections = copy.deepcopy(dict(base))
    for section, key, value in edits:
        outer, _, inner = section.partition(".")
        if not key:
            sections[outer] = copy.deepcopy(value)
            continue
        holder = sections.setdefault(outer, {})
        if inner and isinstance(holder, dict) and not isinstance(holder.get(inner), dict):
            holder[inner] = {}
        holder = holder[inner] if inner and isinstance(holder, dict) else holder
        if isinstance(holder, dict):
            holder[key] = copy.deepcopy(value)
    return {
        "aws:region": "eu-west-1",
        **{f"{PROJECT}:{name}": json.dumps(item) if as_text else item for name, item in sections.items()},
    }
