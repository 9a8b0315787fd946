"""The doctor names each cause of a Memcached cluster, tried against a server that has that fault, within 3 s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pymemcache.exceptions import MemcacheServerError

from client.doctor import examine
from client.endpoint import Endpoint

from .diagnoses import answers, diagnose
from .faults import full_port, silent_port
from .memcached_servers import ConfigurationEndpoint, MemcachedCluster, MemcachedServer, reply
from .redis_servers import Certificates, RedisNode, free_port

NAMES = ["master.test", "replica.test"]


@pytest.fixture
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(NAMES)
    started.configuration.answers[b"version\r\n"] = b"VERSION 1.6.22\r\n"
    yield started
    started.stop()


@pytest.fixture
def tls_cluster(certificates: Certificates) -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(NAMES, certificates, host="localhost")
    yield started
    started.stop()


def examined(cluster: MemcachedCluster, **changes: object) -> tuple[str, int]:
    return diagnose(replace(cluster.endpoint, **changes), resolver=cluster.resolve)


def plain(port: int) -> Endpoint:
    return Endpoint("memcached", "127.0.0.1", port, tls=False)


def test_a_healthy_cluster_passes_all_six_questions(cluster: MemcachedCluster):
    assert examined(cluster) == ("", 6)
    for server in cluster.nodes.values():
        with server.administrator() as administrator:
            assert int(administrator.stats()[b"curr_items"]) == 0


def test_a_healthy_cluster_with_tls_passes_all_six_questions(tls_cluster: MemcachedCluster):
    assert examined(tls_cluster) == ("", 6)


def test_of_a_healthy_cluster_it_says_what_it_saw(cluster: MemcachedCluster, tls_cluster: MemcachedCluster):
    assert answers(cluster.endpoint, resolver=cluster.resolve)[:4] == [
        "cluster.cfg.test is 127.0.0.1",
        f"127.0.0.1:{cluster.configuration.port} accepts connections",
        "plain text, as expected: b'VERSION 1.6.22\\r\\n'",
        "version 1: master.test:11211 replica.test:11211",
    ]
    _, _, tls, *_, versions, write = answers(tls_cluster.endpoint, resolver=tls_cluster.resolve)
    with tls_cluster.nodes["master.test"].administrator() as administrator:
        version = administrator.version().decode()
    assert tls == "TLSv1.3, the certificate is for localhost"
    assert versions == f"master.test:11211 {version}, replica.test:11211 {version}"
    assert write == "set, read and deleted at master.test:11211, replica.test:11211"


def test_an_unknown_name(cluster: MemcachedCluster):
    assert examined(cluster, host="no-such-cluster.test") == ("name-unknown", 1)


def test_packets_to_the_configuration_endpoint_that_are_dropped():
    with full_port() as port:
        assert diagnose(plain(port)) == ("dropped", 2)


def test_a_port_where_nothing_listens():
    assert diagnose(plain(free_port())) == ("refused", 2)


def test_a_plain_client_on_a_tls_port(tls_cluster: MemcachedCluster):
    assert examined(tls_cluster, tls=False) == ("tls-expected", 3)


def test_a_tls_client_on_a_plain_port(cluster: MemcachedCluster):
    assert examined(cluster, tls=True) == ("tls-not-spoken", 3)


def test_a_certificate_for_another_name(tls_cluster: MemcachedCluster):
    tls_cluster.host = "other.test"

    assert examined(tls_cluster) == ("tls-name", 3)


def test_a_certificate_of_an_authority_nobody_trusts(tls_cluster: MemcachedCluster):
    assert examined(tls_cluster, ca_file=None) == ("tls-untrusted", 3)


@pytest.mark.parametrize("tls", [False, True])
def test_a_plain_memcached_instead_of_a_cluster(certificates: Certificates, tls: bool):
    server = MemcachedServer(certificates if tls else None)
    endpoint = replace(plain(server.port), tls=tls, ca_file=str(certificates.authority))
    try:
        assert diagnose(endpoint) == ("not-a-cluster", 4)
    finally:
        server.stop()


def test_redis_where_memcached_was_expected(node: RedisNode):
    assert diagnose(plain(node.port)) == ("redis", 3)


def test_redis_with_tls_where_memcached_was_expected(tls_pair, certificates: Certificates):
    endpoint = replace(plain(tls_pair.primary.port), tls=True, ca_file=str(certificates.authority))

    assert diagnose(endpoint) == ("redis", 4)


def test_something_that_never_answers():
    with silent_port() as listener:
        assert diagnose(plain(listener.getsockname()[1])) == ("not-memcached", 3)


@pytest.mark.parametrize(
    ("answer", "questions"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", 3), (b"CONFIG cluster 0 9\r\n1\n", 4)]
)
def test_something_that_answers_in_another_way(answer: bytes, questions: int):
    other = ConfigurationEndpoint()
    other.answer = answer
    if questions == 4:
        other.answers[b"version\r\n"] = b"VERSION 1.6.22\r\n"
    try:
        assert diagnose(plain(other.port)) == ("not-memcached", questions)
    finally:
        other.stop()


def test_the_configuration_endpoint_used_as_a_node_for_data(cluster: MemcachedCluster):
    cluster.configuration.answer = reply(2, [cluster.host])

    assert examined(cluster) == ("configuration-endpoint", 4)


def test_a_node_whose_name_is_unknown(cluster: MemcachedCluster):
    cluster.configuration.answer = reply(2, [*NAMES, "gone.test"])

    assert examined(cluster) == ("node-name-unknown", 5)


def test_packets_to_a_node_that_are_dropped(cluster: MemcachedCluster):
    with full_port() as port:
        cluster.nodes["replica.test"].stop()
        cluster.nodes["replica.test"].port = port

        assert examined(cluster) == ("node-dropped", 5)


def test_a_node_that_is_down(cluster: MemcachedCluster):
    cluster.nodes["replica.test"].kill()

    (*_, last) = examine(cluster.endpoint, cluster.resolve)

    assert last.cause == "node-refused"
    assert last.answer.startswith("replica.test:11211: connecting to 127.0.0.1:")


@pytest.mark.parametrize("secured", [False, True])
def test_a_node_that_is_frozen(cluster: MemcachedCluster, tls_cluster: MemcachedCluster, secured: bool):
    chosen = tls_cluster if secured else cluster
    chosen.nodes["replica.test"].freeze()

    assert examined(chosen) == ("node-silent", 5)


def test_a_node_without_the_clusters_tls(tls_cluster: MemcachedCluster):
    tls_cluster.nodes["replica.test"].stop()
    tls_cluster.nodes["replica.test"] = MemcachedServer()

    assert examined(tls_cluster) == ("node-tls", 5)


def test_a_node_that_is_full_and_evicts_nothing(cluster: MemcachedCluster):
    cluster.nodes["replica.test"].stop()
    cluster.nodes["replica.test"] = full = MemcachedServer(options=("-M", "-m", "2"))
    with full.administrator() as administrator:
        # As large as what the doctor writes, as a node keeps its memory apart by the size of the items.
        keys = (f"doctor:{number:032}" for number in range(100_000))
        with pytest.raises(MemcacheServerError, match="out of memory"):
            all(administrator.set(key, b"x") for key in keys)

    assert examined(cluster) == ("write-refused", 6)
