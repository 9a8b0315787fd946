"""Redis nodes whose replies come late or get lost: by a front that takes the port while it lasts."""

from __future__ import annotations

import socket
import time

import pytest
import redis

from sandbox.engines import EngineError, fronting

TOKEN = "correct-horse-battery-staple"
MODES = ("off", "required", "preferred")
GONE = (redis.exceptions.ConnectionError,)


@pytest.fixture
def cache(bench):
    """Applies a cache of two nodes in a transit mode."""

    def build(mode="off"):
        bench.specify(2, transit_encryption=mode)
        bench.apply()
        return bench

    return build


def spent(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.parametrize("mode", MODES)
def test_replies_come_late_until_they_do_not(cache, mode):
    bench = cache(mode)
    bench.client(tls=mode != "off").set("a", 1)
    bench.engines.disturb("node-1", delay_milliseconds=100)
    client = bench.client(tls=mode != "off")
    client.ping()
    assert spent(client.ping) >= 0.1
    bench.engines.disturb("node-1")
    healed = bench.client(tls=mode != "off")
    assert healed.get("a") == b"1"
    assert min(spent(healed.ping) for _ in range(5)) < 0.1


@pytest.mark.parametrize("mode", MODES)
def test_a_lost_reply_takes_its_connection_with_it(cache, mode):
    bench = cache(mode)
    bench.engines.disturb("node-1", loss_percent=100)
    with pytest.raises(GONE):
        bench.client(tls=mode != "off").ping()
    bench.engines.disturb("node-1")
    assert bench.client(tls=mode != "off").ping()


def test_what_was_lost_on_the_way_back_was_done(cache):
    bench = cache()
    bench.engines.disturb("node-1", loss_percent=50)
    acknowledged = lost = 0
    for _ in range(60):
        try:
            bench.client().incr("n")
            acknowledged += 1
        except GONE:
            lost += 1
    bench.engines.disturb("node-1")
    assert acknowledged > 0
    assert lost > 0
    assert acknowledged <= int(bench.client().get("n")) <= 60


def test_replication_goes_on_at_full_speed(cache):
    bench = cache()
    bench.engines.disturb("node-1", delay_milliseconds=500, loss_percent=100)
    bench.engines.signal("node-2", "KILL")
    assert spent(bench.apply) < 5
    assert bench.state("node-2")["link"] == "up"


def test_a_node_that_starts_anew_is_still_slow(cache):
    bench = cache()
    bench.engines.disturb("node-2", delay_milliseconds=100)
    bench.engines.signal("node-2", "KILL")
    bench.apply()
    client = bench.client("node-2")
    client.ping()
    assert spent(client.ping) >= 0.1
    assert client.info("replication")["role"] == "slave"


def test_a_failover_passes_through_a_slow_node(cache):
    bench = cache()
    bench.client().set("a", 1)
    bench.engines.disturb("node-1", delay_milliseconds=50)
    bench.apply(primary="node-2")
    assert bench.client("node-2").get("a") == b"1"
    bench.client("node-2").set("a", 2)
    bench.engines.disturb("node-1")
    bench.apply(primary="node-1")
    assert bench.client().get("a") == b"2"


def test_clients_and_peers_are_told_the_port_that_they_know(cache):
    bench = cache()
    bench.engines.disturb("node-2", delay_milliseconds=1)
    bench.engines.signal("node-2", "KILL")
    bench.apply()
    (follower,) = bench.client().execute_command("ROLE")[2]
    assert follower[:2] == [
        bench.spec["nodes"]["node-2"]["address"].encode(),
        str(bench.spec["port"]).encode(),
    ]


def test_a_client_that_says_nothing_is_left_alone_and_one_that_goes_is_forgotten(cache):
    bench = cache("preferred")
    address = (bench.spec["nodes"]["node-1"]["address"], bench.spec["port"])
    with socket.create_connection(address, 3) as silent:
        silent.settimeout(0.1)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        silent.shutdown(socket.SHUT_WR)
        silent.settimeout(3)
        assert silent.recv(1) == b""
    with socket.create_connection(address, 3) as quick:
        quick.sendall(b"PING\r\n")
        quick.shutdown(socket.SHUT_WR)
        assert quick.recv(100) == b"+PONG\r\n"
        assert quick.recv(100) == b""


def test_large_replies_pass_whole(cache):
    bench = cache()
    bench.engines.disturb("node-1", delay_milliseconds=1)
    client, value = bench.client(), bytes(range(256)) * 40_000
    client.set("large", value)
    assert client.get("large") == value


def test_a_frozen_node_cannot_be_disturbed_and_keeps_its_port(cache):
    bench = cache()
    bench.client().set("a", 1)
    bench.engines.signal("node-1", "STOP")
    with pytest.raises(EngineError, match="node node-1 does not answer INFO"):
        bench.engines.disturb("node-1", delay_milliseconds=100)
    bench.engines.signal("node-1", "CONT")
    assert bench.client().get("a") == b"1"
    assert bench.state("node-1")["running"] is True
    bench.engines.disturb("node-1", loss_percent=100)
    with pytest.raises(GONE):
        bench.client().ping()


def test_a_front_that_cannot_start_gives_the_port_back(cache, monkeypatch):
    bench = cache()
    bench.client().set("a", 1)
    monkeypatch.setattr(fronting, "PROGRAM", "raise SystemExit('no front today')")
    with pytest.raises(EngineError, match="no front today"):
        bench.engines.disturb("node-1", delay_milliseconds=100)
    assert bench.client().get("a") == b"1"
