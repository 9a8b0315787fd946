"""A cache that somebody made long before the program becomes the program's own: never replaced, its data kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from client.ring import Ring
from tests.real_engine import NEEDS_ENGINE

from .by_hand import ask, cache_by_hand, cluster_by_hand, machine_by_hand, network_by_hand, talk
from .environment import Environment
from .under_load import GROUP, steps

TOKEN = "the-token-of-the-old-application"
FILE = {
    "resources": [
        {"type": "aws-cache:index:RedisCache", "name": "cache", "component": True},
        {"type": GROUP, "name": "group", "logicalName": "cache", "id": "legacy", "parent": "cache"},
    ]
}
CLUSTER = "aws:elasticache/cluster:Cluster"
CLUSTER_FILE = {
    "resources": [
        {"type": "aws-cache:index:MemcachedCache", "name": "cache", "component": True},
        {"type": CLUSTER, "name": "cluster", "logicalName": "cache", "id": "legacy", "parent": "cache"},
    ]
}
pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(400)]


def identity(environment: Environment) -> dict[str, Any]:
    """What would be another one if the group had been replaced."""
    (group,) = environment.boto("elasticache").describe_replication_groups()["ReplicationGroups"]
    return {key: group[key] for key in ("ReplicationGroupId", "ReplicationGroupCreateTime", "MemberClusters")}


@pytest.mark.parametrize("engine", ["embedded", pytest.param("pulumi", marks=NEEDS_ENGINE)])
def test_an_old_cache_is_adopted_in_place_while_its_application_goes_on(
    new_environment: Environment, tmp_path_factory: pytest.TempPathFactory, engine: str
):
    environment, words = new_environment, ("--engine", engine)
    home = {"PULUMI_HOME": str(tmp_path_factory.mktemp("home"))}
    (environment.folder / ".venv").symlink_to(sys.prefix)
    environment.sandbox("env", env=home)
    network = network_by_hand(environment.boto("ec2"))
    group = cache_by_hand(environment, network, "legacy", AuthToken=TOKEN)
    machine = machine_by_hand(environment, network)
    before = identity(environment)
    described = environment.boto("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    host = described["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    assert talk(environment, machine, host, TOKEN, "SET", "before", "kept") == "+OK"

    # First the stack says what there is, and who may reach it stays as it was.
    environment.configure("network", **{"availability_zones": None, **network})
    cache = {"auth_token": TOKEN, "subnet_group_name": "legacy-subnets", "security_group_ids": [group]}
    environment.configure("cache", **cache)
    environment.configure("clients", instances=None, function=None)
    (environment.folder / "adopt.json").write_text(json.dumps(FILE))
    environment.sandbox("import", *words, "--file", "adopt.json", env=home)
    planned = environment.sandbox("preview", *words, env=home).stdout
    assert "to replace" not in planned  # a hint says what would be replaced some day
    said = environment.sandbox("up", *words, env=home, timeout=200).stdout
    if engine == "embedded":
        assert GROUP in steps(said, "updated")
        assert GROUP not in steps(said, "created") + steps(said, "replaced")
    assert identity(environment) == before
    assert talk(environment, machine, host, TOKEN, "GET", "before") == "kept"
    outputs = outputs_of(environment, home)
    assert (outputs["host"], outputs["engine_version"]) == (host, "7.0.7")

    # Then it may get groups and clients of the stack's own, and be brought up to date, still in place.
    environment.configure("cache", security_group_ids=None, engine_version="7.1")
    environment.configure("clients", instances=["app"])
    environment.sandbox("up", *words, env=home, timeout=200)
    assert identity(environment) == before
    found = environment.sandbox("run", "app", "--", "cache-cli GET before", env=home).stdout
    assert "kept" in found
    assert outputs_of(environment, home)["engine_version"] == "7.1.0"


def nodes_of(environment: Environment) -> dict[str, Any]:
    """The cluster's nodes by their names, and what would be another one if one of them had been replaced."""
    (cluster,) = environment.boto("elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)[
        "CacheClusters"
    ]
    made = {node["Endpoint"]["Address"]: node["CacheNodeCreateTime"] for node in cluster["CacheNodes"]}
    return {
        name: (cluster["CacheClusterCreateTime"], cluster["EngineVersion"], at) for name, at in made.items()
    }


def test_an_old_memcached_cluster_is_adopted_in_place_and_its_nodes_keep_what_they_hold(
    new_environment: Environment,
):
    environment = new_environment
    environment.sandbox("env")
    network = network_by_hand(environment.boto("ec2"))
    group = cluster_by_hand(environment, network, "legacy")
    machine = machine_by_hand(environment, network)
    before = nodes_of(environment)
    owner = Ring(f"{name}:11211" for name in before).node_for(b"before").removesuffix(":11211")
    assert ask(environment, machine, owner, "set before 0 0 4", "kept") == ["STORED"]

    environment.configure("network", **{"availability_zones": None, **network})
    cache = {"engine": "memcached", "replicas": None, "node_count": 2, "transit_encryption": False}
    kept = {"subnet_group_name": "legacy-subnets", "security_group_ids": [group]}
    environment.configure("cache", **cache, **kept)
    environment.configure("clients", instances=None, function=None)
    (environment.folder / "adopt.json").write_text(json.dumps(CLUSTER_FILE))
    environment.sandbox("import", "--engine", "embedded", "--file", "adopt.json")
    assert "to replace" not in environment.sandbox("preview", "--engine", "embedded").stdout
    said = environment.up()
    assert CLUSTER in steps(said, "updated")
    assert CLUSTER not in steps(said, "created") + steps(said, "replaced")
    assert nodes_of(environment) == before
    assert ask(environment, machine, owner, "get before") == ["VALUE", "before", "0", "4", "kept", "END"]

    # Then it may get groups and clients of the stack's own, which find the key where the old application put it.
    environment.configure("cache", security_group_ids=None)
    environment.configure("clients", instances=["app"])
    environment.up()
    assert nodes_of(environment) == before
    assert "kept" in environment.client("get", "before", "--from", "instances").stdout


def outputs_of(environment: Environment, home: Mapping[str, str]) -> dict[str, Any]:
    """The stack's outputs as they are now."""
    return json.loads(environment.sandbox("outputs", "--json", env=dict(home)).stdout)


def test_a_renamed_component_with_an_alias_keeps_the_cache(new_environment: Environment):
    environment = new_environment
    environment.configure("clients", function=None)
    environment.up()
    before = {resource["id"] for resource in environment.resources().values() if resource.get("id")}
    environment.client("put", "before", "kept", "--from", "instances")
    program = environment.folder / "__main__.py"
    text = program.read_text()
    old = 'stack.cache_type("cache", settings.placed(stack.cache, place))'
    assert old in text
    options = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(name="cache")])'
    new = f'stack.cache_type("store", settings.placed(stack.cache, place), {options})'
    program.write_text(text.replace(old, new))

    said = environment.up()

    assert not steps(said, "created") + steps(said, "replaced") + steps(said, "deleted"), said
    assert {resource["id"] for resource in environment.resources().values() if resource.get("id")} == before
    assert not [urn for urn in environment.resources() if urn.endswith("RedisCache::cache")]
    assert "kept" in environment.client("get", "before", "--from", "instances").stdout
