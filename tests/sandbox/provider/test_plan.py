"""What is decided before the API is called: refusals, names, differences, previews, secrets."""

from __future__ import annotations

import asyncio
import re

import pytest
from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.provider import AwsProvider, ProviderError
from sandbox.provider.tables.elasticache_versions import is_downgrade, shown_version
from sandbox.provider.values import UNKNOWN, plain_bag, wrap
from tests.sandbox.provider.driver import REGION, Driver, Resource, secret, token_of, urn

GROUP = {"description": "a cache", "nodeType": "cache.t4g.micro"}


def test_an_input_without_a_row_is_refused_by_its_name(driver):
    assert driver.reasons("ec2/Vpc", cidrBlock="10.0.0.0/16", ipv6NetmaskLength=56) == [
        "aws:ec2/vpc:Vpc: input 'ipv6NetmaskLength' is not modelled by the sandbox"
    ]


def test_a_nested_input_without_a_row_is_refused_by_its_path(driver):
    reasons = driver.reasons(
        "ec2/Instance", ami="ami-1", instanceType="t4g.micro", metadataOptions={"httpToken": "required"}
    )
    assert reasons == [
        "aws:ec2/instance:Instance: metadataOptions: input 'httpToken' is not modelled by the sandbox"
    ]


def test_all_problems_of_a_resource_are_told_at_once(driver):
    inputs = {"mapPublicIpOnLaunch": "yes", "zone": "a", "cidrBlock": ["10.0.0.0/24"]}
    assert driver.reasons("ec2/Subnet", **inputs) == [
        "aws:ec2/subnet:Subnet: cidrBlock: expected text, got list",
        "aws:ec2/subnet:Subnet: input 'zone' is not modelled by the sandbox",
        "aws:ec2/subnet:Subnet: mapPublicIpOnLaunch: expected true or false, got 'yes'",
        "aws:ec2/subnet:Subnet: missing required input 'vpcId'",
    ]


def test_a_type_without_a_row_is_refused_by_its_name(driver):
    request = protocol.CheckRequest("urn:pulumi:dev::p::aws:sqs/queue:Queue::q", {}, {}, b"")
    with pytest.raises(
        ProviderError, match=r"^aws:sqs/queue:Queue: this resource type is not modelled by the sandbox$"
    ):
        asyncio.run(driver.provider.check(request))


@pytest.mark.parametrize(
    ("short", "inputs", "told"),
    [
        ("elasticache/ReplicationGroup", GROUP, "redis is not here"),
        ("elasticache/ReplicationGroup", {**GROUP, "engine": "valkey"}, None),
        ("elasticache/Cluster", {"nodeType": "cache.t4g.micro"}, "memcached is not here"),
        ("elasticache/Cluster", {"nodeType": "cache.t4g.micro", "engine": "redis"}, "redis is not here"),
        ("rds/Instance", {"engine": "mysql", "instanceClass": "db.t4g.micro"}, "mysql is not here"),
        ("ec2/Vpc", {"cidrBlock": "10.0.0.0/16"}, None),
    ],
)
def test_an_engine_without_a_server_program_is_refused_before_anything_is_made(assets, short, inputs, told):
    lacking = {name: f"{name} is not here" for name in ("redis", "memcached", "mysql", "")}
    provider = AwsProvider("http://127.0.0.1:9", REGION, assets, missing=lacking.get)
    expected = [f"{token_of(short)}: {told}"] if told else []
    assert Driver(provider, "").reasons(short, **inputs) == expected
    provider.close()


def test_another_region_than_the_sandboxs_is_refused(driver):
    reasons = driver.reasons("ec2/Vpc", cidrBlock="10.0.0.0/16", region="us-east-1")
    assert reasons == ["aws:ec2/vpc:Vpc: the sandbox has one region, eu-west-1; got 'us-east-1'"]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"multiAzEnabled": True}, "multiAzEnabled needs automaticFailoverEnabled"),
        (
            {"automaticFailoverEnabled": True, "numCacheClusters": 1},
            "automaticFailoverEnabled needs numCacheClusters of at least 2",
        ),
        ({"authToken": "short"}, 'authToken must have 16 to 128 characters and none of @ " /'),
        ({"authTokenUpdateStrategy": "SET"}, "authTokenUpdateStrategy SET needs authToken"),
        (
            {"numCacheClusters": 2, "numNodeGroups": 1},
            "numCacheClusters and numNodeGroups exclude each other",
        ),
        ({"maintenanceWindow": "sunday"}, "maintenanceWindow must be ddd:hh:mm-ddd:hh:mm, got 'sunday'"),
        ({"snapshotRetentionLimit": 36}, "snapshotRetentionLimit is at most 35 days"),
        ({"engine": "Redis"}, "engine: expected one of redis, valkey, got 'Redis'"),
    ],
)
def test_what_the_real_provider_refuses_of_a_group_at_preview_is_refused(driver, inputs, reason):
    found = driver.reasons("elasticache/ReplicationGroup", **GROUP, **inputs)
    assert found == [f"aws:elasticache/replicationGroup:ReplicationGroup: {reason}"]


def test_values_that_are_not_known_yet_are_not_judged(driver):
    unknown = {"numCacheClusters": UNKNOWN, "automaticFailoverEnabled": UNKNOWN, "authToken": UNKNOWN}
    assert driver.reasons("elasticache/ReplicationGroup", **GROUP, **unknown, multiAzEnabled=True) == []
    assert driver.reasons("kms/Alias", name=UNKNOWN, targetKeyId=UNKNOWN) == []


def test_a_refused_secret_is_not_named_as_property_as_engines_print_the_value(driver):
    answer = driver.check("elasticache/ReplicationGroup", "it", {**GROUP, "authToken": secret("short")})
    assert [failure.property for failure in answer.failures] == [""]
    assert "short" not in answer.failures[0].reason


@pytest.mark.parametrize(
    ("short", "logical", "property", "pattern"),
    [
        ("ec2/SecurityGroup", "Clients", "name", "Clients-[0-9a-f]{7}"),
        ("elasticache/ReplicationGroup", "Cache", "replicationGroupId", "cache-[0-9a-f]{7}"),
        ("s3/Bucket", "Bundle", "bucket", "bundle-[0-9a-f]{7}"),
        ("kms/Alias", "endpoint", "name", "alias/endpoint-[0-9a-f]{7}"),
        ("lambda/Permission", "url", "statementId", "url-[0-9a-f]{7}"),
    ],
)
def test_a_name_is_made_of_the_logical_name_and_seven_digits_and_kept(
    driver, short, logical, property, pattern
):
    first = driver.check(short, logical, {}).inputs
    assert re.fullmatch(pattern, str(first[property].value))
    assert driver.check(short, logical, {}, first).inputs[property] == first[property]
    assert driver.check(short, logical, {}).inputs[property] != first[property], "a replacement gets another"


def test_the_same_seed_makes_the_same_name(driver):
    request = protocol.CheckRequest(urn("iam/Role", "role"), {}, {}, b"seed")
    first, second = (asyncio.run(driver.provider.check(request)).inputs["name"] for _ in range(2))
    assert first == second


def test_a_logical_name_without_room_for_the_suffix_is_refused(driver):
    answer = driver.check("elasticache/ReplicationGroup", "c" * 33, GROUP)
    assert [failure.reason for failure in answer.failures] == [
        "aws:elasticache/replicationGroup:ReplicationGroup: name '"
        + "c" * 33
        + "' plus 8 random chars is longer "
        "than maximum length 40; shorten the resource's name or pass replicationGroupId"
    ]


def test_a_preview_knows_inputs_defaults_and_tags_and_nothing_that_aws_decides(driver):
    planned = driver.preview("ec2/Vpc", "main", cidrBlock="10.0.0.0/16", tags={"a": "1"})
    assert planned == {
        "cidrBlock": "10.0.0.0/16",
        "enableDnsHostnames": False,
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "region": REGION,
        "tags": {"a": "1"},
        "tagsAll": {"a": "1"},
        **dict.fromkeys(
            (
                *("arn", "ownerId", "dhcpOptionsId", "mainRouteTableId", "defaultRouteTableId"),
                *("defaultSecurityGroupId", "defaultNetworkAclId"),
            ),
            UNKNOWN,
        ),
    }


def test_a_preview_of_an_update_leaves_only_what_may_change_unknown(driver, network):
    inputs = {"type": "String", "value": "one", "name": f"/test-{network.mark}/preview"}
    parameter = driver.create("ssm/Parameter", **inputs)
    planned = driver.update(parameter, preview=True, **{**inputs, "value": "two"})
    assert (planned["value"], planned["version"]) == ("two", UNKNOWN)
    assert planned["arn"] == parameter["arn"]
    assert driver.read(parameter)["value"] == "one", "a preview changes nothing"
    driver.delete(parameter)


def test_an_unknown_input_is_a_change_and_replaces_where_a_change_replaces(driver, network):
    group = driver.create("ec2/SecurityGroup", vpcId=network.vpc)
    difference = driver.diff(group, vpcId=UNKNOWN)
    assert (difference.diffs, difference.replaces) == (["vpcId"], ["vpcId"])
    driver.delete(group)


def test_spelling_is_no_change(driver, network):
    role = driver.create(
        "iam/Role", assumeRolePolicy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"ec2.amazonaws.com"}}]}'
    )  # fmt: skip
    spaced = (
        '{ "Statement": {"Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": ["sts:AssumeRole"],'
        ' "Effect": "Allow"}, "Version": "2012-10-17" }'
    )
    assert not driver.diff(role, assumeRolePolicy=spaced).changes
    assert not driver.diff(role, assumeRolePolicy=spaced, path="/", description="").changes, (
        "defaults said aloud"
    )
    driver.delete(role)


def test_added_changed_and_removed_inputs_are_told_apart(driver, network):
    log = driver.create("cloudwatch/LogGroup", retentionInDays=7, tags={"a": "1"})
    difference = driver.diff(log, kmsKeyId=network.key_arn, tags={"a": "2"}, name="another")
    assert {name: each.kind.name for name, each in difference.detailed_diff.items()} == {
        "kmsKeyId": "ADD",
        "retentionInDays": "DELETE",
        "tags": "UPDATE",
        "name": "UPDATE_REPLACE",
    }
    driver.delete(log)


@pytest.mark.parametrize(
    ("state", "inputs", "replaces"),
    [
        ({"engine": "valkey"}, {"engine": "redis"}, ["engine"]),
        ({"engine": "redis"}, {"engine": "valkey"}, []),
        ({"engineVersionActual": "7.1.0"}, {"engineVersion": "7.0"}, ["engineVersion"]),
        ({"engineVersionActual": "7.0.7"}, {"engineVersion": "7.1"}, []),
        ({"engineVersionActual": "7.0.4"}, {"transitEncryptionEnabled": True}, ["transitEncryptionEnabled"]),
        ({"engineVersionActual": "7.0.7"}, {"transitEncryptionEnabled": True}, []),
        ({}, {"port": 6380}, ["port"]),
        ({}, {"networkType": "dual_stack"}, ["networkType"]),
    ],
)
def test_a_group_is_replaced_exactly_by_what_replaces_it_in_aws(driver, state, inputs, replaces):
    old = {"engine": "redis", "engineVersionActual": "7.1.0", "port": 6379, "networkType": "ipv4", **state}
    given = {
        "engine": old["engine"],
        "port": 6379,
        "networkType": "ipv4",
        "engineVersion": old["engineVersionActual"][:3],
    }
    bag = {**{key: wrap(value) for key, value in old.items()}, "__inputs": wrap(given), "tagsAll": wrap({})}
    new = {key: wrap(value) for key, value in {**given, **inputs}.items()}
    request = protocol.DiffRequest(urn("elasticache/ReplicationGroup", "c"), "c", bag, new, [])
    difference = asyncio.run(driver.provider.diff(request))
    assert set(inputs) <= set(difference.diffs)
    assert difference.replaces == replaces


@pytest.mark.parametrize(
    ("actual", "wanted", "down"),
    [
        ("7.1.0", "7.0", True),
        ("7.1.0", "7.1", False),
        ("6.2.6", "6.x", False),
        ("7.0.7", "6.x", True),
        ("5.0.6", "5.0.5", True),
        ("5.0.6", "6.0", False),
        ("8.0.1", "8.1", False),
    ],
)
def test_from_version_six_on_only_major_and_minor_count(actual, wanted, down):
    assert is_downgrade(actual, wanted) is down


@pytest.mark.parametrize(
    ("actual", "given", "shown"),
    [("7.1.0", "7.1", "7.1"), ("6.2.6", "6.x", "6.x"), ("6.2.6", "", "6.2"), ("5.0.6", "5.0.6", "5.0.6")],
)
def test_a_version_is_shown_as_the_program_writes_it(actual, given, shown):
    assert shown_version(actual, given) == shown


def test_a_secret_stays_secret_in_state_and_echo_and_after_a_refresh(driver, network):
    parameter = driver.create(
        "ssm/Parameter", type="SecureString", value=secret("sesame open"), name=f"/test-{network.mark}/secret"
    )
    driver.client("ssm").put_parameter(
        Name=parameter.id, Value="sesame shut", Type="SecureString", Overwrite=True
    )
    for found in (parameter, driver.read(parameter)):
        assert found.state["value"].is_secret
        assert found.inputs["value"].is_secret
        assert found.state["__inputs"].value["value"].is_secret
    assert driver.read(parameter)["value"] == "sesame shut"
    driver.delete(parameter)


def test_default_tags_reach_everything_and_their_change_is_seen(api_url, network):
    provider = AwsProvider(api_url, REGION)
    configure = protocol.ConfigureRequest({}, {"defaultTags": wrap({"tags": {"team": "x"}})}, True, True)
    asyncio.run(provider.configure(configure))
    driver = Driver(provider, api_url)
    group = driver.create("ec2/SecurityGroup", "tagged", vpcId=network.vpc, tags={"a": "1"})
    assert (group["tags"], group["tagsAll"]) == ({"a": "1"}, {"a": "1", "team": "x"})
    assert plain_bag(driver.read(group).state) == plain_bag(group.state)
    changed = protocol.ConfigureRequest({"aws:config:defaultTags": '{"tags": {"team": "y"}}'}, {}, True, True)
    asyncio.run(provider.configure(changed))
    assert driver.diff(group, vpcId=network.vpc, tags={"a": "1"}).diffs == ["tagsAll"]
    group = driver.update(group, vpcId=network.vpc, tags={"a": "1"})
    assert driver.read(group)["tagsAll"] == {"a": "1", "team": "y"}
    driver.delete(group)
    provider.close()


def test_configuration_that_is_not_modelled_is_refused_by_its_name(driver):
    request = protocol.CheckRequest("", {}, {"region": wrap(REGION), "assumeRoles": wrap([])}, b"")
    answer = asyncio.run(driver.provider.check_config(request))
    assert [failure.reason for failure in answer.failures] == [
        "aws:assumeRoles is not modelled by the sandbox"
    ]


def test_a_program_for_another_region_is_refused(driver):
    request = protocol.ConfigureRequest({}, {"region": PropertyValue("us-east-1")}, True, True)
    with pytest.raises(ProviderError, match="runs as region eu-west-1, the program asks for us-east-1"):
        asyncio.run(driver.provider.configure(request))


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"numCacheNodes": 1, "azMode": "cross-az"}, "azMode cross-az needs numCacheNodes of at least 2"),
        (
            {"engine": "redis", "numCacheNodes": 2},
            "a redis cluster has 1 node; replicas need a replication group",
        ),
        ({"clusterId": "c" * 51}, "clusterId has at most 50 characters"),
        ({"engine": "valkey"}, "engine: expected one of memcached, redis, got 'valkey'"),
    ],
)
def test_what_the_real_provider_refuses_of_a_cluster_at_preview_is_refused(driver, inputs, reason):
    (told,) = driver.reasons("elasticache/Cluster", **inputs)
    assert told == f"aws:elasticache/cluster:Cluster: {reason}"


@pytest.mark.parametrize(
    ("inputs", "replaces"),
    [
        ({"nodeType": "cache.t4g.small"}, ["nodeType"]),
        ({"engineVersion": "1.6.17"}, ["engineVersion"]),
        ({"transitEncryptionEnabled": False}, ["transitEncryptionEnabled"]),
        ({"port": 11212}, ["port"]),
        ({"numCacheNodes": 4, "azMode": "single-az", "parameterGroupName": "another"}, []),
    ],
)
def test_a_memcached_cluster_is_replaced_exactly_by_what_replaces_it_in_aws(driver, inputs, replaces):
    before = {
        "engine": "memcached",
        "engineVersion": "1.6.22",
        "nodeType": "cache.t4g.micro",
        "numCacheNodes": 2,
        "azMode": "cross-az",
        "port": 11211,
        "transitEncryptionEnabled": True,
    }
    checked = driver.checked("elasticache/Cluster", "it", before)
    state = {**checked, "engineVersionActual": wrap("1.6.22")}
    resource = Resource(urn("elasticache/Cluster", "it"), "it", checked, state)

    assert driver.diff(resource, **{**before, **inputs}).replaces == replaces
