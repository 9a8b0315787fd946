"""What the network, the permissions and the clients of a cache may not be told, where a rule of AWS says so."""

from __future__ import annotations

from .case import SUBJECTS, Case, cases

_NAMES = {
    "n" * 33: "must have 1-32 characters, as AWS ids made of it hold 40",
    "Cache": "must be a-z, 0-9 and single hyphens, first a letter, last no hyphen",
    "a--b": "must be a-z, 0-9 and single hyphens, first a letter, last no hyphen",
}

REFUSED = [
    *(
        Case(("R7", "R8", "R10", "R11", "R12"), component, "name", {}, f"{name!r} {words}", name)
        for component in SUBJECTS
        for name, words in _NAMES.items()
    ),
    *cases(
        "RedisCache",
        [
            (
                "R24",
                {"tags": {"aws:owner": "me"}},
                "tags.aws:owner",
                "names that begin with aws: are AWS's own",
            ),
            (
                "R24",
                {"tags": {"a?": "me"}},
                "tags.a?",
                "must have 1-128 letters, digits, spaces and _ . : / = + - @ in its name",
            ),
            (
                "R24",
                {"tags": {"a": "x" * 257}},
                "tags.a",
                "must hold at most 256 letters, digits, spaces and _ . : / = + - @",
            ),
            (
                "R24",
                {"tags": {f"t{number}": "x" for number in range(50)}},
                "tags",
                "at most 49 of them, got 50",
            ),
        ],
    ),
    *cases(
        "CacheAccess",
        [
            ("R131", {"ports": [6379, 8005]}, "ports[1]", "must be 1150-8004 or 8006-65535, got 8005"),
            ("R131", {"ports": [1149]}, "ports[0]", "must be 1150-8004 or 8006-65535, got 1149"),
            (
                "R132",
                {"allowed_cidr_blocks": {"all": "0.0.0.0/0"}},
                "allowed_cidr_blocks.all",
                "opens the cache to every address there is; name the range that needs it (R132)",
            ),
        ],
    ),
    *cases(
        "Network",
        [
            (
                "R137",
                {"interface_endpoints": ["ssm", "ssm"]},
                "interface_endpoints[1]",
                "'ssm' is there twice; a VPC has one endpoint per service",
            ),
        ],
    ),
    *cases(
        "EndpointParameter",
        [
            (
                "R105",
                {"engine": "memcached", "auth_token": "0123456789abcdef"},
                "auth_token",
                "Memcached has no password: network and TLS protect it (R105)",
            ),
        ],
    ),
    *cases(
        "CacheAlarms",
        [
            (
                "R185",
                {"thresholds": {"cpu_percent": 101}},
                "thresholds.cpu_percent",
                "must be 1-100, got 101",
            ),
            (
                "R181 R185",
                {"thresholds": {"connections": 65_001}},
                "thresholds.connections",
                "must be 1-65000, got 65001",
            ),
        ],
    ),
    *cases(
        "ClientFunction",
        [
            ("R144", {"subnet_ids": {}}, "subnet_ids", "needs 1-16 subnets (R144)"),
            (
                "R144",
                {"subnet_ids": {f"z{number}": "subnet" for number in range(17)}},
                "subnet_ids",
                "needs 1-16 subnets (R144)",
            ),
            (
                "R144",
                {"security_group_ids": ["sg-1", "sg-2", "sg-3", "sg-4", "sg-5"]},
                "security_group_ids",
                "at most 4, as Lambda takes 5 groups and one is the function's own (R144)",
            ),
            (
                "R145 R147",
                {"url": "public"},
                "url",
                "'public' lets anyone read the cache; set allow_public_url: true if that is meant, or iam",
            ),
        ],
    ),
]
