"""Each check of Memcached passes where its claim holds, and fails where it does not."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from client import Endpoint, connect
from client.checks import Checks
from client.memcached_checks import CHECKS, subject_of
from client.memcached_client import MemcachedClient
from client.results import CheckResult

from .memcached_servers import MemcachedCluster, MemcachedServer, listing, reply
from .redis_servers import Certificates

NAMES = ["master.test", "replica.test"]
LIBMEMCACHED = "libmemcached-finds-the-keys"
# Behind the tests' names every server has a port of its own: libmemcached, which looks names up by itself, finds none.
NOT_BEHIND_TEST_NAMES = {LIBMEMCACHED} if importlib.util.find_spec("pylibmc") else set()


@pytest.fixture
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(NAMES)
    started.tell_nodes()
    yield started
    started.stop()


@pytest.fixture
def tls_cluster(certificates: Certificates) -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(NAMES, certificates, host="localhost")
    started.tell_nodes()
    yield started
    started.stop()


def results(cluster: MemcachedCluster, *wanted: str, deadline_seconds: float = 2) -> dict[str, CheckResult]:
    with connect(cluster.endpoint, deadline_seconds, resolver=cluster.resolve) as client:
        return run(client, cluster, *wanted)


def run(client: MemcachedClient, cluster: MemcachedCluster, *wanted: str) -> dict[str, CheckResult]:
    """Every check that applies, or those that are wanted."""
    subject = subject_of(client, resolver=cluster.resolve)
    if not wanted:
        return {result.name: result for result in CHECKS.run(subject, "here")}
    chosen: Checks[MemcachedClient] = Checks()
    for check in CHECKS:
        if check.name in wanted:
            chosen(check.claim, check.applies)(check.run)
    return {result.name: result for result in chosen.run(subject, "here")}


def failed(found: dict[str, CheckResult]) -> set[str]:
    return {name for name, result in found.items() if not result.ok}


def test_every_claim_holds_for_a_cluster_with_tls(tls_cluster: MemcachedCluster):
    found = results(tls_cluster)

    assert {result.name: result.evidence for result in found.values() if not result.ok} == {}
    assert set(found) == {check.name for check in CHECKS} - {LIBMEMCACHED}
    assert "TLSv1.3" in found["tls-with-the-right-name"].evidence
    assert found["discovery-answers"].evidence == "version 1: master.test:11211 replica.test:11211"
    assert found["every-node-gives-the-list"].evidence == "version 1 from each of 2"
    assert "pymemcache 4." in found["write-and-read-back"].evidence
    assert "1048577 bytes" in found["value-over-the-limit-is-refused"].evidence


def test_the_checks_leave_no_key_behind(cluster: MemcachedCluster):
    assert failed(results(cluster)) == NOT_BEHIND_TEST_NAMES

    for server in cluster.nodes.values():
        with server.administrator() as administrator:
            administrator.delete("AmazonElastiCache:cluster")
            assert int(administrator.stats()[b"curr_items"]) == 0


def test_nothing_is_claimed_about_tls_where_there_is_none():
    endpoint = Endpoint("memcached", "cluster.cfg.test", 11211, tls=False)

    claimed = [check.name for check in CHECKS if check.applies(endpoint)]

    assert not [name for name in claimed if "tls" in name or "plain" in name]


@pytest.mark.skipif(not importlib.util.find_spec("pylibmc"), reason="pylibmc is not installed")
def test_libmemcached_finds_every_key_on_servers_that_it_can_look_up():
    servers = [MemcachedServer(), MemcachedServer()]
    cluster = MemcachedCluster([])
    cluster.configuration.answer = listing(1, [("127.0.0.1", server.port) for server in servers])
    try:
        found = results(cluster, LIBMEMCACHED)[LIBMEMCACHED]
    finally:
        cluster.stop()
        for server in servers:
            server.stop()

    assert found.ok
    assert "all of 300 keys" in found.evidence


def test_a_node_that_holds_another_list_is_told(cluster: MemcachedCluster):
    cluster.version += 1
    cluster.configuration.answer = reply(cluster.version, NAMES)
    with cluster.nodes["replica.test"].administrator() as administrator:
        cluster.tell_nodes()
        administrator.set("AmazonElastiCache:cluster", b"9\nmaster.test||11211\n")

    found = results(cluster, "every-node-gives-the-list", "discovery-answers")

    assert failed(found) == {"every-node-gives-the-list"}
    assert found["every-node-gives-the-list"].evidence == (
        "CheckFailed: the lists differ: master.test:11211 has version 2, replica.test:11211 has version 9"
    )


def test_a_plain_memcached_fails_the_claim_about_discovery_with_the_reason():
    server = MemcachedServer()
    endpoint = Endpoint("memcached", "127.0.0.1", server.port, tls=False)
    try:
        with connect(endpoint, 1) as client:
            found = {result.name: result for result in CHECKS.run(subject_of(client), "here")}
    finally:
        server.stop()

    assert {name for name, result in found.items() if result.ok} == {
        "names-resolve",
        "other-ports-are-closed",
        "unfit-keys-are-refused",
    }
    assert "it is a plain Memcached, not a cluster" in found["discovery-answers"].evidence


def test_a_dead_node_fails_what_needs_it_without_ending_the_run(cluster: MemcachedCluster):
    cluster.nodes["replica.test"].kill()

    found = results(cluster, deadline_seconds=0.3)

    assert "connection refused" in found["every-node-is-reached"].evidence
    assert found["discovery-answers"].ok
    assert found["unfit-keys-are-refused"].ok
    assert not found["keys-are-where-the-ring-says"].ok
    assert not found["batches-keep-their-values"].ok


def test_keys_that_another_ring_placed_fail_the_claim_about_the_ring(cluster: MemcachedCluster):
    with connect(cluster.endpoint, 2, resolver=cluster.resolve) as client:
        client.get_many([str(number) for number in range(20)])
        # The names lead to each other's server: open connections stay, so what the client writes lies elsewhere.
        first, second = NAMES
        cluster.nodes[first], cluster.nodes[second] = cluster.nodes[second], cluster.nodes[first]
        found = run(client, cluster, "keys-are-where-the-ring-says")

    assert found["keys-are-where-the-ring-says"].evidence.startswith("CheckFailed: master.test:11211 lacks ")


def test_a_node_with_a_certificate_for_another_name_fails_the_claim_about_names(certificates: Certificates):
    cluster = MemcachedCluster(["master.test", "other.test"], certificates, host="localhost")
    try:
        found = results(cluster, "tls-with-the-right-name", "tls-with-a-wrong-name-fails")
    finally:
        cluster.stop()

    assert failed(found) == {"tls-with-the-right-name"}
    assert "other.test" in found["tls-with-the-right-name"].evidence


def test_a_plain_node_in_a_cluster_with_tls_fails_the_claim_about_plain_text(tls_cluster: MemcachedCluster):
    tls_cluster.nodes["replica.test"].stop()
    tls_cluster.nodes["replica.test"] = MemcachedServer()

    found = results(tls_cluster, "plain-text-is-refused", "names-resolve")

    assert failed(found) == {"plain-text-is-refused"}
    assert "replica.test: a plain PING was answered with b'ERROR" in found["plain-text-is-refused"].evidence
