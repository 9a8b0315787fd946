"""What a cache process is like from a client's side, and from outside it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import redis

from sandbox.engines.errors import EngineError, EngineUnavailable
from sandbox.engines.server import find_server

from .conftest import PORT, TOKEN


def test_a_cache_with_tls_and_a_token_serves_who_has_both(secure):
    client = secure().client(token=TOKEN, tls=True)
    assert client.set("City", "Lisbon") is True
    assert client.get("City") == b"Lisbon"


def test_a_wrong_or_missing_token_is_refused(secure):
    bench = secure()
    with pytest.raises(redis.AuthenticationError, match="invalid username-password"):
        bench.client(token="wrong-horse-battery-staple", tls=True).ping()
    with pytest.raises(redis.AuthenticationError, match="Authentication required"):
        bench.client(tls=True).ping()


def test_a_plain_client_gets_nothing_from_a_tls_port(secure):
    with pytest.raises(redis.ConnectionError):
        secure().client(token=TOKEN).ping()


def test_in_the_preferred_mode_one_port_serves_clients_with_and_without_tls(bench):
    bench.specify(2, transit_encryption="preferred", auth_tokens=[TOKEN])
    bench.apply()
    assert bench.client(token=TOKEN).set("City", "Lisbon") is True
    assert bench.client(token=TOKEN, tls=True).get("City") == b"Lisbon"
    assert bench.client("node-2", token=TOKEN, tls=True).execute_command("ROLE")[0] == b"slave"
    bench.engines.signal("node-1", "KILL")
    assert bench.state("node-1")["running"] is False


@pytest.mark.parametrize(
    ("before", "after"), [("off", "preferred"), ("preferred", "required"), ("preferred", "off")]
)
def test_a_cache_changes_its_transit_mode_on_new_nodes_with_its_data(bench, before, after):
    bench.specify(2, transit_encryption=before)
    bench.apply()
    bench.client(tls=before == "required").set("City", "Lisbon")
    old = bench.spec["nodes"]
    bench.apply(transit_encryption=after, nodes={**old, "node-3": bench.node(), "node-4": bench.node()})
    bench.apply(nodes={name: bench.spec["nodes"][name] for name in ("node-3", "node-4")}, primary="node-3")
    for node in ("node-3", "node-4"):
        assert bench.client(node, tls=after == "required").get("City") == b"Lisbon"


def test_the_certificate_is_for_the_names_of_the_endpoint(secure):
    bench = secure()
    address = bench.spec["nodes"]["node-1"]["address"]
    (bench.directory / "ca.pem").write_text(bench.authority.certificate_pem)
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"{address}:{PORT}", "-CAfile", str(bench.directory / "ca.pem"),
         "-verify_hostname", "master.cache.abc123.euw1.cache.amazonaws.com"],
        input="", capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert "Verify return code: 0 (ok)" in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        "CONFIG GET maxmemory", "DEBUG SLEEP 0", "REPLICAOF NO ONE", "SLAVEOF NO ONE", "SAVE", "BGSAVE",
        "BGREWRITEAOF", "SHUTDOWN NOSAVE", "SYNC", "PSYNC ? -1", "MIGRATE h 1 k 0 1", "ACL SETUSER eve on",
        "ACL DELUSER eve", "ACL LOAD", "ACL SAVE", "CLUSTER MEET 1.2.3.4 1", "FAILOVER", "MODULE LIST",
    ],
)  # fmt: skip
def test_a_command_that_elasticache_restricts_is_refused(secure, words):
    with pytest.raises(redis.ResponseError, match=r"has no permissions|command not allowed"):
        secure().client(token=TOKEN, tls=True).execute_command(*words.split())


@pytest.mark.parametrize(
    "words", ["INFO", "ROLE", "ACL WHOAMI", "CLIENT ID", "WAIT 0 1", "SLOWLOG LEN", "DBSIZE"]
)
def test_a_command_that_elasticache_allows_is_answered(secure, words):
    assert secure().client(token=TOKEN, tls=True).execute_command(*words.split()) is not None


def test_rotation_accepts_both_tokens_then_only_the_new_one_and_cuts_nobody(secure):
    bench = secure(2)
    old, new = TOKEN, "another-token-of-good-length"
    before = bench.client(token=old, tls=True)
    assert before.ping()
    bench.apply(auth_tokens=[old, new])
    assert bench.client(token=old, tls=True).ping()
    assert bench.client(token=new, tls=True).ping()
    bench.apply(auth_tokens=[new])
    with pytest.raises(redis.AuthenticationError):
        bench.client(token=old, tls=True).ping()
    assert bench.client(token=new, tls=True).ping()
    assert bench.client("node-2", token=new, tls=True).ping()
    assert before.ping()


def test_a_token_is_in_no_argument_list_and_in_no_file(secure):
    bench = secure(2)
    arguments = [Path(f"/proc/{pid}/cmdline") for pid in os.listdir("/proc") if pid.isdigit()]
    found = [path for path in arguments if path.exists() and TOKEN.encode() in path.read_bytes()]
    files = [path for path in bench.directory.rglob("*") if path.is_file()]
    assert files
    assert found + [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def test_private_keys_are_for_their_owner_alone(secure):
    keys = list(secure().directory.rglob("node.key"))
    assert [oct(key.stat().st_mode & 0o777) for key in keys] == ["0o600"]


def test_parameters_apply_at_start_and_live_and_unknown_ones_are_reported(bench):
    bench.specify(
        parameters={"maxmemory-policy": "allkeys-lru", "databases": "3", "close-on-replica-write": "yes"}
    )
    bench.apply()
    client = bench.client()
    assert client.info("memory")["maxmemory_policy"] == "allkeys-lru"
    with pytest.raises(redis.ResponseError, match="out of range"):
        client.execute_command("SELECT", "3")
    bench.apply(parameters={**bench.spec["parameters"], "maxmemory-policy": "noeviction"})
    assert client.info("memory")["maxmemory_policy"] == "noeviction"
    assert "close-on-replica-write" in bench.engines.describe("cache")["parameters_not_applied"]


def test_buffer_limits_are_joined_as_the_server_wants_them(bench):
    limits = {"hard-limit": "2097152", "soft-limit": "1048576", "soft-seconds": "7"}
    bench.specify(
        parameters={f"client-output-buffer-limit-pubsub-{part}": value for part, value in limits.items()}
    )
    bench.apply()
    node = bench.keeper._caches["cache"].nodes["node-1"]
    _, shown = node.command("CONFIG", "GET", "client-output-buffer-limit")
    assert "pubsub 2097152 1048576 7" in shown
    assert bench.engines.describe("cache")["parameters_not_applied"] == {}


def test_memory_follows_the_node_type_live_but_never_eats_the_machine(bench):
    bench.specify()
    bench.apply()
    assert bench.client().info("memory")["maxmemory"] == 64 << 20
    bench.apply(maxmemory_bytes=1 << 50)
    assert bench.client().info("memory")["maxmemory"] < 1 << 40
    assert bench.engines.describe("cache")["maxmemory_reduced_from"] == 1 << 50


def test_removal_leaves_no_process_and_no_file(secure):
    bench = secure(2)
    pids = [node._process.pid for node in bench.keeper._caches["cache"].nodes.values()]
    bench.engines.remove("cache")
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []
    assert not (bench.directory / "engines" / "cache").exists()


def test_a_cache_that_cannot_start_leaves_nothing_and_says_why(bench):
    bench.specify(2)
    bench.spec["nodes"]["node-2"]["address"] = "192.0.2.1"
    with pytest.raises(EngineError, match=r"node node-2 did not start(.|\n)*192\.0\.2\.1"):
        bench.apply()
    assert bench.engines.state("cache") == {}
    with pytest.raises(redis.ConnectionError):
        bench.client().ping()


def test_a_missing_server_program_is_named_with_the_way_out(monkeypatch, tmp_path):
    find_server.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="redis-server is not installed; install it with: apt-get"):
        find_server("redis")
    find_server.cache_clear()


@pytest.mark.parametrize(
    ("version", "marks", "reason"),
    [("6.0.16", "sandbox-probe", "older than 6.2"), ("7.2.4", "tls-port", "built without TLS")],
)
def test_a_server_that_is_too_old_or_has_no_tls_is_refused(monkeypatch, tmp_path, version, marks, reason):
    program = tmp_path / "redis-server"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in --version) echo "Redis server v={version} x";; *) echo {marks};; esac\n'
    )
    program.chmod(0o755)
    find_server.cache_clear()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(EngineUnavailable, match=reason):
        find_server("redis")
    find_server.cache_clear()
