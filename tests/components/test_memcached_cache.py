"""The Memcached cache: what it declares and where each argument goes."""

from __future__ import annotations

import pulumi
import pytest

from components.memcached_arguments import MemcachedCacheArgs
from components.memcached_cache import MemcachedCache
from components.problems import ConfigurationError
from tests.components.shared import (
    EGRESS,
    INGRESS,
    PARAMETER_GROUP,
    SECURITY_GROUP,
    SUBNET_GROUP,
    arguments_proved,
    cache_args,
    vpcs_of_groups,
)
from tests.recorder import UNKNOWN

COMPONENT = "aws-cache:index:MemcachedCache"
CLUSTER = "aws:elasticache/cluster:Cluster"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:events"


@pytest.fixture
def cache(deploy):
    def declare(*, name="cache", opts=None, preview=False, **changes):
        return deploy(lambda: MemcachedCache(name, cache_args(**changes), opts), preview=preview)

    return declare


def test_the_default_is_exactly_these_resources(cache):
    assert cache().counts() == {
        COMPONENT: 1,
        CLUSTER: 1,
        SUBNET_GROUP: 1,
        SECURITY_GROUP: 2,
        INGRESS: 1,
        EGRESS: 1,
    }


def test_the_default_cluster_is_encrypted_and_spread(cache):
    assert cache().one(CLUSTER).inputs == {
        "engine": "memcached",
        "engineVersion": "1.6.22",
        "nodeType": "cache.t4g.micro",
        "numCacheNodes": 2,
        "azMode": "cross-az",
        "port": 11211,
        "subnetGroupName": "cache-1234567",
        "securityGroupIds": ["cache-id"],
        "parameterGroupName": "default.memcached1.6",
        "transitEncryptionEnabled": True,
        "applyImmediately": True,
        "tags": {"Name": "cache"},
    }


REACHES = [
    ({"node_count": 60}, {"numCacheNodes": 60, "azMode": "cross-az"}),
    ({"node_count": 1}, {"numCacheNodes": 1, "azMode": "single-az"}),
    (
        {"preferred_availability_zones": ["eu-west-1b", "eu-west-1a"]},
        {"preferredAvailabilityZones": ["eu-west-1b", "eu-west-1a"], "azMode": "cross-az"},
    ),
    (
        {"preferred_availability_zones": ["eu-west-1b", "eu-west-1b"]},
        {"preferredAvailabilityZones": ["eu-west-1b", "eu-west-1b"], "azMode": "single-az"},
    ),
    ({"subnet_ids": {"eu-west-1a": "subnet-a"}}, {"numCacheNodes": 2, "azMode": "single-az"}),
    (
        {"engine_version": "1.5.16", "transit_encryption": False},
        {
            "engineVersion": "1.5.16",
            "parameterGroupName": "default.memcached1.5",
            "transitEncryptionEnabled": False,
        },
    ),
    ({"node_type": "cache.r7g.large"}, {"nodeType": "cache.r7g.large"}),
    ({"port": 11212}, {"port": 11212}),
    ({"parameter_group_name": "shop-memcached"}, {"parameterGroupName": "shop-memcached"}),
    (
        {"subnet_group_name": "shop", "subnet_ids": None},
        {"subnetGroupName": "shop", "azMode": "cross-az"},
    ),
    ({"security_group_ids": ["sg-9"]}, {"securityGroupIds": ["sg-9"]}),
    ({"maintenance_window": "sun:05:00-sun:06:00"}, {"maintenanceWindow": "sun:05:00-sun:06:00"}),
    ({"notification_topic_arn": TOPIC_ARN}, {"notificationTopicArn": TOPIC_ARN}),
    (
        {"network_type": "dual_stack", "ip_discovery": "ipv6"},
        {"networkType": "dual_stack", "ipDiscovery": "ipv6"},
    ),
    ({"apply_immediately": False}, {"applyImmediately": False}),
    ({"tags": {"owner": "me"}}, {"tags": {"owner": "me", "Name": "cache"}}),
]


@pytest.mark.parametrize(("change", "expected"), REACHES)
def test_each_argument_reaches_the_cluster(cache, change, expected):
    inputs = cache(**change).one(CLUSTER).inputs

    assert {key: inputs[key] for key in expected} == expected


def test_parameters_make_a_group_of_the_engines_family(cache):
    run = cache(parameters={"max_item_size": 2097152, "idle_timeout": 60})

    group = run.one(PARAMETER_GROUP)
    assert group.inputs["family"] == "memcached1.6"
    assert group.inputs["parameters"] == [
        {"name": "idle_timeout", "value": "60"},
        {"name": "max_item_size", "value": "2097152"},
    ]
    assert run.one(CLUSTER).inputs["parameterGroupName"] == "cache-1234567"


def test_the_subnet_group_holds_every_zones_subnet(cache):
    assert cache().one(SUBNET_GROUP).inputs["subnetIds"] == ["subnet-a", "subnet-b"]


def test_the_cache_admits_its_clients_on_its_port_only(cache):
    run = cache(port=11212)

    rule = run.one(INGRESS).inputs
    assert (rule["fromPort"], rule["toPort"], rule["referencedSecurityGroupId"]) == (
        11212,
        11212,
        "cache-client-id",
    )


def test_existing_groups_leave_no_client_group(cache):
    run = cache(security_group_ids=["sg-9"], vpc_id=None)

    assert run.of_type(SECURITY_GROUP) == {}
    assert run.one(COMPONENT).outputs.get("client_security_group_id") is None


def test_a_version_left_out_is_only_for_new_caches(cache):
    assert cache().one(CLUSTER).ignore_changes == ("clusterId", "engineVersion")
    assert cache(engine_version="1.6.17").one(CLUSTER).ignore_changes == ("clusterId",)


def test_deletion_protection_protects_the_cluster(cache):
    assert cache(deletion_protection=True).one(CLUSTER).protect
    assert not cache().one(CLUSTER).protect


def test_protection_by_the_callers_options_reaches_the_cluster(cache):
    assert cache(opts=pulumi.ResourceOptions(protect=True)).one(CLUSTER).protect


def test_tags_reach_every_taggable_child(cache):
    run = cache(tags={"owner": "me"}, parameters={"idle_timeout": 60})

    owners = {
        item.type: item.inputs.get("tags", {}).get("owner") for item in run.resources.values() if item.custom
    }
    assert set(owners.values()) == {"me"}


def test_outputs_have_the_same_words_as_every_cache(cache):
    host = "cache-id.abc123"
    outputs = cache().one(COMPONENT).outputs

    assert outputs.pop("cluster") == "cache-id"
    assert outputs == {
        "engine": "memcached",
        "engine_version": "1.6.22",
        "host": f"{host}.cfg.euw1.cache.amazonaws.com",
        "port": 11211,
        "tls": True,
        "node_addresses": [
            f"{host}.0001.euw1.cache.amazonaws.com:11211",
            f"{host}.0002.euw1.cache.amazonaws.com:11211",
        ],
        "member_ids": ["0001", "0002"],
        "client_security_group_id": "cache-client-id",
    }


def test_a_preview_knows_the_members_and_not_yet_the_addresses(cache):
    outputs = cache(preview=True).one(COMPONENT).outputs

    assert outputs["member_ids"] == ["0001", "0002"]
    assert (outputs["host"], outputs["node_addresses"]) == (UNKNOWN, UNKNOWN)


def test_a_refusal_registers_nothing(deploy):
    def program():
        with pytest.raises(ConfigurationError, match="1 problem in the arguments of MemcachedCache 'cache'"):
            MemcachedCache("cache", cache_args(node_count=0))

    assert deploy(program).counts() == {}


def test_the_caches_groups_stand_in_the_vpc(cache):
    assert vpcs_of_groups(cache(vpc_id="vpc-9")) == {"vpc-9"}


ELSEWHERE = {
    "vpc_id": test_the_caches_groups_stand_in_the_vpc,
    "parameters": test_parameters_make_a_group_of_the_engines_family,
    "deletion_protection": test_deletion_protection_protects_the_cluster,
}


def test_every_argument_has_a_test_that_it_reaches_its_property():
    assert arguments_proved(REACHES, ELSEWHERE) == set(MemcachedCacheArgs.__annotations__)
