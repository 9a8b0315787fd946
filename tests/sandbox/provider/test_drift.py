"""What a refresh sees of changes that were made past the program, and how the next update undoes them."""

from __future__ import annotations

import pytest

from sandbox.provider.tagging import MARK_TAG
from tests.sandbox.provider.driver import secret


def settled(driver, resource, inputs):
    """The names that an update after a refresh would bring back, and that it does."""
    seen = driver.read(resource)
    names = driver.diff(seen, **inputs).diffs
    repaired = driver.read(driver.update(seen, **inputs))
    assert not driver.diff(repaired, **inputs).changes
    return set(names)


@pytest.mark.parametrize(
    ("short", "inputs", "service", "operation", "request_of", "drifted"),
    [
        (
            "ec2/Vpc",
            {"cidrBlock": "10.7.0.0/16", "enableDnsHostnames": True},
            "ec2",
            "modify_vpc_attribute",
            lambda each: {"VpcId": each.id, "EnableDnsHostnames": {"Value": False}},
            {"enableDnsHostnames"},
        ),
        (
            "ec2/Vpc",
            {"cidrBlock": "10.7.0.0/16"},
            "ec2",
            "modify_vpc_attribute",
            lambda each: {"VpcId": each.id, "EnableDnsSupport": {"Value": False}},
            {"enableDnsSupport"},
        ),
        (
            "ec2/Vpc",
            {"cidrBlock": "10.7.0.0/16"},
            "ec2",
            "create_tags",
            lambda each: {"Resources": [each.id], "Tags": [{"Key": "by", "Value": "hand"}]},
            {"tags"},
        ),
        (
            "cloudwatch/LogGroup",
            {"retentionInDays": 7},
            "logs",
            "delete_retention_policy",
            lambda each: {"logGroupName": each.id},
            {"retentionInDays"},
        ),
        (
            "cloudwatch/LogGroup",
            {},
            "logs",
            "put_retention_policy",
            lambda each: {"logGroupName": each.id, "retentionInDays": 30},
            {"retentionInDays"},
        ),
        (
            "elasticache/ParameterGroup",
            {"family": "redis7", "parameters": [{"name": "timeout", "value": "60"}]},
            "elasticache",
            "reset_cache_parameter_group",
            lambda each: {"CacheParameterGroupName": each.id, "ResetAllParameters": True},
            {"parameters"},
        ),
    ],
    ids=["attribute", "default", "tag", "removed", "added", "parameters"],
)
def test_a_change_made_by_hand_is_seen_and_undone(
    driver, short, inputs, service, operation, request_of, drifted
):
    resource = driver.create(short, **inputs)
    getattr(driver.client(service), operation)(**request_of(resource))
    assert settled(driver, resource, inputs) == drifted
    driver.delete(resource)


def test_a_secret_that_was_changed_by_hand_is_set_again(driver, network):
    inputs = {"name": f"/test-{network.mark}/drift", "type": "SecureString", "value": secret("one and only")}
    parameter = driver.create("ssm/Parameter", **inputs)
    driver.client("ssm").put_parameter(Name=parameter.id, Value="other", Type="SecureString", Overwrite=True)
    assert settled(driver, parameter, inputs) == {"value"}
    found = driver.client("ssm").get_parameter(Name=parameter.id, WithDecryption=True)
    assert found["Parameter"]["Value"] == "one and only"
    driver.delete(parameter)


def test_a_setting_that_aws_chooses_is_no_drift_when_it_moves(driver, network):
    group = driver.create(
        "elasticache/ReplicationGroup",
        description="a cache",
        nodeType="cache.t4g.micro",
        numCacheClusters=1,
        subnetGroupName=network.cache_subnets,
        applyImmediately=True,
    )
    driver.client("elasticache").modify_replication_group(
        ReplicationGroupId=group.id, PreferredMaintenanceWindow="tue:01:00-tue:02:00", ApplyImmediately=True
    )
    seen = driver.read(group)
    assert seen["maintenanceWindow"] == "tue:01:00-tue:02:00"
    assert not driver.diff(
        seen,
        description="a cache",
        nodeType="cache.t4g.micro",
        numCacheClusters=1,
        subnetGroupName=network.cache_subnets,
        applyImmediately=True,
    ).changes
    driver.delete(group)


def test_the_mark_is_on_the_resource_and_never_among_its_tags(driver):
    vpc = driver.create("ec2/Vpc", cidrBlock="10.7.0.0/16", tags={"a": "1"})
    found = driver.client("ec2").describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["Tags"]
    assert sorted(tag["Key"] for tag in found) == ["a", MARK_TAG]
    assert driver.read(vpc)["tagsAll"] == {"a": "1"}
    vpc = driver.update(vpc, cidrBlock="10.7.0.0/16", tags={"b": "2"})
    found = driver.client("ec2").describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["Tags"]
    assert sorted(tag["Key"] for tag in found) == ["b", MARK_TAG]
    driver.delete(vpc)


def test_what_was_deleted_by_hand_is_gone(driver, network):
    instance = driver.create(
        "ec2/Instance", ami=network.image, instanceType="t4g.micro", subnetId=network.subnets[0]
    )
    driver.client("ec2").terminate_instances(InstanceIds=[instance.id])
    assert driver.read(instance) is None
    driver.delete(instance)


def test_a_new_group_sends_nothing_and_the_default_group_is_emptied(driver):
    vpc = driver.create("ec2/Vpc", cidrBlock="10.7.0.0/16")
    group = driver.create("ec2/SecurityGroup", vpcId=vpc.id)
    default = driver.create("ec2/DefaultSecurityGroup", vpcId=vpc.id, tags={"a": "1"})
    assert default.id == vpc["defaultSecurityGroupId"]
    found = driver.client("ec2").describe_security_groups(GroupIds=[group.id, default.id])["SecurityGroups"]
    assert [(each["IpPermissions"], each["IpPermissionsEgress"]) for each in found] == [([], [])] * 2
    assert driver.read(default)["tagsAll"] == {"a": "1"}
    assert not driver.diff(default, vpcId=vpc.id, tags={"a": "1"}).changes
    for resource in (default, group, vpc):
        driver.delete(resource)
    assert driver.read(vpc) is None


def test_a_route_is_made_turned_and_removed(driver, network):
    nat = driver.create("ec2/NatGateway", subnetId=network.subnets[0], connectivityType="private")
    inputs = {
        "routeTableId": network.table,
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": network.gateway,
    }
    checked = driver.checked("ec2/Route", "out", inputs)
    assert driver.adopt("ec2/Route", "out", checked) is None
    route = driver.make("ec2/Route", "out", checked)
    assert driver.adopt("ec2/Route", "out", checked)[0] == route.id == f"r-{network.table}1080289494"
    turned = {"routeTableId": network.table, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": nat.id}
    assert set(driver.diff(route, **turned).diffs) == {"gatewayId", "natGatewayId"}
    route = driver.update(route, **turned)
    assert not driver.diff(driver.read(route), **turned).changes
    for resource in (route, nat):
        driver.delete(resource)
        driver.delete(resource)
    assert driver.read(route) is None
