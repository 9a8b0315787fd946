"""What a Memcached cache may not be told."""

from __future__ import annotations

from components.memcached_arguments import REFUSED as NOT_TAKEN

from .case import cases

REFUSED = cases(
    "MemcachedCache",
    [
        ("R68", {"node_count": 0}, "node_count", "must be 1-60, got 0"),
        ("R68", {"node_count": 61}, "node_count", "must be 1-60, got 61"),
        ("", {"node_count": "two"}, "node_count", "must be a whole number, got 'two'"),
        (
            "R31",
            {"engine_version": "1.6"},
            "engine_version",
            "'1.6' is not how memcached versions are written here: 1.6.22",
        ),
        (
            "R32",
            {"engine_version": "1.6.13"},
            "engine_version",
            "'1.6.13' is not offered for memcached; offered: 1.4.5, 1.4.14, 1.4.24, 1.4.33, 1.4.34, "
            "1.5.10, 1.5.16, "
            "1.6.6, 1.6.12, 1.6.17 or 1.6.22",
        ),
        (
            "R103",
            {"engine_version": "1.6.6"},
            "transit_encryption",
            "Memcached 1.6.6 has no TLS; use 1.6.12 or later, or say transit_encryption: false (R103)",
        ),
        (
            "R56",
            {"engine_version": "1.5.10", "transit_encryption": False},
            "node_type",
            "'cache.t4g.micro' needs memcached 1.5.16 or later, got 1.5.10",
        ),
        (
            "R49",
            {"engine_version": "1.5.16", "transit_encryption": False, "network_type": "ipv6"},
            "network_type",
            "needs memcached 1.6.6 or later, got 1.5.16",
        ),
        (
            "R62",
            {"node_type": "cache.m4.large", "network_type": "ipv6"},
            "network_type",
            "IPv6 needs a newer generation than cache.m4.large (R62)",
        ),
        (
            "R54",
            {"node_type": "cache.t2.micro"},
            "node_type",
            "'cache.t2.micro' takes no new caches; use cache.t4g",
        ),
        (
            "R70",
            {"preferred_availability_zones": ["eu-west-1a"]},
            "preferred_availability_zones",
            "must be one zone per node: 2 of them, got 1",
        ),
        (
            "R71",
            {"preferred_availability_zones": ["eu-west-1a", "eu-west-1c"]},
            "preferred_availability_zones[1]",
            "'eu-west-1c' has no subnet; zones with one: eu-west-1a, eu-west-1b",
        ),
        ("R131", {"port": 8005}, "port", "must be 1150-8004 or 8006-65535, got 8005 (R131)"),
        (
            "R149",
            {"maintenance_window": "sun:05:00-sun:05:30"},
            "maintenance_window",
            "'sun:05:00-sun:05:30' is 30 minutes; at least 60",
        ),
        (
            "R165",
            {"notification_topic_arn": "events"},
            "notification_topic_arn",
            "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'events' (R165)",
        ),
        ("R133", {"ip_discovery": "both"}, "ip_discovery", "must be ipv4 or ipv6, got 'both'"),
        (
            "R171",
            {"parameters": {"max_item_sice": 1024}},
            "parameters.max_item_sice",
            "unknown in family memcached1.6; did you mean max_item_size?",
        ),
        (
            "R38",
            {"parameter_group_name": "default.memcached1.5"},
            "parameter_group_name",
            "'default.memcached1.5' does not fit memcached 1.6.22; use default.memcached1.6 (R38)",
        ),
        ("R129", {"vpc_id": None}, "vpc_id", "is required (or security_group_ids, to use what exists)"),
        (
            "R126 R128",
            {"subnet_ids": None},
            "subnet_ids",
            "is required (or subnet_group_name, to use what exists)",
        ),
        (
            "R129",
            {"security_group_ids": []},
            "security_group_ids",
            "must hold at least one: an empty list means the VPC's default group (R129)",
        ),
        ("", {"node_cuont": 2}, "node_cuont", "unknown; did you mean node_count?"),
        (
            "R50",
            {"node_type": "t3.micro"},
            "node_type",
            "'t3.micro' must look like cache.t4g.micro; did you mean cache.t3.micro?",
        ),
        (
            "R57 R58",
            {"node_type": "cache.r6gd.xlarge"},
            "node_type",
            "'cache.r6gd.xlarge' keeps data on disks too, which Memcached does not know; use cache.r6g or cache.r7g "
            "(R58)",
        ),
        (
            "R52",
            {"node_type": "cache.r7g.micro"},
            "node_type",
            "'cache.r7g.micro' is no size of r7g: large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge",
        ),
        (
            "R63",
            {"subnet_ids": {"us-west-2-lax-1a": "subnet-a"}},
            "node_type",
            "'cache.t4g.micro' does not exist in the Local Zone us-west-2-lax-1a; use one of cache.m5, "
            "cache.r5, cache.t3 "
            "(R63)",
        ),
        (
            "R165",
            {"notification_topic_arn": "arn:aws:sns:us-east-1:123456789012:events"},
            "notification_topic_arn",
            "must be a topic of eu-west-1, where the cache stands, got one of us-east-1 (R165)",
        ),
        (
            "R133",
            {"network_type": "ipv5"},
            "network_type",
            "must be ipv4, ipv6 or dual_stack, got 'ipv5'; did you mean ipv6?",
        ),
        (
            "R171",
            {"parameters": {"max_item_size": "big"}},
            "parameters.max_item_size",
            "must be a whole number, got 'big'",
        ),
        ("R126", {"subnet_ids": {}}, "subnet_ids", "must be 1-20 subnets, got 0 (R126)"),
    ],
)

_RULES_OF_WHAT_IS_NOT_TAKEN = {
    "engine": "R28 R67",
    **dict.fromkeys(
        ("snapshot_retention_days", "snapshot_window", "final_snapshot", "restore_snapshot_name"), "R154"
    ),
    "restore_snapshot_arns": "R154",
    **dict.fromkeys(("authentication", "auth_token", "at_rest_encryption", "kms_key_arn"), "R105"),
    "auth_token_update_strategy": "R105",
    "user_group_ids": "R105",
    "log_retention_days": "R162",
    "transit_encryption_mode": "R103",
    "auto_minor_version_upgrade": "R44",
    "az_mode": "R69",
    "availability_zone": "R72",
    "cluster_id": "R8 R23",
    "security_group_names": "R130",
}
NAMED = cases(
    "MemcachedCache",
    [
        (_RULES_OF_WHAT_IS_NOT_TAKEN.get(argument, ""), {argument: "anything"}, argument, reason)
        for argument, reason in NOT_TAKEN.items()
    ],
)
