"""Nothing is renamed between versions: the URNs of every shape are those that are committed."""

from __future__ import annotations

import pytest

from components.memcached_cache import MemcachedCache
from components.redis_cache import RedisCache
from tests.commands import programs
from tests.components.shared import cache_args
from tests.recorder import deploy
from tests.snapshots import urns

pytestmark = pytest.mark.usefixtures("one_bundle")


@pytest.mark.parametrize("shape", urns.SHAPES)
def test_no_resource_changes_its_urn(shape):
    difference = urns.FILES.difference(shape, urns.urns(shape))

    assert not difference, difference


def test_every_snapshot_has_its_shape():
    assert {path.stem for path in urns.FILES.folder.glob("*.txt")} == set(urns.SHAPES)


def test_a_renamed_resource_is_shown_with_the_way_to_renew():
    renamed = urns.FILES.committed("dev").replace("::cache-slow-log", "::cache-slow")

    lines = urns.FILES.difference("dev", renamed).splitlines()
    assert lines[0].startswith("the URNs of dev changed: stacks that exist would lose what a `-` line names")
    assert "`python -m tests.snapshots.urns` renews the snapshot" in lines[0]
    changed = [line.rpartition("::")[2] for line in lines if line.startswith(("-urn", "+urn"))]
    assert changed == ["cache-slow-log", "cache-slow"]


def test_the_same_program_in_another_order_of_zones_and_instances_has_the_same_urns():
    one = urns.run(
        network={"availability_zones": ["eu-west-1a", "eu-west-1b"]}, clients={"instances": ["read", "write"]}
    )
    other = urns.run(
        network={"availability_zones": ["eu-west-1b", "eu-west-1a"]}, clients={"instances": ["write", "read"]}
    )

    assert set(one.resources) == set(other.resources)


@pytest.mark.parametrize("component", [RedisCache, MemcachedCache])
def test_the_guides_transformation_finds_the_groups_and_rules_that_0_1_0_made(component):
    (transformation,) = (code for code in programs("docs/guide.md") if "as_in_0_1_0" in code)

    def program():
        exec(compile(transformation, "guide", "exec"), {})
        component("cache", cache_args(port=6379))

    known = [alias for one in deploy(program).resources.values() for alias in one.aliases]
    cache = f"urn:pulumi:dev::aws-cache::aws-cache:index:{component.__name__}"
    assert sorted(alias.removeprefix(f"{cache}$aws-cache:index:CacheAccess$aws:") for alias in known) == [
        "ec2/securityGroup:SecurityGroup::cache",
        "ec2/securityGroup:SecurityGroup::cache-client",
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule::cache-client-6379",
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule::cache-client-6379",
    ]
