"""The Redis or Valkey cache: what it declares and where each argument goes."""

from __future__ import annotations

import re

import pulumi
import pytest

from components.problems import ConfigurationError
from components.redis_arguments import RedisCacheArgs
from components.redis_cache import RedisCache
from sandbox.provider.tables.elasticache_replication_fields import FIELDS
from tests.components.shared import (
    EGRESS,
    GROUP,
    INGRESS,
    LOG_GROUP,
    PARAMETER_GROUP,
    SECURITY_GROUP,
    STASH,
    SUBNET_GROUP,
    TOKEN,
    arguments_proved,
    cache_args,
    vpcs_of_groups,
)
from tests.recorder import UNKNOWN

COMPONENT = "aws-cache:index:RedisCache"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:events"


@pytest.fixture
def cache(deploy):
    def declare(*, name="cache", opts=None, preview=False, **changes):
        return deploy(lambda: RedisCache(name, cache_args(**changes), opts), preview=preview)

    return declare


def test_the_default_is_exactly_these_resources(cache):
    assert cache().counts() == {
        COMPONENT: 1,
        GROUP: 1,
        SUBNET_GROUP: 1,
        SECURITY_GROUP: 2,
        INGRESS: 1,
        EGRESS: 1,
        LOG_GROUP: 2,
        STASH: 1,
    }


def test_the_default_group_is_safe(cache):
    group = cache().one(GROUP)

    token = group.inputs.pop("authToken")
    assert re.fullmatch("[0-9a-f]{48}", token)
    assert group.inputs == {
        "description": "Cache cache of stack dev of aws-cache",
        "engine": "redis",
        "engineVersion": "7.1",
        "nodeType": "cache.t4g.micro",
        "numCacheClusters": 2,
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "port": 6379,
        "subnetGroupName": "cache-1234567",
        "securityGroupIds": ["cache-id"],
        "parameterGroupName": "default.redis7",
        "transitEncryptionEnabled": True,
        "atRestEncryptionEnabled": True,
        "authTokenUpdateStrategy": "ROTATE",
        "snapshotRetentionLimit": 1,
        "autoMinorVersionUpgrade": True,
        "applyImmediately": True,
        "logDeliveryConfigurations": [
            {
                "destination": f"cache-{kind}-1234567",
                "destinationType": "cloudwatch-logs",
                "logFormat": "json",
                "logType": kind,
            }
            for kind in ("slow-log", "engine-log")
        ],
        "tags": {"Name": "cache"},
    }


REACHES = [
    (
        {"engine": "valkey"},
        {"engine": "valkey", "engineVersion": "8.2", "parameterGroupName": "default.valkey8"},
    ),
    ({"engine_version": "6.2"}, {"engineVersion": "6.2", "parameterGroupName": "default.redis6.x"}),
    ({"replicas": 2}, {"numCacheClusters": 3, "automaticFailoverEnabled": True, "multiAzEnabled": True}),
    (
        {"replicas": 0},
        {"numCacheClusters": 1, "automaticFailoverEnabled": False, "multiAzEnabled": False},
    ),
    ({"node_type": "cache.r7g.large"}, {"nodeType": "cache.r7g.large"}),
    ({"node_type": "cache.r6gd.xlarge"}, {"nodeType": "cache.r6gd.xlarge", "dataTieringEnabled": True}),
    ({"port": 6380}, {"port": 6380}),
    (
        {"preferred_availability_zones": ["eu-west-1b", "eu-west-1a"]},
        {"preferredCacheClusterAzs": ["eu-west-1b", "eu-west-1a"]},
    ),
    (
        {"auth_token": TOKEN, "auth_token_update_strategy": "SET"},
        {"authToken": TOKEN, "authTokenUpdateStrategy": "SET"},
    ),
    ({"transit_encryption": False, "authentication": "none"}, {"transitEncryptionEnabled": False}),
    ({"transit_encryption_mode": "preferred"}, {"transitEncryptionMode": "preferred"}),
    ({"at_rest_encryption": False}, {"atRestEncryptionEnabled": False}),
    ({"kms_key_arn": KEY_ARN}, {"kmsKeyId": KEY_ARN}),
    ({"parameter_group_name": "shop-redis7"}, {"parameterGroupName": "shop-redis7"}),
    ({"subnet_group_name": "shop", "subnet_ids": None}, {"subnetGroupName": "shop"}),
    ({"security_group_ids": ["sg-9"]}, {"securityGroupIds": ["sg-9"]}),
    ({"snapshot_retention_days": 0}, {"snapshotRetentionLimit": 0}),
    (
        {"snapshot_window": "03:00-04:00", "maintenance_window": "sun:05:00-sun:06:00"},
        {"snapshotWindow": "03:00-04:00", "maintenanceWindow": "sun:05:00-sun:06:00"},
    ),
    (
        {"restore_snapshot_name": "automatic.shop-2026-01-01-03-00"},
        {"snapshotName": "automatic.shop-2026-01-01-03-00"},
    ),
    (
        {"restore_snapshot_arns": ["arn:aws:s3:::backups/shop.rdb"]},
        {"snapshotArns": ["arn:aws:s3:::backups/shop.rdb"]},
    ),
    ({"log_retention_days": 0}, {"logDeliveryConfigurations": []}),
    ({"notification_topic_arn": TOPIC_ARN}, {"notificationTopicArn": TOPIC_ARN}),
    (
        {"network_type": "dual_stack", "ip_discovery": "ipv6"},
        {"networkType": "dual_stack", "ipDiscovery": "ipv6"},
    ),
    ({"auto_minor_version_upgrade": False}, {"autoMinorVersionUpgrade": False}),
    ({"apply_immediately": False}, {"applyImmediately": False}),
    ({"tags": {"owner": "me"}}, {"tags": {"owner": "me", "Name": "cache"}}),
]


@pytest.mark.parametrize(("change", "expected"), REACHES)
def test_each_argument_reaches_the_group(cache, change, expected):
    inputs = cache(**change).one(GROUP).inputs

    assert {key: inputs[key] for key in expected} == expected


def test_parameters_make_a_group_of_the_engines_family(cache):
    run = cache(engine_version="6.2", parameters={"timeout": 300, "activedefrag": True})

    group = run.one(PARAMETER_GROUP)
    assert group.inputs["family"] == "redis6.x"
    assert group.inputs["parameters"] == [
        {"name": "activedefrag", "value": "yes"},
        {"name": "timeout", "value": "300"},
    ]
    assert "name" not in group.inputs
    assert run.one(GROUP).inputs["parameterGroupName"] == "cache-1234567"


def test_the_subnet_group_holds_the_subnets_whatever_their_order(cache):
    run = cache(subnet_ids={"eu-west-1b": "subnet-b", "eu-west-1a": "subnet-a"})

    assert run.one(SUBNET_GROUP).inputs["subnetIds"] == ["subnet-a", "subnet-b"]


def test_what_exists_already_is_not_made_again(cache):
    run = cache(subnet_group_name="shop", subnet_ids=None, security_group_ids=["sg-9"], vpc_id=None)

    assert run.counts() == {COMPONENT: 1, GROUP: 1, LOG_GROUP: 2, STASH: 1}
    assert run.one(COMPONENT).outputs.get("client_security_group_id") is None


def test_another_port_is_what_the_clients_may_reach(cache):
    run = cache(port=6380)

    assert {run.one(kind).inputs["fromPort"] for kind in (INGRESS, EGRESS)} == {6380}


def test_nothing_has_a_fixed_physical_name_that_a_replacement_could_collide_with(cache):
    run = cache(parameters={"timeout": 300})

    for item in run.resources.values():
        assert not {"name", "replicationGroupId", "namePrefix", "groupName"} & set(item.inputs), item.name


@pytest.mark.parametrize(
    ("version", "kinds"),
    [("7.1", ["engine-log", "slow-log"]), ("6.0", ["slow-log"]), ("5.0.6", [])],
)
def test_the_logs_are_those_the_version_has(cache, version, kinds):
    run = cache(engine_version=version)

    assert sorted(run.of_type(LOG_GROUP)) == [f"cache-{kind}" for kind in kinds]
    assert sorted(item["logType"] for item in run.one(GROUP).inputs["logDeliveryConfigurations"]) == kinds


def test_logs_are_kept_as_long_as_asked(cache):
    kept = {
        item.inputs["retentionInDays"] for item in cache(log_retention_days=90).of_type(LOG_GROUP).values()
    }

    assert kept == {90}


def test_the_version_is_a_constant_that_later_upgrades_by_aws_do_not_fight(cache):
    assert cache().one(GROUP).ignore_changes == ("replicationGroupId", "engineVersion")
    assert cache(engine_version="7.1").one(GROUP).ignore_changes == ("replicationGroupId",)


def test_the_generated_token_is_kept_by_the_stack_and_differs_from_cache_to_cache(cache):
    stashes = [cache().one(STASH) for _ in range(2)]

    assert stashes[0].ignore_changes == ("input",)
    assert stashes[0].inputs["input"] != stashes[1].inputs["input"]


@pytest.mark.parametrize("own", [None, TOKEN])
@pytest.mark.parametrize("preview", [False, True])
def test_the_token_is_secret_wherever_it_appears(cache, own, preview):
    run = cache(auth_token=own, preview=preview)
    token = run.one(GROUP).inputs["authToken"]

    for item in run.resources.values():
        for values, secrets in ((item.inputs, item.secrets), (item.outputs, item.secret_outputs)):
            for key, value in values.items():
                assert key in secrets or token not in str(value), f"{item.name}.{key}"
    assert run.one(GROUP).secrets == {"authToken"}
    assert "auth_token" in run.one(COMPONENT).secret_outputs


def test_an_own_token_is_used_and_none_is_generated(cache):
    run = cache(auth_token=TOKEN)

    assert run.of_type(STASH) == {}
    assert run.one(COMPONENT).outputs["auth_token"] == TOKEN


def test_without_authentication_there_is_no_token_at_all(cache):
    run = cache(authentication="none")

    assert run.of_type(STASH) == {}
    assert not {"authToken", "authTokenUpdateStrategy"} & set(run.one(GROUP).inputs)
    assert run.one(COMPONENT).outputs.get("auth_token") is None


def test_outputs_say_how_to_connect(cache):
    outputs = cache().one(COMPONENT).outputs
    outputs.pop("auth_token")
    outputs.pop("replication_group")

    assert outputs == {
        "engine": "redis",
        "engine_version": "7.1",
        "host": "master.cache-id.abc123.euw1.cache.amazonaws.com",
        "reader_host": "replica.cache-id.abc123.euw1.cache.amazonaws.com",
        "port": 6379,
        "tls": True,
        "member_ids": ["cache-id-001", "cache-id-002"],
        "client_security_group_id": "cache-client-id",
    }


def test_without_a_replica_there_is_no_reader(cache):
    outputs = cache(replicas=0).one(COMPONENT).outputs

    assert outputs.get("reader_host") is None
    assert outputs["member_ids"] == ["cache-id-001"]


def test_a_preview_knows_what_does_not_wait_for_aws(cache):
    outputs = cache(preview=True).one(COMPONENT).outputs

    assert (outputs["engine"], outputs["port"], outputs["tls"]) == ("redis", 6379, True)
    assert (outputs["host"], outputs["member_ids"]) == (UNKNOWN, UNKNOWN)


def test_everything_is_a_child_of_the_cache(cache):
    run = cache(parameters={"timeout": 300}, final_snapshot=True)

    assert {
        run.ancestors(item)[-1]
        for item in run.resources.values()
        if item.custom and item.type != run.stack.type
    } == {"cache"}


def test_tags_reach_every_taggable_child(cache):
    run = cache(tags={"owner": "me"}, parameters={"timeout": 300})

    untagged = {item.type for item in run.resources.values() if item.custom and "tags" not in item.inputs}
    assert untagged == {STASH}
    assert {
        item.inputs["tags"]["owner"] for item in run.resources.values() if item.custom and item.type != STASH
    } == {"me"}


def test_deletion_protection_protects_the_data_only(cache):
    run = cache(deletion_protection=True)

    assert {item.name for item in run.resources.values() if item.protect} == {"cache"}
    assert run.one(GROUP).protect
    assert not run.one(SUBNET_GROUP).protect


def test_the_callers_protection_is_not_taken_away(cache):
    assert cache(opts=pulumi.ResourceOptions(protect=True)).one(GROUP).protect


def test_the_final_snapshot_has_a_name_of_its_own_that_fits(cache):
    name = "c" * 32

    runs = [cache(name=name, final_snapshot=True) for _ in range(2)]

    names = [run.one(GROUP).inputs["finalSnapshotIdentifier"] for run in runs]
    assert names[0] != names[1]
    assert all(re.fullmatch("c{32}-[0-9a-f]{7}", item) for item in names)
    assert runs[0].one(STASH, f"{name}-final-snapshot").ignore_changes == ("input",)
    assert "finalSnapshotIdentifier" not in cache().one(GROUP).inputs


RENAMING = [
    ({"port": 6380}, False),
    ({"at_rest_encryption": False}, False),
    ({"kms_key_arn": KEY_ARN}, False),
    ({"subnet_group_name": "shop", "subnet_ids": None}, False),
    ({"network_type": "dual_stack"}, False),
    ({"restore_snapshot_name": "nightly"}, False),
    ({"restore_snapshot_arns": ["arn:aws:s3:::backups/shop.rdb"]}, False),
    ({"engine": "valkey"}, False),
    ({"engine_version": "7.0"}, False),
    ({"transit_encryption": False, "authentication": "none"}, False),
    ({"node_type": "cache.r6gd.xlarge"}, False),
    ({"replicas": 2, "node_type": "cache.r7g.large"}, True),
    ({"tags": {"owner": "me"}, "snapshot_retention_days": 7}, True),
]


def test_every_property_whose_change_can_replace_a_group_is_tried_below(cache):
    as_by_default = cache().one(GROUP).inputs
    tried = {
        key
        for change, kept in RENAMING
        if not kept
        for key, value in cache(**change).one(GROUP).inputs.items()
        if value != as_by_default.get(key)
    }

    replacing = {key for key, field in FIELDS.items() if field.replaces}
    assert replacing - {"replicationGroupId"} <= tried  # which no argument gives


@pytest.mark.parametrize(("change", "kept"), RENAMING)
def test_only_what_can_replace_the_cache_changes_the_final_snapshots_name(cache, monkeypatch, change, kept):
    monkeypatch.setattr("secrets.token_hex", lambda count: "0" * 2 * count)  # what the stack keeps

    names = [
        cache(final_snapshot=True, **each).one(GROUP).inputs["finalSnapshotIdentifier"]
        for each in ({}, change)
    ]
    assert (names[0] == names[1]) is kept


def test_a_name_of_32_characters_works_and_one_of_33_is_refused(cache):
    assert cache(name="c" * 32).one(GROUP).name == "c" * 32
    with pytest.raises(ConfigurationError, match="must have 1-32 characters"):
        cache(name="c" * 33)


def test_a_refusal_registers_nothing_and_tells_everything(deploy):
    def program():
        with pytest.raises(ConfigurationError) as refused:
            RedisCache("cache", cache_args(replicas=9, port=80))
        return str(refused.value)

    run = deploy(program)

    assert run.counts() == {}
    assert run.result == (
        "2 problems in the arguments of RedisCache 'cache'; nothing was changed\n"
        "  replicas: must be 0-5, got 9\n"
        "  port: must be 1150-8004 or 8006-65535, got 80 (R131)"
    )


def test_the_default_warns_of_nothing(cache):
    assert cache().logs == []


@pytest.mark.parametrize("type_", [SECURITY_GROUP, PARAMETER_GROUP])
def test_another_name_changes_nothing_that_would_replace_its_groups(deploy, type_):
    args = cache_args(parameters={"maxmemory-policy": "noeviction"})
    old, new = (deploy(lambda name=name: RedisCache(name, args)) for name in ("old", "new"))

    def descriptions(run):
        return sorted(item.inputs["description"] for item in run.of_type(type_).values())

    assert descriptions(old) == descriptions(new)


def test_the_caches_groups_stand_in_the_vpc(cache):
    assert vpcs_of_groups(cache(vpc_id="vpc-9")) == {"vpc-9"}


ELSEWHERE = {
    "vpc_id": test_the_caches_groups_stand_in_the_vpc,
    "parameters": test_parameters_make_a_group_of_the_engines_family,
    "final_snapshot": test_the_final_snapshot_has_a_name_of_its_own_that_fits,
    "deletion_protection": test_deletion_protection_protects_the_data_only,
}


def test_every_argument_has_a_test_that_it_reaches_its_property():
    assert arguments_proved(REACHES, ELSEWHERE) == set(RedisCacheArgs.__annotations__)
