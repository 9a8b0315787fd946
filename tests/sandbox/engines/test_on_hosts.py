"""Caches on hosts: reached by name and address from inside, by nobody else, and cut off by the network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engines import EngineError, Engines
from sandbox.hosts import Hosts, available
from sandbox.hosts.certificates import CertificateAuthority
from tests.sandbox.hosts.programs import until
from tests.sandbox.hosts.worlds import (
    CACHE,
    CACHE_IP,
    CLIENT,
    OUTSIDER,
    REPLICA,
    REPLICA_IP,
    VPC,
    small_world,
)

TOKEN = "correct-horse-battery-staple"
MASTER = "master.cache.abc123.euw1.cache.amazonaws.com"
pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create()


@pytest.fixture(scope="module")
def hosts(authority: CertificateAuthority) -> Iterator[Hosts]:
    reason = available()
    if reason:
        pytest.skip(reason)
    with Hosts.start(("127.0.0.1", 9), authority) as started:
        yield started


@pytest.fixture
def world(hosts: Hosts) -> dict:
    world = small_world()
    vpc = world["vpcs"][VPC]
    vpc["replication"] = [[CACHE_IP, REPLICA_IP, 6379], [REPLICA_IP, CACHE_IP, 6379]]
    vpc["names"] = {MASTER: {"addresses": [CACHE_IP]}}
    hosts.apply(world)
    return world


@pytest.fixture
def spec(hosts: Hosts, authority: CertificateAuthority, world: dict) -> Iterator[dict]:
    """A TLS cache of two nodes that runs."""
    wanted = {
        "engine": "redis",
        "version": "7.1",
        "port": 6379,
        "transit_encryption": "required",
        "auth_tokens": [TOKEN],
        "parameters": {},
        "maxmemory_bytes": 64 << 20,
        "primary": "one",
        "nodes": {
            "one": {"host_id": CACHE, "address": CACHE_IP},
            "two": {"host_id": REPLICA, "address": REPLICA_IP},
        },
        "certificate_names": ["*.cache.abc123.euw1.cache.amazonaws.com"],
    }
    engines = Engines(hosts, authority)
    engines.apply("cache", wanted)
    yield wanted
    engines.remove("cache")


@pytest.fixture
def engines(hosts: Hosts, authority: CertificateAuthority, spec: dict) -> Engines:
    return Engines(hosts, authority)


def cli(hosts: Hosts, authority: CertificateAuthority, host_id: str, *words: str) -> list[str]:
    """Run redis-cli on a host, verifying the certificate; what it printed."""
    name = f"cli-{os.urandom(4).hex()}"
    argv = ["redis-cli", "-h", CACHE_IP, "-p", "6379", "--tls", "--cacert", "ca.pem", "--sni", MASTER, *words]
    environment = {"REDISCLI_AUTH": TOKEN}
    hosts.start_process(host_id, name, argv, environment, {"ca.pem": authority.certificate_pem})
    until(lambda: not hosts.process_state(host_id, name)["running"])
    return hosts.process_log(host_id, name)


def test_a_cache_is_reached_from_a_client_and_by_nobody_else(hosts, engines):
    assert hosts.probe(CLIENT, CACHE_IP, 6379) == "open"
    assert hosts.probe(OUTSIDER, CACHE_IP, 6379, timeout=0.5) == "timeout"
    assert hosts.probe(CLIENT, CACHE_IP, 6380, timeout=0.5) == "timeout"


def test_replicas_replicate_though_no_group_admits_it(engines):
    states = engines.state("cache")
    assert [(states[node]["role"], states[node]["link"]) for node in ("one", "two")] == [
        ("primary", None),
        ("replica", "up"),
    ]


def test_a_cut_node_still_answers_the_sandbox_but_no_client(hosts, engines, world):
    world["vpcs"][VPC]["cut"] = [CACHE]
    hosts.apply(world)
    assert hosts.probe(CLIENT, CACHE_IP, 6379, timeout=0.5) == "timeout"
    assert engines.state("cache")["one"]["responding"] is True


def test_a_node_on_a_host_that_is_not_there_is_refused_by_name(engines, spec):
    nodes = {**spec["nodes"], "three": {"host_id": "eni-nowhere", "address": "10.20.0.99"}}
    with pytest.raises(EngineError, match="eni-nowhere"):
        engines.apply("cache", {**spec, "nodes": nodes})


def test_servers_run_without_rights_and_without_secrets_in_sight(hosts, engines):
    pids = subprocess.run(
        ["pgrep", "-f", "redis-server .*10.20"], capture_output=True, text=True, check=False
    ).stdout
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids.split()]
    assert len(statuses) >= 2
    assert {line for status in statuses for line in status.splitlines() if line.startswith("CapEff")} == {
        "CapEff:\t0000000000000000"
    }
    lines = [
        Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
        for pid in pids.split()
    ]
    assert not any(TOKEN in line for line in lines)


def test_the_endpoint_resolves_and_serves_redis_cli_with_the_sandboxs_certificate(hosts, authority, engines):
    assert hosts.resolve(CLIENT, MASTER) == [CACHE_IP]
    assert cli(hosts, authority, CLIENT, "SET", "City", "Lisbon") == ["OK"]
    assert cli(hosts, authority, CLIENT, "GET", "City") == ["Lisbon"]


def test_a_removed_host_takes_its_node_along(hosts, engines, world):
    world["vpcs"][VPC]["hosts"].pop(REPLICA)
    hosts.apply(world)
    assert engines.state("cache")["two"] == {"running": False, "responding": False}
