"""Who may reach a cache."""

from __future__ import annotations

import pytest

from components.cache_access import CacheAccess, check_cache_access
from components.problems import Problem
from tests.components.shared import EGRESS, INGRESS, SECURITY_GROUP


@pytest.fixture
def access(deploy):
    def declare(**args):
        return deploy(lambda: CacheAccess("cache", {"vpc_id": "vpc-1", "ports": [6379], **args}))

    return declare


def test_a_cache_has_its_group_and_the_group_to_join(access):
    run = access()

    assert run.counts() == {"aws-cache:index:CacheAccess": 1, SECURITY_GROUP: 2, INGRESS: 1, EGRESS: 1}
    assert {name: item.inputs["vpcId"] for name, item in run.of_type(SECURITY_GROUP).items()} == {
        "cache": "vpc-1",
        "cache-client": "vpc-1",
    }
    assert run.one("aws-cache:index:CacheAccess").outputs == {
        "cache_security_group_id": "cache-id",
        "client_security_group_id": "cache-client-id",
    }


def test_the_port_is_open_from_the_clients_to_the_cache_and_nowhere_else(access):
    run = access()

    into = run.one(INGRESS).inputs
    assert (into["securityGroupId"], into["referencedSecurityGroupId"]) == ("cache-id", "cache-client-id")
    assert (into["ipProtocol"], into["fromPort"], into["toPort"]) == ("tcp", 6379, 6379)
    out = run.one(EGRESS).inputs
    assert (out["securityGroupId"], out["referencedSecurityGroupId"]) == ("cache-client-id", "cache-id")
    assert (out["ipProtocol"], out["fromPort"], out["toPort"]) == ("tcp", 6379, 6379)


def test_the_cache_may_open_no_connection(access):
    run = access(ports=[6379, 6380])

    assert "cache-id" not in {item.inputs["securityGroupId"] for item in run.of_type(EGRESS).values()}
    assert not any("egress" in item.inputs for item in run.of_type(SECURITY_GROUP).values())


def test_rules_are_keyed_by_port_so_that_a_new_one_opens_before_the_old_one_closes(access):
    assert sorted(access(ports=[6379, 6380]).of_type(INGRESS)) == ["cache-client-6379", "cache-client-6380"]


def test_other_groups_and_ranges_may_be_let_in_by_name(access):
    run = access(allowed_security_group_ids={"batch": "sg-9"}, allowed_cidr_blocks={"office": "10.9.0.0/24"})

    assert sorted(run.of_type(INGRESS)) == [
        "cache-client-6379",
        "cache-group-batch-6379",
        "cache-range-office-6379",
    ]
    assert run.one(INGRESS, "cache-group-batch-6379").inputs["referencedSecurityGroupId"] == "sg-9"
    assert run.one(INGRESS, "cache-range-office-6379").inputs["cidrIpv4"] == "10.9.0.0/24"


def test_every_group_and_rule_says_what_it_is_for(access):
    run = access()

    assert all(item.inputs["description"] for item in run.resources.values() if item.custom)


def test_tags_reach_every_child(access):
    run = access(tags={"owner": "me"})

    assert {item.inputs["tags"]["owner"] for item in run.resources.values() if item.custom} == {"me"}


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"ports": []}, "ports", "must hold at least one port"),
        ({"ports": [6379, 8005]}, "ports[1]", "must be 1150-8004 or 8006-65535, got 8005"),
        ({"ports": [1149]}, "ports[0]", "must be 1150-8004 or 8006-65535, got 1149"),
        ({"ports": [6379, 6379]}, "ports[1]", "6379 is there twice"),
        (
            {"allowed_cidr_blocks": {"all": "0.0.0.0/0"}},
            "allowed_cidr_blocks.all",
            "opens the cache to every address there is; name the range that needs it (R132)",
        ),
        (
            {"allowed_cidr_blocks": {"some": "10.0.0.1/8"}},
            "allowed_cidr_blocks.some",
            "'10.0.0.1/8' has bits set behind its prefix; did you mean 10.0.0.0/8?",
        ),
        (
            {"allowed_cidr_blocks": {"all": "0.0.0.0/0.0.0.0"}},
            "allowed_cidr_blocks.all",
            "'0.0.0.0/0.0.0.0' is to be written as 0.0.0.0/0",
        ),
        (
            {"allowed_cidr_blocks": {"one": "10.0.0.1"}},
            "allowed_cidr_blocks.one",
            "'10.0.0.1' is to be written as 10.0.0.1/32",
        ),
        (
            {"allowed_cidr_blocks": {"some": "office"}},
            "allowed_cidr_blocks.some",
            "must be an IPv4 range such as 10.0.0.0/8, got 'office'",
        ),
    ],
)
def test_a_wrong_argument_is_refused(change, path, message):
    checks = check_cache_access("cache", {"vpc_id": "vpc-1", "ports": [6379], **change})

    assert checks.problems == [Problem(path, message)]
