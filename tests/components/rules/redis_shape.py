"""What a Redis or Valkey cache may not be: engine, version, nodes, place, network type."""

from __future__ import annotations

from components.redis_arguments import REFUSED as NOT_TAKEN

from .case import cases

ONE_ZONE = {"eu-west-1a": "subnet-a"}
LOCAL = {"us-west-2-lax-1a": "subnet-a", "us-west-2-lax-1b": "subnet-b"}

REFUSED = cases(
    "RedisCache",
    [
        (
            "R29",
            {"engine": "memcached"},
            "engine",
            "Memcached has no replication: use the MemcachedCache component (R29)",
        ),
        (
            "R27",
            {"engine": "reddis"},
            "engine",
            "must be redis or valkey, got 'reddis'; did you mean redis?",
        ),
        ("R27", {"engine": "Redis"}, "engine", "must be redis or valkey, got 'Redis'; did you mean redis?"),
        (
            "R31",
            {"engine_version": "7.x"},
            "engine_version",
            "'7.x' is not how redis versions are written here: 7.1, or 6.x for the latest 6",
        ),
        ("", {"engine_version": 7.1}, "engine_version", "must be text, got 7.1; put it in quotes"),
        ("R74", {"replicas": 9}, "replicas", "must be 0-5, got 9"),
        ("R74", {"replicas": -1}, "replicas", "must be 0-5, got -1"),
        ("", {"replicas": "two"}, "replicas", "must be a whole number, got 'two'"),
        (
            "R76",
            {"subnet_ids": ONE_ZONE},
            "replicas",
            "1 of them need subnets in two zones, got eu-west-1a only; add a zone, or say replicas: 0 (R76)",
        ),
        (
            "R52",
            {"node_type": "cache.t4g.mikro"},
            "node_type",
            "'cache.t4g.mikro' is no size of t4g: micro, small, medium",
        ),
        (
            "R56",
            {"engine_version": "4.0.10"},
            "node_type",
            "'cache.t4g.micro' needs redis 5.0.6 or later, got 4.0.10",
        ),
        ("R131", {"port": 8005}, "port", "must be 1150-8004 or 8006-65535, got 8005 (R131)"),
        (
            "R70",
            {"preferred_availability_zones": ["eu-west-1a"]},
            "preferred_availability_zones",
            "must be one zone per node: 2 of them, got 1",
        ),
        (
            "R76",
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1a"]},
            "preferred_availability_zones",
            "puts every node into eu-west-1a; replicas need two zones (R76)",
        ),
        (
            "R71",
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1c"]},
            "preferred_availability_zones[1]",
            "'eu-west-1c' has no subnet; zones with one: eu-west-1a, eu-west-1b",
        ),
        (
            "R126 R128",
            {"subnet_ids": None},
            "subnet_ids",
            "is required (or subnet_group_name, to use what exists)",
        ),
        ("R129", {"vpc_id": None}, "vpc_id", "is required (or security_group_ids, to use what exists)"),
        (
            "",
            {"subnet_group_name": "shop"},
            "subnet_group_name",
            "give either subnet_ids or an existing subnet_group_name",
        ),
        ("R126", {"subnet_ids": {}}, "subnet_ids", "must be 1-20 subnets, got 0 (R126)"),
        (
            "R126",
            {"subnet_ids": {f"z{number}": f"subnet-{number}" for number in range(21)}},
            "subnet_ids",
            "must be 1-20 subnets, got 21 (R126)",
        ),
        (
            "R129",
            {"security_group_ids": []},
            "security_group_ids",
            "must hold at least one: an empty list means the VPC's default group (R129)",
        ),
        (
            "R133",
            {"network_type": "ipv5"},
            "network_type",
            "must be ipv4, ipv6 or dual_stack, got 'ipv5'; did you mean ipv6?",
        ),
        (
            "R49",
            {"network_type": "ipv6", "engine_version": "6.0"},
            "network_type",
            "needs redis 6.2 or later, got 6.0",
        ),
        (
            "R62",
            {"network_type": "ipv6", "node_type": "cache.m4.large"},
            "network_type",
            "IPv6 needs a newer generation than cache.m4.large (R62)",
        ),
        ("R133", {"ip_discovery": "both"}, "ip_discovery", "must be ipv4 or ipv6, got 'both'"),
        ("", {"replica": 1}, "replica", "unknown; did you mean replicas?"),
        (
            "R30 R32",
            {"engine_version": "8.0"},
            "engine_version",
            "'8.0' is not offered for redis; offered: 4.0.10, 5.0.6, 6.0, 6.2, 7.0 or 7.1",
        ),
        (
            "R31",
            {"engine": "valkey", "engine_version": "8.1.0"},
            "engine_version",
            "'8.1.0' is not how valkey versions are written here: 8.2",
        ),
        (
            "R32",
            {"engine": "valkey", "engine_version": "10.0"},
            "engine_version",
            "'10.0' is not offered for valkey; offered: 7.2, 8.0, 8.1, 8.2, 9.0 or 9.1",
        ),
        (
            "R32",
            {"engine_version": "1.6.22"},
            "engine_version",
            "'1.6.22' is not how redis versions are written here: 7.1, or 6.x for the latest 6",
        ),
        ("R47", {"engine_version": "5.0.3"}, "engine_version", "'5.0.3' has been withdrawn by AWS; use 7.1"),
        ("R47", {"engine_version": "3.2.6"}, "engine_version", "'3.2.6' has been withdrawn by AWS; use 7.1"),
        (
            "R50",
            {"node_type": "t4g.micro"},
            "node_type",
            "'t4g.micro' must look like cache.t4g.micro; did you mean cache.t4g.micro?",
        ),
        (
            "R50",
            {"node_type": "db.t3.micro"},
            "node_type",
            "'db.t3.micro' must look like cache.t4g.micro; did you mean cache.t3.micro?",
        ),
        (
            "R54",
            {"node_type": "cache.t2.micro"},
            "node_type",
            "'cache.t2.micro' takes no new caches; use cache.t4g",
        ),
        (
            "R55",
            {"node_type": "cache.m3.large"},
            "node_type",
            "'cache.m3.large' takes no new caches; use cache.m7g",
        ),
        (
            "R56",
            {"node_type": "cache.r6gd.xlarge", "engine_version": "6.0"},
            "node_type",
            "'cache.r6gd.xlarge' needs redis 6.2 or later, got 6.0",
        ),
        (
            "R63",
            {"subnet_ids": LOCAL},
            "node_type",
            "'cache.t4g.micro' does not exist in the Local Zone us-west-2-lax-1a; use one of cache.m5, "
            "cache.r5, cache.t3 "
            "(R63)",
        ),
        (
            "R63",
            {
                "subnet_ids": {"us-west-2a": "subnet-0", **LOCAL},
                "preferred_availability_zones": ["us-west-2a", "us-west-2-lax-1b"],
            },
            "node_type",
            "'cache.t4g.micro' does not exist in the Local Zone us-west-2-lax-1b; use one of cache.m5, "
            "cache.r5, cache.t3 "
            "(R63)",
        ),
        (
            "R126",
            {"subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-a"}},
            "subnet_ids.eu-west-1b",
            "'subnet-a' is the subnet of eu-west-1a already; a subnet has one zone (R126)",
        ),
        (
            "R15",
            {"subnet_ids": None, "subnet_group_name": "shop_1"},
            "subnet_group_name",
            "'shop_1' must be 1-255 letters, digits and hyphens",
        ),
    ],
)

_RULES_OF_WHAT_IS_NOT_TAKEN = {
    "num_node_groups": "R78 R79 R85",
    "replicas_per_node_group": "R78 R79",
    "node_group_configurations": "R78 R82 R83 R84",
    "cluster_mode": "R79 R86",
    "shards": "R79",
    "serverless": "R20 R113 R172 R173",
    "global_replication_group_id": "R92",
    "global_datastore": "R92",
    "user_group_ids": "R112 R114 R115 R116 R117",
    "durability": "R93",
    "auth_token_wo": "R109",
    "multi_az_enabled": "R75 R76 R77",
    "automatic_failover_enabled": "R75 R77",
    "data_tiering_enabled": "R57",
    "security_group_names": "R130",
    "replication_group_id": "R7 R23",
}
NAMED = cases(
    "RedisCache",
    [
        (_RULES_OF_WHAT_IS_NOT_TAKEN.get(argument, ""), {argument: True}, argument, reason)
        for argument, reason in NOT_TAKEN.items()
    ],
)
