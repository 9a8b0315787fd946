"""Which node a fault means, what it does to it, and what ends it."""

from __future__ import annotations

import pytest

from sandbox.engines.errors import EngineError
from sandbox.errors import SandboxError

from .conftest import Api, eventually


@pytest.fixture
def caches(api: Api) -> Api:
    """A group of three named cache, a single node named one, a Memcached cluster named shop."""
    api.create_group(NumCacheClusters=3)
    common = {"CacheNodeType": "cache.t4g.micro", "CacheSubnetGroupName": "subnets"}
    api.client.create_cache_cluster(CacheClusterId="one", Engine="redis", NumCacheNodes=1, **common)
    api.client.create_cache_cluster(CacheClusterId="shop", Engine="memcached", NumCacheNodes=2, **common)
    api.available()
    for name in ("one", "shop"):
        eventually(lambda name=name: api.cluster(name)["CacheClusterStatus"] == "available")
    return api


def node_id(api: Api, label: str) -> str:
    """The engine's id of a node."""
    for cache in api.part._service.caches:
        for member in cache.members:
            if cache.label(member) == label:
                return member.placement.node_id
    raise KeyError(label)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cache-002", "cache-002"),
        ("CACHE-002", "cache-002"),
        ("one", "one"),
        ("shop.0002", "shop.0002"),
        ("shop/0002", "shop.0002"),
        ("0002", "shop.0002"),
        ("primary", "cache-001"),
        ("replica", "cache-002"),
    ],
)
def test_a_node_is_named_by_id_number_or_role(caches, name, meant):
    assert caches.part.fault(name, "slow", 20) == f"{meant}: replies come 20 ms late"
    assert caches.engines.disturbed == {node_id(caches, meant): (20, 0)}


def test_a_role_follows_the_primary(caches):
    caches.part.fault("primary", "kill")
    eventually(lambda: caches.part.status()[0]["nodes"][0]["primary"] is False)
    eventually(lambda: caches.group()["Status"] == "available")
    assert not caches.part.fault("primary", "slow").startswith("cache-001")


def test_a_single_node_is_a_primary_where_there_is_no_group(api):
    api.client.create_cache_cluster(
        CacheClusterId="one", Engine="redis", CacheNodeType="cache.t4g.micro", CacheSubnetGroupName="subnets"
    )
    eventually(lambda: api.cluster("one")["CacheClusterStatus"] == "available")
    assert api.part.fault("primary", "slow") == "one: replies come 100 ms late"


THERE = "cache-001, cache-002, cache-003, one, shop.0001, shop.0002"


@pytest.mark.parametrize(
    ("name", "kind", "amount", "message"),
    [
        ("nope", "kill", None, f"there is no cache node 'nope'; there are: {THERE}"),
        (
            "cahce-001",
            "kill",
            None,
            f"there is no cache node 'cahce-001'; did you mean cache-001? there are: {THERE}",
        ),
        (
            "primry",
            "kill",
            None,
            f"there is no cache node 'primry'; did you mean primary? there are: {THERE}",
        ),
        ("xyz", "kill", None, f"there is no cache node 'xyz'; there are: {THERE}"),
        (
            "cache-001",
            "melt",
            None,
            "unknown fault 'melt'; there are kill, freeze, thaw, cut, slow, lose, cut-replication, heal",
        ),
        ("cache-001", "kill", 3, "kill takes no amount, got 3"),
        ("cache-001", "slow", 0, "slow takes milliseconds above 0 and up to 60000, got 0"),
        ("cache-001", "slow", float("nan"), "slow takes milliseconds above 0 and up to 60000, got nan"),
        ("cache-001", "lose", 101, "lose takes percent above 0 and up to 100, got 101"),
        (
            "shop.0001",
            "cut-replication",
            None,
            "shop.0001 is a Memcached node, and nothing is replicated there",
        ),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(caches, name, kind, amount, message):
    with pytest.raises(SandboxError) as caught:
        caches.part.fault(name, kind, amount)
    assert str(caught.value) == message


def test_a_node_that_does_not_take_it_is_told_by_name(caches, monkeypatch):
    def refuse(*arguments, **more):
        raise EngineError("it does not answer")

    monkeypatch.setattr(caches.engines, "disturb", refuse)
    with pytest.raises(SandboxError) as caught:
        caches.part.fault("cache-001", "slow")
    assert str(caught.value) == "cache-001 cannot be harmed so now: it does not answer"


def test_without_a_cache_there_is_nothing_to_harm(api):
    with pytest.raises(SandboxError, match="there is no cache node 'primary'; there are: none"):
        api.part.fault("primary", "kill")


def test_a_word_that_means_several_caches_is_refused_with_all_of_them(api):
    for name in ("cache", "other"):
        api.create_group(name)
        api.available(name)
    with pytest.raises(SandboxError) as caught:
        api.part.fault("primary", "kill")
    assert str(caught.value) == "'primary' can mean several cache nodes: cache-001, other-001"


@pytest.mark.parametrize("name", ["cache-002", "shop.0001"])
def test_to_heal_ends_every_fault_of_a_node(caches, name):
    engine_id = node_id(caches, name)
    assert caches.part.fault(name, "slow", 50) == f"{name}: replies come 50 ms late"
    assert (
        caches.part.fault(name, "lose")
        == f"{name}: 1 % of the replies are lost, and their connections with them"
    )
    assert caches.engines.disturbed[engine_id] == (0, 1)
    assert caches.part.fault(name, "cut") == f"{name}: no packet reaches or leaves it"
    assert caches.part.fault(name, "freeze") == f"{name}: frozen"
    assert caches.context.cut
    assert engine_id in caches.engines.silent
    assert caches.part.fault(name, "heal") == f"{name}: no fault is left"
    assert caches.engines.disturbed[engine_id] == (0, 0)
    assert engine_id not in caches.engines.silent
    eventually(lambda: not caches.context.cut)
