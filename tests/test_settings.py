"""The stack's configuration is checked as a whole, by the checks that serve the components."""

from __future__ import annotations

import contextlib
import json

import pulumi
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

import settings
from components.existing_network import ExistingNetwork
from components.memcached_cache import MemcachedCache
from components.network import Network
from components.problems import ConfigurationError
from components.redis_cache import RedisCache
from tests.recorder import deploy

DEV = {
    "aws:region": "eu-west-1",
    "aws-cache:network": {"availability_zones": ["eu-west-1a", "eu-west-1b"]},
    "aws-cache:cache": {"engine": "redis", "replicas": 1},
    "aws-cache:clients": {"instances": ["app"], "function": True},
    "aws-cache:tags": {"environment": "dev"},
}


def check(**sections):
    changed = {f"aws-cache:{name}": value for name, value in sections.items()}
    return settings.check({**DEV, **changed}, "aws-cache", "dev")


def problems_of(**sections):
    with pytest.raises(ConfigurationError) as refused:
        check(**sections)
    return [tuple(problem) for problem in refused.value.problems]


def test_sections_become_the_arguments_of_the_components():
    assert check() == settings.Settings(
        network_type=Network,
        network={"availability_zones": ["eu-west-1a", "eu-west-1b"]},
        cache_type=RedisCache,
        cache={"engine": "redis", "replicas": 1},
        endpoint={},
        instances={"instances": ["app"]},
        function={},
        alarms=None,
        web=None,
        database=None,
        tags={"environment": "dev"},
    )


def test_the_engine_chooses_the_component():
    assert check(cache={"engine": "valkey"})[2:4] == (RedisCache, {"engine": "valkey"})
    assert check(cache={})[2:4] == (RedisCache, {})
    assert check(cache={"engine": "memcached", "node_count": 3})[2:4] == (MemcachedCache, {"node_count": 3})


def test_the_endpoints_section_is_what_its_component_takes_but_for_the_wires():
    section = {"parameter_path": "/app-10", "key_alias": "app-10", "key_deletion_window_days": 30}
    assert check(endpoint=section).endpoint == section

    found = problems_of(endpoint={"parameter_path": "/aws/x", "key_alias": "aws/x", "host": "elsewhere"})
    assert [path for path, _ in found] == [
        "endpoint.host",
        "endpoint.key_alias",
        "endpoint.parameter_path",
    ]


def test_clients_stand_in_zones_that_have_subnets_of_their_kind():
    network = {**DEV["aws-cache:network"], "public_subnets": {"eu-west-1c": "planned"}}

    def sections(zone, public):
        clients = {"instances": ["app"], "availability_zones": [zone], "public_address": public}
        return {"network": network, "clients": clients}

    for zone, public in (("eu-west-1a", False), ("eu-west-1c", True)):
        assert check(**sections(zone, public)).instances == sections(zone, public)["clients"]
    path = "clients.availability_zones[0]"
    assert problems_of(**sections("eu-west-1c", False)) == [
        (path, "no subnet is in 'eu-west-1c': eu-west-1a or eu-west-1b")
    ]
    assert problems_of(**sections("eu-west-1a", True)) == [(path, "no subnet is in 'eu-west-1a': eu-west-1c")]
    function = {"instances": ["app"], "function": {"availability_zones": ["eu-west-1c"]}}
    assert problems_of(clients=function) == [
        ("clients.function.availability_zones[0]", "no subnet is in 'eu-west-1c': eu-west-1a or eu-west-1b")
    ]


def test_a_choice_of_zones_is_not_blamed_for_a_network_that_says_none():
    clients = {"instances": ["app"], "availability_zones": ["eu-west-1a"]}
    assert problems_of(network={}, clients=clients) == [("network.availability_zones", "is required")]


EXISTING = {"vpc_id": "vpc-1", "private_subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"}}


def test_an_id_chooses_the_network_that_exists():
    assert check(network=EXISTING)[:2] == (ExistingNetwork, EXISTING)
    assert check()[0] is Network


@pytest.mark.parametrize(
    ("network", "clients", "path", "message"),
    [
        ({"vpc_id": "vpc-1"}, {}, "network.private_subnet_ids", "is required"),
        (
            {"private_subnet_ids": EXISTING["private_subnet_ids"]},
            {},
            "network.vpc_id",
            "is required",
        ),
        (
            {**EXISTING, "availability_zones": ["eu-west-1a"]},
            {},
            "network.availability_zones",
            "unknown; known: endpoint_client_security_group_id, internet_access, private_subnet_ids, "
            "public_subnet_ids, tags, vpc_id",
        ),
        (
            {**EXISTING, "private_subnet_ids": {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"}},
            {},
            "network.private_subnet_ids",
            "'us-east-1a' is not a zone of eu-west-1 (aws:region)",
        ),
        (
            {**EXISTING, "private_subnet_ids": {"eu-west-1a": "subnet-a"}},
            {},
            "cache.replicas",
            "1 of them need subnets in two zones, got eu-west-1a only; add a zone, or say replicas: 0 (R76)",
        ),
        (
            EXISTING,
            {"instances": ["app"], "public_address": True},
            "clients.public_address",
            "needs a public subnet: give network.public_subnet_ids, such as {ZONE: SUBNET}",
        ),
    ],
)
def test_a_network_that_exists_is_checked_with_the_rest(network, clients, path, message):
    assert (path, message) in problems_of(network=network, clients=clients)


def test_public_clients_and_ipv6_are_taken_where_the_network_that_exists_may_have_them():
    network = {**EXISTING, "public_subnet_ids": {"eu-west-1a": "subnet-p"}}
    clients = {"instances": ["app"], "public_address": True}
    cache = {"network_type": "dual_stack", "node_type": "cache.t4g.small"}
    assert check(network=network, clients=clients, cache=cache).instances == clients


def test_without_clients_there_are_none():
    for clients in ({}, {"function": False}):
        found = check(clients=clients)
        assert (found.instances, found.function) == (None, None)


def test_a_function_may_have_arguments_of_its_own():
    assert check(clients={"function": {"url": "iam"}}).function == {"url": "iam"}


@pytest.mark.parametrize(
    ("section", "alarms"),
    [
        ({}, None),
        ({"enabled": False}, None),
        ({"enabled": False, "emails": ["a@example.com"]}, None),
        ({"enabled": True}, {}),
        ({"emails": ["a@example.com"]}, {"emails": ["a@example.com"]}),
        ({"enabled": True, "without": ["cpu_percent"]}, {"without": ["cpu_percent"]}),
    ],
)
def test_alarms_are_made_when_their_section_says_anything_but_no(section, alarms):
    assert check(alarms=section).alarms == alarms


def test_alarms_follow_the_cache_that_is_asked_for():
    no_lag = {"thresholds": {"replication_lag_seconds": 2}}
    assert check(alarms=no_lag).alarms == no_lag
    needs_a_replica = (
        "alarms.thresholds.replication_lag_seconds",
        "needs a replica; node_count is 1; leave it out",
    )
    assert problems_of(cache={"replicas": 0}, alarms=no_lag) == [needs_a_replica]
    assert problems_of(cache={"engine": "memcached"}, alarms=no_lag) == [
        ("alarms.thresholds.replication_lag_seconds", "is not measured by Memcached; leave it out")
    ]
    credits_ = {"thresholds": {"cpu_credits": 20}}
    assert check(alarms=credits_).alarms == credits_
    assert [path for path, _ in problems_of(cache={"node_type": "cache.r7g.large"}, alarms=credits_)] == [
        "alarms.thresholds.cpu_credits"
    ]


def test_a_cache_that_is_refused_is_not_told_of_again_by_its_alarms():
    paths = [
        path for path, _ in problems_of(cache={"replicas": "x", "node_type": "t4g"}, alarms={"emails": ["x"]})
    ]

    assert paths == ["cache.replicas", "cache.node_type", "alarms.emails[0]"]


@pytest.mark.parametrize(
    ("section", "path", "message"),
    [
        ({"enabled": "yes"}, "alarms.enabled", "must be true or false, got 'yes'"),
        ({"enabled": False, "emails": ["x"]}, "alarms.emails[0]", "must look like name@example.com, got 'x'"),
        ({"email": ["a@example.com"]}, "alarms.email", "unknown; did you mean emails?"),
        ({"thresholds": {"memory": 80}}, "alarms.thresholds.memory", "unknown; did you mean memory_percent?"),
        ({"member_ids": ["cache-001"]}, "alarms.member_ids", "is set by the program; remove it"),
        (
            {"topic_arn": "arn:aws:sns:us-east-1:123456789012:on-call"},
            "alarms.topic_arn",
            "must be a topic of eu-west-1 (aws:region), got 'arn:aws:sns:us-east-1:123456789012:on-call' (R185)",
        ),
    ],
)
def test_a_wrong_key_of_the_alarms_is_refused_where_it_stands(section, path, message):
    assert problems_of(alarms=section) == [(path, message)]


WEB_NETWORK = {
    "availability_zones": ["eu-west-1a", "eu-west-1b"],
    "public_subnets": {"eu-west-1a": "planned"},
    "interface_endpoints": ["ssm", "ssmmessages", "secretsmanager"],
}


def test_the_web_server_and_its_database_are_made_when_their_section_says_anything_but_no():
    page = {"allowed_cidr_blocks": {"office": "203.0.113.0/24"}}
    found = check(network=WEB_NETWORK, web={**page, "database": {"storage_gib": 30}})

    assert (found.web, found.database) == (page, {"storage_gib": 30})
    assert check(network=WEB_NETWORK, web={"enabled": True})[-3:-1] == ({}, {})
    for nothing in ({}, {"enabled": False}, {"enabled": False, "port": 8080}):
        assert check(network=WEB_NETWORK, web=nothing)[-3:-1] == (None, None)


@pytest.mark.parametrize(
    ("section", "path", "message"),
    [
        ({"enabled": "yes"}, "web.enabled", "must be true or false, got 'yes'"),
        ({"prot": 8008}, "web.prot", "unknown; did you mean port?"),
        ({"port": 80}, "web.port", "must be 1024-65535, got 80"),
        ({"vpc_id": "vpc-1"}, "web.vpc_id", "is set by the program; remove it"),
        ({"database": "mysql"}, "web.database", "must be a mapping, got 'mysql'"),
        ({"database": {"vpc_id": "vpc-1"}}, "web.database.vpc_id", "is set by the program; remove it"),
        ({"database": {"storage_gib": 1}}, "web.database.storage_gib", "must be 20-65536, got 1"),
    ],
)
def test_a_wrong_key_of_the_web_section_is_refused_where_it_stands(section, path, message):
    assert (path, message) in problems_of(network=WEB_NETWORK, web=section)


def test_the_web_server_needs_a_way_for_browsers_and_one_to_its_secret():
    assert problems_of(web={"enabled": True}) == [
        (
            "network.interface_endpoints",
            "needs secretsmanager for the web server, which reads the database's password there: "
            "[ssm, ssmmessages, secretsmanager]",
        ),
        (
            "web.public_address",
            "needs a public subnet: give network.public_subnets, such as {ZONE: planned}, or set it to false",
        ),
    ]


def test_the_web_server_without_a_public_address_needs_no_public_subnet():
    network = {**DEV["aws-cache:network"], "interface_endpoints": WEB_NETWORK["interface_endpoints"]}

    assert check(network=network, web={"public_address": False}).web == {"public_address": False}


def test_endpoints_that_are_no_list_are_told_of_once():
    assert problems_of(network={**WEB_NETWORK, "interface_endpoints": 5}, web={"enabled": True}) == [
        ("network.interface_endpoints", "must be a list, got 5")
    ]


def test_a_topic_that_is_none_is_not_compared_with_the_region():
    assert problems_of(alarms={"topic_arn": "on-call"}) == [
        ("alarms.topic_arn", "must be arn:aws:sns:REGION:ACCOUNT:NAME, got 'on-call'")
    ]


def test_without_a_region_nothing_is_compared_with_it():
    topic = {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:on-call"}
    config = {key: value for key, value in DEV.items() if key != "aws:region"}

    assert settings.check({**config, "aws-cache:alarms": topic}, "aws-cache", "dev").alarms == topic


def test_public_clients_are_not_blamed_for_a_wrong_network():
    network = {"availability_zones": 5, "public_subnets": {"eu-west-1a": "planned"}}

    assert problems_of(network=network, clients={"instances": ["app"], "public_address": True}) == [
        ("network.availability_zones", "must be a list, got 5")
    ]


def test_what_the_program_sets_is_not_judged_besides():
    assert problems_of(clients={"function": {"policies": 5, "tags": 7}}) == [
        ("clients.function.policies", "is set by the program; remove it"),
        ("clients.function.tags", "is set by the program; remove it"),
    ]


def test_ipv6_is_taken_with_subnets_that_are_there():
    cache = {"network_type": "ipv6", "subnet_group_name": "shop"}

    assert check(cache=cache).cache == cache


def test_every_problem_of_every_section_is_in_one_report():
    with pytest.raises(ConfigurationError) as refused:
        check(
            netwrok={},
            network={"availability_zone": ["eu-west-1a"]},
            cache={"replicas": 9, "maintenance_window": "sun:05:00-sun:05:30"},
            clients={"instances": ["App"], "function": {"url": "open"}},
        )

    assert str(refused.value) == "\n".join(
        [
            "7 problems in the configuration of aws-cache (stack dev); nothing was changed",
            "  netwrok: unknown section; did you mean network?",
            "  network.availability_zone: unknown; did you mean availability_zones?",
            "  network.availability_zones: is required",
            "  cache.replicas: must be 0-5, got 9",
            "  cache.maintenance_window: 'sun:05:00-sun:05:30' is 30 minutes; at least 60",
            "  clients.instances: 'App' must be 1-32 characters of a-z, 0-9 and hyphens, first a letter",
            "  clients.function.url: must be none, iam or public, got 'open'",
        ]
    )


@pytest.mark.parametrize(
    ("sections", "path", "message"),
    [
        ({"cash": {}}, "cash", "unknown section; did you mean cache?"),
        (
            {"quux": {}},
            "quux",
            "unknown section; known: network, cache, endpoint, clients, alarms, web, tags",
        ),
        ({"cache": "redis"}, "cache", "must be a mapping, got 'redis'"),
        ({"cache": ["redis"]}, "cache", "must be a mapping, got ['redis']"),
        ({"cache": None}, "cache", "must be a mapping, got None"),
        (
            {"cache": {"engine": "Memcached"}},
            "cache.engine",
            "must be redis, valkey or memcached, got 'Memcached'; did you mean memcached?",
        ),
        ({"cache": {"engine": "mysql"}}, "cache.engine", "must be redis, valkey or memcached, got 'mysql'"),
        ({"cache": {"engine": 1}}, "cache.engine", "must be text, got 1; put it in quotes"),
        (
            {"cache": {"engine": "memcached", "replicas": 1}},
            "cache.replicas",
            "Memcached has no replicas: node_count nodes share the keys, each key is on one of them",
        ),
        ({"cache": {"engine": "memcached", "node_count": 61}}, "cache.node_count", "must be 1-60, got 61"),
        (
            {"cache": {"node_count": 2}},
            "cache.node_count",
            "is of Memcached only; say replicas, the copies of the primary",
        ),
        ({"tags": "dev"}, "tags", "must be a mapping, got 'dev'"),
        ({"tags": {"stage": 1}}, "tags.stage", "must be text, got 1; put it in quotes"),
        ({"network": {}}, "network.availability_zones", "is required"),
        (
            {"network": {"availability_zones": ["eu-west-1a"]}},
            "cache.replicas",
            "1 of them need subnets in two zones, got eu-west-1a only; add a zone, or say replicas: 0 (R76)",
        ),
        (
            {"network": {"availability_zones": ["us-east-1a", "us-east-1b"]}, "cache": {}},
            "network.availability_zones",
            "'us-east-1a' is not a zone of eu-west-1 (aws:region)",
        ),
        ({"cache": {"vpc_id": "vpc-1"}}, "cache.vpc_id", "is set by the program; remove it"),
        (
            {"network": {"availability_zones": ["eu-west-1a", "eu-west-1b"], "tags": {"a": "b"}}},
            "network.tags",
            "is set by the program; remove it",
        ),
        (
            {"clients": {"instances": ["app"], "policies": {}}},
            "clients.policies",
            "is set by the program; remove it",
        ),
        (
            {"clients": {"function": {"environment": {}}}},
            "clients.function.environment",
            "is set by the program; remove it",
        ),
        ({"clients": {"function": "yes"}}, "clients.function", "must be true, false or a mapping, got 'yes'"),
        ({"clients": {"instance_type": "t4g.micro"}}, "clients.instances", "is required"),
        (
            {"cache": {"preferred_availability_zones": ["eu-west-1a", "eu-west-1c"]}},
            "cache.preferred_availability_zones[1]",
            "'eu-west-1c' has no subnet; zones with one: eu-west-1a, eu-west-1b",
        ),
        (
            {"cache": {"network_type": "dual_stack"}},
            "cache.network_type",
            "the network has IPv4 ranges only; leave it out, or name a subnet_group_name",
        ),
        (
            {"clients": {"instances": ["app"], "public_address": True}},
            "clients.public_address",
            "needs a public subnet: give network.public_subnets, such as {ZONE: planned}",
        ),
    ],
)
def test_a_wrong_section_or_key_is_refused_where_it_stands(sections, path, message):
    assert problems_of(**sections)[0] == (path, message)


def test_a_wrong_tag_is_told_once_though_every_component_gets_it():
    assert problems_of(tags={"aws:mine": "x"}) == [
        ("tags.aws:mine", "names that begin with aws: are AWS's own")
    ]
    assert problems_of(tags={f"t{number}": "x" for number in range(50)}) == [
        ("tags", "at most 49 of them, got 50")
    ]


def test_a_node_type_without_a_price_in_the_region_is_left_to_a_warning_of_the_cache():
    stack = settings.check(
        {
            "aws:region": "eu-central-1",
            "aws-cache:network": {"availability_zones": ["eu-central-1a", "eu-central-1b"]},
            "aws-cache:cache": {"node_type": "cache.c7gn.large"},
        },
        "aws-cache",
        "dev",
    )

    assert stack.cache["node_type"] == "cache.c7gn.large"


def test_faulty_zones_cause_no_problem_elsewhere():
    assert problems_of(network={"availability_zones": 5}, cache={"replicas": 2}) == [
        ("network.availability_zones", "must be a list, got 5")
    ]


def test_a_section_under_another_name_than_the_programs_is_refused_and_no_providers_setting():
    with pytest.raises(ConfigurationError) as refused:
        settings.check({**DEV, "aws-cahce:alarms": {}, "alarms": {}, "pulumi:tags": {}}, "aws-cache", "dev")

    assert refused.value.problems == [
        ("aws-cahce:alarms", "is read by nobody; did you mean aws-cache:alarms?"),
        ("alarms", "is read by nobody; did you mean aws-cache:alarms?"),
    ]


def test_existing_groups_take_the_place_of_the_networks():
    stack = check(cache={"subnet_group_name": "shop", "security_group_ids": ["sg-9"]})

    place = {"vpc_id": "vpc-1", "subnet_ids": {"eu-west-1a": "subnet-a"}, "tags": {"a": "b"}}
    assert settings.placed(stack.cache, place) == {
        "subnet_group_name": "shop",
        "security_group_ids": ["sg-9"],
        "tags": {"a": "b"},
    }


def test_the_engines_configuration_is_read_with_sections_it_was_not_asked_for():
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in DEV.items()}

    assert deploy(settings.read, config=config).result == check()
    with pytest.raises(ConfigurationError, match="netwrok: unknown section; did you mean network"):
        deploy(settings.read, config={**config, "aws-cache:netwrok": "{}"})


def test_the_configuration_of_an_engine_arrives_by_its_environment_too(monkeypatch):
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in DEV.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))

    assert deploy(settings.read).result == check()


def test_the_error_is_one_that_pulumi_prints_without_a_traceback():
    with pytest.raises(pulumi.RunError):
        check(cache={"replicas": 9})


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9999)
    | st.floats()
    | st.text(max_size=8)
    | st.just("eu-west-1a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_KEYS = {
    "network": [
        *("availability_zones", "cidr_block", "private_subnets", "public_subnets", "interface_endpoints"),
        *("nat_gateways", "flow_logs_retention_days"),
    ],
    "cache": [
        *("engine", "engine_version", "replicas", "node_type", "port", "parameters", "maintenance_window"),
        *("snapshot_window", "preferred_availability_zones", "auth_token", "log_retention_days", "vpc_id"),
        *("restore_snapshot_arns", "kms_key_arn", "security_group_ids", "subnet_group_name", "network_type"),
        *(
            "node_count",
            "restore_snapshot_name",
            "parameter_group_name",
            "transit_encryption",
            "authentication",
        ),
    ],
    "clients": ["instances", "instance_type", "ingress", "function", "packages", "security_group_ids"],
    "tags": ["a", "aws:b", "Name"],
}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            f"aws-cache:{section}": st.dictionaries(st.sampled_from(keys), _VALUES, max_size=4) | _VALUES
            for section, keys in _KEYS.items()
        },
    ),
    # By itself a random value is hardly ever the one word that leads to the other component.
    st.sampled_from([None, "memcached", "valkey"]),
)
@effort(max_examples=300, derandomize=True, deadline=None)
def test_any_configuration_ends_in_settings_or_in_one_configuration_error(config, engine):
    cache = config.get("aws-cache:cache")
    if engine and isinstance(cache, dict):
        cache["engine"] = engine
    with contextlib.suppress(ConfigurationError):
        settings.check({**DEV, **config}, "aws-cache", "dev")
