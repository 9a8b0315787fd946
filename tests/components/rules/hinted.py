"""What a preview tells of a setting."""

from __future__ import annotations

from .case import cases

_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

HINTED = [
    *cases(
        "RedisCache",
        [
            (
                "R60 R204 R205",
                {"replicas": 2},
                "replicas",
                "billed by the hour: 3 nodes of cache.t4g.micro (the primary and 2 replicas); traffic between zones "
                "by volume (R204); burstable: under steady load its CPU credits run out (R60)",
            ),
            (
                "R95 R98 R131 R133 R167",
                {"kms_key_arn": _KEY, "restore_snapshot_name": "shop"},
                "kms_key_arn",
                "fixed once created: a change of port, at_rest_encryption, network_type, kms_key_arn, "
                "restore_snapshot_name, engine_version downwards or node_type to one with data tiering replaces the "
                "cache (and what it holds)",
            ),
            *(
                (
                    "R156",
                    {key: value},
                    key,
                    f"{key} fills a new cache only, and is to stay: taking it away later replaces the cache too, by an "
                    "empty one (R156)",
                )
                for key, value in (
                    ("restore_snapshot_name", "shop"),
                    ("restore_snapshot_arns", ["arn:aws:s3:::backups/shop.rdb"]),
                )
            ),
            (
                "R42 R167",
                {"engine": "valkey", "deletion_protection": True},
                "engine",
                "fixed once created: a change of port, at_rest_encryption, network_type, engine_version downwards, "
                "engine back to redis or node_type to one with data tiering replaces the cache (refused by "
                "deletion_protection)",
            ),
            (
                "R102",
                {"engine_version": "6.2"},
                "engine_version",
                "fixed once created: a change of port, at_rest_encryption, network_type, transit_encryption, "
                "engine_version downwards or node_type to one with data tiering replaces the cache (and what it holds)",
            ),
            (
                "R58 R167",
                {"node_type": "cache.r6gd.xlarge"},
                "node_type",
                "fixed once created: a change of port, at_rest_encryption, network_type, engine_version downwards or "
                "node_type to one without data tiering replaces the cache (and what it holds)",
            ),
            (
                "R166",
                {"apply_immediately": False, "maintenance_window": "sun:05:00-sun:06:00"},
                "apply_immediately",
                "apply_immediately is false: changes of engine, engine_version, node_type and of the parameter group "
                "wait for the maintenance window (sun:05:00-sun:06:00)",
            ),
            (
                "R157 R159",
                {"snapshot_retention_days": 0},
                "final_snapshot",
                "neither final_snapshot nor deletion_protection: destroying it loses what it holds (R157)",
            ),
            (
                "R46",
                {"engine": "valkey"},
                "engine_version",
                "valkey 8.2: no end of AWS's support was announced on 2026-11-21",
            ),
        ],
    ),
    *cases(
        "MemcachedCache",
        [
            (
                "R65 R90 R103",
                {"subnet_ids": None, "subnet_group_name": "shop"},
                "node_type",
                "fixed once created: a change of port, node_type, transit_encryption, network_type, "
                "subnet_group_name or engine_version downwards replaces the cache, which is then empty; fewer nodes "
                "lose the keys of the last ones",
            ),
            (
                "R166",
                {"apply_immediately": False},
                "apply_immediately",
                "apply_immediately is false: changes of engine_version, node_count and of the parameter group wait "
                "for the maintenance window (which AWS picks)",
            ),
        ],
    ),
    *cases(
        "Network",
        [
            (
                "R204",
                {},
                "interface_endpoints",
                "billed by the hour: 2 interface endpoints (ssm, ssmmessages) in 2 zones, each per zone; what passes "
                "through them by volume besides (R204)",
            ),
            (
                "R204",
                {"nat_gateways": "SINGLE", "interface_endpoints": []},
                "nat_gateways",
                "billed by the hour: 1 NAT gateway with a public IPv4 address of its own; what passes through them by "
                "volume besides (R204)",
            ),
            (
                "R204",
                {"nat_gateways": "ONE_PER_ZONE"},
                "nat_gateways",
                "billed by the hour: 2 NAT gateways with a public IPv4 address each; what passes through them by "
                "volume besides (R204)",
            ),
        ],
    ),
    *cases(
        "Database",
        [
            (
                "",
                {},
                "storage_gib",
                "billed by the hour: 1 database instance of db.t4g.micro, and by the month 20 GiB of storage each",
            ),
            (
                "",
                {"multi_az": True, "storage_gib": 100},
                "multi_az",
                "billed by the hour: 2 database instances of db.t4g.micro (one a standby), and by the month 100 GiB "
                "of storage each",
            ),
        ],
    ),
    *cases(
        "ClientInstances",
        [
            (
                "",
                {"instances": ["a", "b"], "public_address": True},
                "public_address",
                "billed by the hour: 2 instances of t4g.micro, each with a public IPv4 address",
            ),
        ],
    ),
]
