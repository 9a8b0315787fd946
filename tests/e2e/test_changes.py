"""A stack that is in use is changed: in place where AWS can, else replaced; its clients go on either way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import pytest

from .environment import Environment
from .instance_programs import FOLLOWER, ROUNDS_AT_THE_END, on_instance
from .under_load import GROUP, PARAMETER_GROUP, group, identities, steps, up_under_load

pytestmark = pytest.mark.namespaces

FOLLOWED_SECONDS = 2.0


@pytest.fixture(scope="module")
def changed(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment that these tests change, each another part of it."""
    with Environment(tmp_path_factory.mktemp("changed")) as environment:
        environment.up()
        yield environment


def memory(environment: Environment) -> Mapping[str, str]:
    """What the primary says of its memory, as a person on the instance reads it."""
    said = environment.sandbox("run", "app", "--", "cache-cli INFO memory").stdout
    return dict(line.split(":", 1) for line in said.splitlines() if ":" in line)


def test_a_replica_is_added_in_place_while_writes_go_on(changed: Environment):
    before = identities(changed)
    changed.configure("cache", replicas=2)

    said = up_under_load(changed)

    assert (steps(said, "updated"), identities(changed)) == ([GROUP], before)
    assert (group(changed)["Status"], len(group(changed)["MemberClusters"])) == ("available", 3)
    assert changed.outputs()["member_ids"] == group(changed)["MemberClusters"]
    assert "connected_slaves:2" in changed.sandbox("run", "app", "--", "cache-cli INFO replication").stdout


def test_a_tag_is_added_in_place_while_writes_go_on(changed: Environment):
    before = identities(changed)
    changed.configure("tags", owner="tests")

    said = up_under_load(changed)

    assert identities(changed) == before
    assert len(steps(said, "updated")) > 20
    assert not steps(said, "created") + steps(said, "replaced") + steps(said, "deleted")
    tags = changed.boto("elasticache").list_tags_for_resource(ResourceName=group(changed)["ARN"])["TagList"]
    assert {"Key": "owner", "Value": "tests"} in tags


def test_parameters_are_set_in_place_while_writes_go_on(changed: Environment):
    before = identities(changed)
    changed.configure("cache", parameters={"maxmemory-policy": "allkeys-lfu"})

    said = up_under_load(changed)

    after = identities(changed)
    assert (steps(said, "created"), steps(said, "updated")) == ([PARAMETER_GROUP], [GROUP])
    assert {urn: after[urn] for urn in before} == before
    assert memory(changed)["maxmemory_policy"] == "allkeys-lfu"

    changed.configure("cache", parameters={"maxmemory-policy": "volatile-ttl"})
    again = up_under_load(changed)

    assert (steps(again, "updated"), identities(changed)) == ([PARAMETER_GROUP], after)
    assert memory(changed)["maxmemory_policy"] == "volatile-ttl"


def test_the_nodes_are_made_larger_in_place_while_writes_go_on(changed: Environment):
    before, bytes_before = identities(changed), int(memory(changed)["maxmemory"])
    changed.configure("cache", node_type="cache.t4g.small")

    said = up_under_load(changed)

    assert (steps(said, "updated"), identities(changed)) == ([GROUP], before)
    assert group(changed)["CacheNodeType"] == "cache.t4g.small"
    assert int(memory(changed)["maxmemory"]) > 2 * bytes_before


def test_a_new_port_replaces_the_cache_and_a_running_client_follows_by_itself(changed: Environment):
    before, old = identities(changed), group(changed)["ReplicationGroupId"]
    changed.configure("cache", port=6380)

    with on_instance(changed, FOLLOWER) as follower:
        said = changed.up()
        time.sleep(FOLLOWED_SECONDS)

    after = identities(changed)
    assert GROUP in steps(said, "replaced")
    assert not {kind for kind in steps(said, "replaced") if kind.startswith(("aws:ec2/inst", "aws:lambda"))}
    kept = [urn for urn in before if "Client" in urn]
    assert len(kept) > 10
    assert {urn: after.get(urn) for urn in kept} == {urn: before[urn] for urn in kept}
    assert group(changed)["ReplicationGroupId"] != old
    assert changed.outputs()["port"] == 6380
    rounds = follower.answer
    assert rounds[0][1:] == ["ok", 6379]
    assert [how for _, *how in rounds[-ROUNDS_AT_THE_END:]] == [["ok", 6380]] * ROUNDS_AT_THE_END
    changed.client("put", "after", "the change", "--from", "function")
    found = changed.client("get", "after", "--from", "instances").stdout
    assert "the change" in found
