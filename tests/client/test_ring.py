"""The ring places every key where libmemcached does, and moves no more than it must."""

from __future__ import annotations

import random
import statistics
import string

import pytest

from client.ring import Ring

from .placing import telling_ports

KEYS = [f"user:{number}:profile" for number in range(10_000)]


def placed_by_pylibmc(names: list[str]) -> dict[str, str]:
    pylibmc = pytest.importorskip("pylibmc", reason="pylibmc has no wheel for this Python")
    client = pylibmc.Client(names, behaviors={"ketama_weighted": True, "connect_timeout": 10_000})
    return {key: value.decode() for key, value in client.get_multi(KEYS).items()}


@pytest.mark.parametrize("first", [1, 11, 21, 31])
def test_10000_keys_are_placed_as_pylibmc_places_them_with_1_to_40_nodes(first):
    with telling_ports(["127.0.0.1:0"] * 40) as names:
        for count in range(first, first + 10):
            ring = Ring(names[:count])
            assert placed_by_pylibmc(names[:count]) == {key: ring.node_for(key.encode()) for key in KEYS}


@pytest.mark.parametrize("count", [47, 50, 55, 60])
def test_the_rounding_of_libmemcached_is_followed_beyond_40_nodes(count):
    with telling_ports(["127.0.0.1:0"] * count) as names:
        ring = Ring(names)
        assert placed_by_pylibmc(names) == {key: ring.node_for(key.encode()) for key in KEYS}


def test_nodes_at_the_default_port_are_placed_as_pylibmc_places_them():
    with telling_ports(["127.1.0.1:11211", "127.1.0.2:11211", "127.1.0.3:0"]) as names:
        ring = Ring(names)
        assert placed_by_pylibmc(names) == {key: ring.node_for(key.encode()) for key in KEYS}


def test_a_fourth_node_takes_about_a_quarter_of_the_keys_and_no_key_moves_elsewhere():
    chance = random.Random(7)
    keys = [key.encode() for key in KEYS[:2000]]
    shares = []
    for _ in range(200):
        cluster = "".join(chance.choices(string.ascii_lowercase, k=8))
        suffix = "".join(chance.choices(string.ascii_lowercase + string.digits, k=6))
        names = [f"{cluster}.{suffix}.{number:04}.euw1.cache.amazonaws.com:11211" for number in range(1, 5)]
        before, after = Ring(names[:3]), Ring(names)
        moved = [after.node_for(key) for key in keys if before.node_for(key) != after.node_for(key)]
        assert set(moved) == {names[3]}
        shares.append(len(moved) / len(keys))
    assert statistics.median(shares) <= 0.26
    assert max(shares) <= 0.32


def test_the_order_of_the_nodes_and_repeated_ones_change_nothing():
    ring, other = Ring(["a:1", "b:1", "c:1"]), Ring(["c:1", "a:1", "b:1", "a:1"])
    assert ring.nodes == other.nodes == ("a:1", "b:1", "c:1")
    assert ring.fingerprint == other.fingerprint
    assert all(ring.node_for(key.encode()) == other.node_for(key.encode()) for key in KEYS[:500])


def test_the_fingerprint_is_the_same_everywhere_and_differs_with_the_nodes():
    assert Ring(["a:11211", "b:11211"]).fingerprint == "3bd6c2a8282cb72e"
    assert len({Ring(nodes).fingerprint for nodes in (["a:1"], ["a:2"], ["b:1"], ["a:1", "b:1"])}) == 4


def test_a_ring_without_nodes_is_refused():
    with pytest.raises(ValueError, match="at least one node"):
        Ring([])


@pytest.mark.parametrize("count", [1, 3, 40])
def test_the_shares_of_a_batch_are_the_same_as_key_by_key(count):
    ring = Ring(f"node{number}:11211" for number in range(count))
    keys = [key.encode() for key in KEYS[:500]]
    expected: dict[str, list[bytes]] = {}
    for key in keys:
        expected.setdefault(ring.node_for(key), []).append(key)
    assert ring.shares(keys) == expected
    assert ring.shares([]) == {}
