"""The safe defaults hold AWS's security controls: one test each, named by the control, on the program `dev`.

What a control demands stands in its test's docstring, after the Security Hub user guide of 2025.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from components.client_function import ClientFunctionArgs
from components.instance_arguments import ClientInstancesArgs
from components.network_arguments import NetworkArgs
from components.redis_arguments import RedisCacheArgs
from tests.components.shared import GROUP
from tests.test_program import run

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "security.md"
INSTANCE, FUNCTION = "aws:ec2/instance:Instance", "aws:lambda/function:Function"


@functools.cache
def dev():
    return run()


@functools.cache
def recorded():
    """Return dev with a record of its connections and alarms: what makes every key the program can make."""
    zones = ["eu-west-1a", "eu-west-1b"]
    return run(
        network={"availability_zones": zones, "flow_logs_retention_days": 365},
        alarms={"emails": ["ops@example.com"]},
    )


def group():
    return dev().one(GROUP).inputs


def test_elasticache_1_backups_are_kept_for_a_day_or_more():
    """ElastiCache.1: the snapshot retention limit of a Redis cluster is 1 day at least."""
    assert group()["snapshotRetentionLimit"] >= 1


def test_elasticache_2_minor_versions_are_installed_by_themselves():
    """ElastiCache.2: automatic minor version upgrades are on.

    And the next update must leave such an upgrade alone: a version that nobody asked for is not compared (R45).
    """
    assert group()["autoMinorVersionUpgrade"] is True
    assert "engineVersion" in dev().one(GROUP).ignore_changes


def test_elasticache_3_a_replica_takes_over_by_itself():
    """ElastiCache.3: a replication group has automatic failover."""
    assert (group()["automaticFailoverEnabled"], group()["numCacheClusters"]) == (True, 2)


def test_elasticache_4_disks_and_backups_are_encrypted():
    """ElastiCache.4: a replication group is encrypted at rest."""
    assert group()["atRestEncryptionEnabled"] is True


def test_elasticache_5_connections_are_encrypted():
    """ElastiCache.5: a replication group is encrypted in transit."""
    assert group()["transitEncryptionEnabled"] is True
    assert group().get("transitEncryptionMode") in (None, "required")


def test_elasticache_6_clients_show_a_token():
    """ElastiCache.6: groups of versions before 6.0 have AUTH. Ours have it at every version, unless it is declined."""
    assert re.fullmatch("[A-Za-z0-9]{48}", group()["authToken"])
    assert "authToken" in dev().one(GROUP).secrets


def test_elasticache_7_subnets_are_chosen():
    """ElastiCache.7: a cluster is not in the subnet group `default`."""
    subnets = dev().one("aws:elasticache/subnetGroup:SubnetGroup")

    assert group()["subnetGroupName"] == f"{subnets.name}-1234567"
    assert subnets.inputs["subnetIds"] == [f"network-private-eu-west-1{zone}-id" for zone in "ab"]


def test_ec2_2_the_default_security_group_lets_nothing_through():
    """EC2.2: a VPC's default security group has no rule inwards or outwards."""
    default = dev().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs

    assert (default["vpcId"], default["ingress"], default["egress"]) == ("network-id", [], [])


def test_ec2_6_connections_are_recorded():
    """EC2.6: a VPC has flow logs, of what was refused at least. They cost, hence flow_logs_retention_days asks."""
    flow_log = recorded().one("aws:ec2/flowLog:FlowLog").inputs

    assert flow_log["vpcId"] == "network-id"
    assert flow_log["trafficType"] in ("REJECT", "ALL")


def test_ec2_8_instances_answer_metadata_for_a_token_only():
    """EC2.8: an instance's HttpTokens is `required` (IMDSv2)."""
    options = [item.inputs["metadataOptions"] for item in dev().of_type(INSTANCE).values()]

    assert [item["httpTokens"] for item in options] == ["required"]


def test_ec2_9_instances_have_no_public_address():
    """EC2.9: an instance's configuration has no public IPv4 address."""
    instances = dev().of_type(INSTANCE).values()
    subnets = dev().of_type("aws:ec2/subnet:Subnet").values()

    assert [item.inputs["associatePublicIpAddress"] for item in instances] == [False]
    assert {item.inputs["mapPublicIpOnLaunch"] for item in subnets} == {False}


def test_kms_4_keys_rotate():
    """KMS.4: a customer's symmetric key has automatic rotation."""
    keys = recorded().of_type("aws:kms/key:Key")

    assert sorted(keys) == ["alarms", "endpoint", "network-flow-logs"]
    assert {item.inputs["enableKeyRotation"] for item in keys.values()} == {True}


@pytest.mark.parametrize("url", ["none", "iam"])
def test_lambda_1_the_function_is_not_public(url):
    """Lambda.1: no statement of a function's policy has everybody as principal. A public URL asks twice."""
    declared = run(clients={"function": {"url": url}})

    principals = {
        item.inputs["principal"] for item in declared.of_type("aws:lambda/permission:Permission").values()
    }
    assert principals == ({"123456789012"} if url == "iam" else set())


def test_lambda_3_the_function_is_in_the_vpc():
    """Lambda.3: a function has a VPC configuration."""
    place = dev().one(FUNCTION).inputs["vpcConfig"]

    assert place["subnetIds"] == [f"network-private-eu-west-1{zone}-id" for zone in "ab"]
    assert place["securityGroupIds"]


def test_the_table_of_controls_names_every_test_and_no_other():
    told = dict(
        re.findall(
            r"^\| ([A-Za-z0-9]+\.\d+) \|.*\| `(test_\w+)` \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE
        )
    )

    tests = [name for name in globals() if re.match(r"test_(elasticache|ec2|kms|lambda)_\d", name)]
    assert sorted(told.values()) == sorted(tests)
    assert all(
        test.startswith(f"test_{control.lower().replace('.', '_')}_") for control, test in told.items()
    )
    assert len(told) == 14


def test_every_argument_that_the_document_names_exists():
    types = (RedisCacheArgs, NetworkArgs, ClientInstancesArgs, ClientFunctionArgs)
    known = {key for one in types for key in one.__annotations__}

    named = set(re.findall(r"`(\w+): [^`]+`", DOCUMENT.read_text("utf-8")))
    assert len(named) == 11
    assert named - known == set()
