"""What is allowed, should be known, and is warned of on the component."""

from __future__ import annotations

from .case import cases

_ONE_ZONE = {"eu-west-1a": "subnet-a"}

WARNED = [
    *cases(
        "RedisCache",
        [
            (
                "R33",
                {"engine": "valkey", "engine_version": "9.2"},
                "engine_version",
                "engine_version 9.2 is newer than this package knows; going on unchecked",
            ),
            (
                "R45",
                {"engine_version": "7.0"},
                "engine_version",
                "AWS may raise engine_version 7.0 by itself, after which this program would plan a "
                "replacing downgrade; "
                "leave engine_version out, or set auto_minor_version_upgrade: false (R45)",
            ),
            (
                "R46",
                {"engine_version": "6.x"},
                "engine_version",
                "redis 6.x is in Extended Support, which costs more, from 2027-02-01 to 2030-01-31; prefer redis "
                "7 or Valkey (R46)",
            ),
            (
                "R46",
                {"engine_version": "5.0.6"},
                "engine_version",
                "redis 5.0.6 is in Extended Support, which costs more, from 2026-02-01 to 2029-01-31; prefer "
                "redis 7 or Valkey (R46)",
            ),
            (
                "R52",
                {"node_type": "cache.r9g.large"},
                "node_type",
                "node_type 'cache.r9g.large' is not known to this package; did you mean cache.r8g.large? Going on "
                "unchecked.",
            ),
            (
                "R53",
                {
                    "subnet_ids": {"eu-central-1a": "a", "eu-central-1b": "b"},
                    "node_type": "cache.c7gn.16xlarge",
                },
                "node_type",
                "node_type 'cache.c7gn.16xlarge' had no price in eu-central-1 on 2026-11-21: AWS may refuse "
                "it there; "
                "cache.c8gn.16xlarge, cache.m6g.16xlarge, cache.m7g.16xlarge, "
                "cache.m8g.16xlarge, cache.r6g.16xlarge, "
                "cache.r7g.16xlarge, cache.r8g.16xlarge had one (R53)",
            ),
            (
                "R55",
                {"node_type": "cache.m4.large"},
                "node_type",
                "node_type 'cache.m4.large' is of a previous generation; consider cache.m7g",
            ),
            (
                "R133",
                {"ip_discovery": "ipv4"},
                "ip_discovery",
                "ip_discovery has no effect on a cache with TLS: clients then get names, not addresses (R133)",
            ),
            (
                "R152",
                {"snapshot_window": "03:00-04:00"},
                "snapshot_window",
                "only snapshot_window is set; AWS picks the other window and they may collide later (R152)",
            ),
            (
                "R152",
                {"maintenance_window": "sun:05:00-sun:06:00"},
                "maintenance_window",
                "only maintenance_window is set; AWS picks the other window and they may collide later (R152)",
            ),
            (
                "R163",
                {"apply_immediately": False},
                "apply_immediately",
                "AWS changes logs at once or not at all: a later change of them needs apply_immediately: true (R163)",
            ),
            (
                "R171",
                {"parameters": {"zzzz": 1}},
                "parameters.zzzz",
                "parameter 'zzzz' is not known in family redis7; going on unchecked (R171)",
            ),
        ],
    ),
    *cases(
        "MemcachedCache",
        [
            (
                "R33",
                {"engine_version": "1.6.99"},
                "engine_version",
                "engine_version 1.6.99 is newer than this package knows; going on unchecked",
            ),
            (
                "R68",
                {"node_count": 41},
                "node_count",
                "41 nodes are more than the 40 that some accounts may have; check the quota (R68)",
            ),
            (
                "R73",
                {"subnet_ids": _ONE_ZONE},
                "subnet_ids",
                "all 2 nodes stand in eu-west-1a: when that zone fails the whole cache is gone (R73)",
            ),
            (
                "R73",
                {"preferred_availability_zones": ["eu-west-1b", "eu-west-1b"]},
                "preferred_availability_zones",
                "all 2 nodes stand in eu-west-1b: when that zone fails the whole cache is gone (R73)",
            ),
        ],
    ),
    *cases(
        "Network",
        [
            (
                "R127",
                {"cidr_block": "10.0.0.0/24"},
                "cidr_block",
                "a cache wants 10 free addresses in each of its subnets, as a replaced node takes another one: "
                "10.0.0.0/28 has 9, 10.0.0.16/28 has 9 (R127)",
            ),
            (
                "R134",
                {"interface_endpoints": ["ssm"]},
                "interface_endpoints",
                "without NAT gateways and the interface endpoints ssmmessages nothing here is reached by "
                "Session Manager, "
                "nor reads its connection parameter (R134)",
            ),
            (
                "R136",
                {"s3_gateway_endpoint": False},
                "s3_gateway_endpoint",
                "without NAT gateways and the S3 gateway endpoint an instance here gets neither packages nor "
                "the client "
                "(R136)",
            ),
        ],
    ),
    *cases(
        "ClientFunction",
        [
            (
                "R147",
                {"url": "public", "allow_public_url": True},
                "url",
                "url: public lets anyone who learns the address read the cache (R147)",
            ),
        ],
    ),
]
