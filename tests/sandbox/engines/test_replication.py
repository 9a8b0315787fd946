"""Replicas, and how the primary's role moves."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis

from .conftest import TOKEN


def eventually(claim: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def test_a_replica_has_what_the_primary_has_and_refuses_writes(secure):
    bench = secure(2)
    bench.client(token=TOKEN, tls=True).set("City", "Lisbon")
    reader = bench.client("node-2", token=TOKEN, tls=True)
    eventually(lambda: reader.get("City") == b"Lisbon")
    with pytest.raises(redis.exceptions.ReadOnlyError):
        reader.set("City", "Porto")
    assert bench.state("node-2")["role"] == "replica"


def test_when_the_primary_dies_the_promoted_replica_has_every_acknowledged_write(secure):
    bench = secure(2)
    client = bench.client(token=TOKEN, tls=True)
    for number in range(500):
        client.set(f"key-{number}", number)
    bench.engines.signal("node-1", "KILL")
    assert bench.state("node-1") == {"running": False, "responding": False}
    bench.spec["nodes"]["node-1"]["fenced"] = True
    bench.apply(primary="node-2")
    assert bench.client("node-2", token=TOKEN, tls=True).dbsize() == 500
    assert bench.state("node-2")["role"] == "primary"


def test_the_old_primary_comes_back_as_a_replica_without_what_it_alone_had(secure):
    bench = secure(2)
    client = bench.client(token=TOKEN, tls=True)
    client.set("shared", "1")
    eventually(lambda: bench.client("node-2", token=TOKEN, tls=True).get("shared") == b"1")
    bench.spec["nodes"]["node-2"]["detached"] = True
    bench.apply()
    client.set("alone", "1")
    bench.engines.signal("node-1", "STOP")
    assert bench.state("node-1") == {"running": True, "responding": False}
    bench.spec["nodes"]["node-1"]["fenced"] = True
    bench.spec["nodes"]["node-2"]["detached"] = False
    bench.apply(primary="node-2")
    bench.engines.signal("node-1", "CONT")
    bench.spec["nodes"]["node-1"]["fenced"] = False
    bench.apply()
    rejoined = bench.client("node-1", token=TOKEN, tls=True)
    assert rejoined.get("alone") is None
    assert rejoined.get("shared") == b"1"
    assert rejoined.execute_command("ROLE")[0] == b"slave"


def test_cut_replication_loses_exactly_the_writes_after_the_cut(secure):
    bench = secure(2)
    client = bench.client(token=TOKEN, tls=True)
    for number in range(40):
        client.set(f"before-{number}", number)
    assert client.wait(1, 2000) == 1
    bench.spec["nodes"]["node-2"]["detached"] = True
    bench.apply()
    for number in range(25):
        client.set(f"after-{number}", number)
    bench.engines.signal("node-1", "KILL")
    bench.spec["nodes"]["node-2"]["detached"] = False
    bench.spec["nodes"]["node-1"]["fenced"] = True
    bench.apply(primary="node-2")
    survivor = bench.client("node-2", token=TOKEN, tls=True)
    assert len(survivor.keys("before-*")) == 40
    assert survivor.keys("after-*") == []


def test_a_planned_hand_over_loses_nothing_and_closes_the_old_primarys_clients(secure):
    bench = secure(2)
    client = bench.client(token=TOKEN, tls=True)
    for number in range(300):
        client.set(f"key-{number}", number)
    connection = client.connection_pool.get_connection()
    connection.send_command("PING")
    assert connection.read_response() == b"PONG"
    bench.apply(primary="node-2")
    connection.send_command("PING", check_health=False)
    with pytest.raises(redis.ConnectionError):
        connection.read_response()
    assert bench.client("node-2", token=TOKEN, tls=True).dbsize() == 300
    assert bench.state("node-1")["role"] == "replica"


def test_a_cache_moves_to_new_nodes_with_its_data_and_the_old_ones_end(secure):
    bench = secure(2)
    bench.client(token=TOKEN, tls=True).set("City", "Lisbon")
    old = dict(bench.spec["nodes"])
    bench.apply(nodes={**old, "node-3": bench.node(), "node-4": bench.node()})
    bench.apply(nodes={name: bench.spec["nodes"][name] for name in ("node-3", "node-4")}, primary="node-3")
    assert bench.client("node-3", token=TOKEN, tls=True).get("City") == b"Lisbon"
    assert sorted(bench.engines.state("cache")) == ["node-3", "node-4"]


def test_a_single_node_is_replaced_in_one_step_with_its_data(bench):
    bench.specify(1)
    bench.apply()
    bench.client().set("City", "Lisbon")
    bench.apply(nodes={"node-2": bench.node()}, primary="node-2")
    assert bench.client("node-2").get("City") == b"Lisbon"
    assert list(bench.engines.state("cache")) == ["node-2"]


def test_a_restarted_single_node_is_empty(bench):
    bench.specify(1)
    bench.apply()
    bench.client().set("City", "Lisbon")
    bench.engines.signal("node-1", "KILL")
    bench.apply()
    assert bench.client().dbsize() == 0


def test_a_snapshot_restores_into_another_cache(bench):
    bench.specify(1)
    bench.apply()
    bench.client().set("City", "Lisbon")
    assert bench.engines.save("cache", "node-1", "monday") > 0
    bench.cache_id = "other"
    bench.specify(2, restore="monday")
    bench.spec["nodes"] = {"copy-1": bench.node(), "copy-2": bench.node()}
    bench.apply(primary="copy-1")
    assert bench.client("copy-1").get("City") == b"Lisbon"
    assert bench.client("copy-2").get("City") == b"Lisbon"


def test_a_frozen_node_does_not_hold_up_the_state_of_the_others(secure):
    bench = secure(3)
    bench.engines.signal("node-1", "STOP")
    started = time.monotonic()
    states = bench.engines.state("cache")
    assert time.monotonic() - started < 1.0
    assert [states[name]["responding"] for name in sorted(states)] == [False, True, True]
    bench.engines.signal("node-1", "CONT")
