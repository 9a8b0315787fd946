"""Memcached as the sandbox runs it: real servers, and a front before each that answers discovery."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pylibmc
import pytest
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheUnexpectedCloseError

from sandbox.engines import EngineError, Engines
from sandbox.engines.errors import EngineUnavailable
from sandbox.engines.keeper import Keeper
from sandbox.engines.launcher import LocalLauncher
from sandbox.engines.memcached_arguments import arguments
from sandbox.engines.memcached_specification import MemcachedSpec
from sandbox.engines.server import find_server
from sandbox.hosts.certificates import CertificateAuthority

from .conftest import ADDRESSES, LocalCaller

PORT = 21211
# pymemcache tells a reset as an end of the connection where it comes while it reads.
LOST = (ConnectionError, MemcacheUnexpectedCloseError)
NAME = "0001.cache.abc123.euw1.cache.amazonaws.com"


@dataclass
class Cluster:
    """A cluster on loopback addresses, and ways to ask its nodes."""

    engines: Engines
    authority: CertificateAuthority
    network: int
    spec: dict = field(default_factory=dict)
    clients: list[Client] = field(default_factory=list)

    def specify(self, nodes: int = 1, **changes: object) -> dict:
        """A specification; discovery tells of every node."""
        names = [f"node-{number}" for number in range(1, nodes + 1)]
        places = {name: self.place() for name in names}
        listed = " ".join(f"{name}|{place['address']}|{PORT}" for name, place in places.items())
        self.spec = {
            "engine": "memcached",
            "version": "1.6.22",
            "port": PORT,
            "transit_encryption": "off",
            "parameters": {},
            "megabytes": 512,
            "threads": 2,
            "nodes": places,
            "configuration": {"version": 1, "nodes": listed},
            "certificate_names": ["*.cache.abc123.euw1.cache.amazonaws.com"],
            **changes,
        }
        return self.spec

    def place(self) -> dict:
        number = next(ADDRESSES)
        return {
            "host_id": f"eni-{number}",
            "address": f"127.{self.network}.{number // 250}.{number % 250 + 1}",
        }

    def apply(self, **changes: object) -> None:
        self.spec.update(changes)
        self.engines.apply("cluster", self.spec)

    def address(self, node: str = "node-1") -> str:
        return self.spec["nodes"][node]["address"]

    def client(self, node: str = "node-1", timeout: float = 3) -> Client:
        client = Client((self.address(node), PORT), connect_timeout=3, timeout=timeout, default_noreply=False)
        self.clients.append(client)
        return client

    def ask(self, request: bytes, node: str = "node-1", tls: ssl.SSLContext | None = None) -> bytes:
        """Everything that comes back until the server closes, as the end of the requests is told."""
        with socket.create_connection((self.address(node), PORT), 3) as plain:
            connection = tls.wrap_socket(plain, server_hostname=NAME) if tls else plain
            with connection:
                connection.sendall(request + b"quit\r\n")
                answer = b""
                while piece := connection.recv(65536):
                    answer += piece
                return answer

    def state(self, node: str = "node-1") -> dict[str, object]:
        return self.engines.state("cluster")[node]


def listed(version: int, nodes: str) -> bytes:
    payload = f"{version}\n{nodes}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(payload), payload)


@pytest.fixture
def cluster(short_path: Path, authority: CertificateAuthority, worker_number: int) -> Iterator[Cluster]:
    try:
        find_server("memcached")
    except EngineUnavailable as reason:
        pytest.skip(str(reason))
    keeper = Keeper(str(short_path / "engines"), LocalLauncher())
    made = Cluster(Engines(LocalCaller(keeper), authority), authority, 9 + worker_number)
    yield made
    for client in made.clients:
        client.close()
    keeper.close()


def test_every_node_tells_of_all_nodes_and_holds_keys_of_its_own(cluster):
    spec = cluster.specify(2)
    cluster.apply()
    answer = listed(1, spec["configuration"]["nodes"])
    assert [cluster.ask(b"config get cluster\r\n", node) for node in spec["nodes"]] == [answer, answer]
    cluster.client("node-1").set("City", b"Lisbon")
    assert cluster.client("node-1").get("City") == b"Lisbon"
    assert cluster.client("node-2").get("City") is None
    assert cluster.state() == {"running": True, "responding": True, "role": "node"}


def test_answers_come_in_the_order_of_the_requests(cluster):
    cluster.specify()
    cluster.apply()
    answer = listed(1, cluster.spec["configuration"]["nodes"])
    trap = b"x" * 70_000 + b"config get cluster\r\nNF O0123456789abcdef\r\nVALUE"
    stored = b"VALUE a 7 %d\r\n%s\r\nEND\r\n" % (len(trap), trap)
    requests = [
        (b"set a 7 0 %d\r\n%s\r\n" % (len(trap), trap), b"STORED\r\n"),
        (b"get a\r\n", stored),
        (b"config get cluster\r\n", answer),
        (b"get a\r\n", stored),
        (b"config get cluster\r\n", answer),
        (b"config get cluster\r\n", answer),
        (b"set a 0 0 1 noreply\r\nx\r\n", b""),
        (b"slabs automove 0\r\n", b"ERROR\r\n"),
        (b"mn\r\n", b"MN\r\n"),
    ]
    assert cluster.ask(b"".join(one for one, _ in requests)) == b"".join(one for _, one in requests)


def test_the_binary_protocol_passes(cluster):
    cluster.specify()
    cluster.apply()
    behaviors = {"tcp_nodelay": True, "ketama": True}
    client = pylibmc.Client([f"{cluster.address()}:{PORT}"], binary=True, behaviors=behaviors)
    values = {f"key-{number}": bytes([number]) * 5000 for number in range(200)}
    assert client.set_multi(values) == []
    assert client.get_multi(list(values)) == values
    client.disconnect_all()


def test_a_new_configuration_is_told_by_every_node_at_once(cluster):
    spec = cluster.specify(2)
    cluster.apply()
    with socket.create_connection((cluster.address(), PORT), 3) as open_one:
        cluster.apply(configuration={"version": 2, "nodes": "a|10.0.0.1|11211"})
        open_one.sendall(b"config get cluster\r\n")
        assert open_one.recv(100) == listed(2, "a|10.0.0.1|11211")
    for node in spec["nodes"]:
        assert cluster.ask(b"config get cluster\r\n", node) == listed(2, "a|10.0.0.1|11211")


def test_an_engine_before_1_4_14_answers_the_key_instead(cluster):
    cluster.specify(version="1.4.5", configuration={"version": 4, "nodes": "a|10.0.0.1|11211"})
    cluster.apply()
    asked = b"get AmazonElastiCache:cluster\r\n"
    answer = b"VALUE AmazonElastiCache:cluster 0 19\r\n4\na|10.0.0.1|11211\n\r\nEND\r\n"
    assert cluster.ask(asked + b"config get cluster\r\n") == answer + b"ERROR\r\n"


def test_with_tls_nodes_answer_by_name_and_nothing_in_the_clear(cluster):
    cluster.specify(transit_encryption="required")
    cluster.apply()
    context = ssl.create_default_context(cadata=cluster.authority.certificate_pem)
    value = b"v" * 200_000
    requests = b"set a 0 0 %d\r\n%s\r\nget a\r\nconfig get cluster\r\n" % (len(value), value)
    answer = b"STORED\r\nVALUE a 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    answer += listed(1, cluster.spec["configuration"]["nodes"])
    assert cluster.ask(requests, tls=context) == answer
    with pytest.raises(ConnectionError):
        cluster.ask(b"version\r\n")


def test_limits_follow_the_node_type_and_the_parameters(cluster):
    cluster.specify(parameters={"max_item_size": "2097152", "error_on_memory_exhausted": "1"}, megabytes=164)
    cluster.apply()
    client = cluster.client()
    client.set("large", b"x" * 2_000_000)
    assert len(client.get("large")) == 2_000_000
    stats = client.stats("settings")
    assert (stats[b"maxbytes"], stats[b"item_size_max"], stats[b"evictions"]) == (64 << 20, 2097152, b"off")
    assert cluster.engines.describe("cluster")["maxmemory_bytes"] == 64 << 20


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("binding_protocol", "ascii", ["-B", "ascii"]),
        ("cas_disabled", "1", ["-C"]),
        ("chunk_size", "96", ["-n", "96"]),
        ("chunk_size_growth_factor", "1.5", ["-f", "1.5"]),
        ("disable_flush_all", "1", ["-F"]),
        ("error_on_memory_exhausted", "1", ["-M"]),
        ("hash_algorithm", "murmur3", ["-o", "slab_chunk_max=512,hash_algorithm=murmur3"]),
        ("idle_timeout", "60", ["-o", "slab_chunk_max=512,idle_timeout=60"]),
        ("lru_crawler", "1", ["-o", "slab_chunk_max=512,lru_crawler"]),
        ("lru_maintainer", "0", ["-o", "slab_chunk_max=512,no_lru_maintainer"]),
        ("max_item_size", "4096", ["-I", "4096", "-o", "slab_chunk_max=4"]),
        ("max_item_size", "1500000", ["-I", "1500160", "-o", "slab_chunk_max=1"]),
        ("maxconns_fast", "1", ["-o", "slab_chunk_max=512,maxconns_fast"]),
        ("memcached_connections_overhead", "200", ["-m", "64"]),
        ("slab_automove", "1", ["-o", "slab_chunk_max=512,slab_automove=1"]),
        ("slab_chunk_max", "262144", ["-o", "slab_chunk_max=256"]),
        ("slab_reassign", "1", ["-o", "slab_chunk_max=512,slab_reassign"]),
        ("track_sizes", "1", ["-o", "slab_chunk_max=512,track_sizes"]),
        ("worker_logbuf_size", "128", ["-o", "slab_chunk_max=512,worker_logbuf_size=128"]),
    ],
)
def test_a_parameter_becomes_an_option_that_the_program_takes(cluster, name, value, option):
    spec = cluster.specify(parameters={name: value}, megabytes=264)
    cluster.apply()
    plain = {"certificate": "", "key": "", "authority": ""}
    words = " ".join(arguments(MemcachedSpec.parse({**spec, "tls": plain})))
    assert f" {' '.join(option)}" in words
    assert cluster.engines.describe("cluster")["parameters_not_applied"] == {}
    assert cluster.client().version()


def test_watching_can_be_forbidden_on_a_running_node(cluster):
    cluster.specify()
    cluster.apply()
    with socket.create_connection((cluster.address(), PORT), 3) as watcher:
        watcher.sendall(b"watch fetchers\r\n")
        assert watcher.recv(100) == b"OK\r\n"
    cluster.client().set("a", b"1")
    cluster.apply(parameters={"watch": "0"})
    assert cluster.ask(b"watch fetchers\r\n") == b"ERROR\r\n"
    assert cluster.client().get("a") == b"1"


def test_a_parameter_without_an_option_is_told(cluster):
    cluster.specify(parameters={"inline_ascii_resp": "1"})
    cluster.apply()
    assert cluster.engines.describe("cluster")["parameters_not_applied"] == {
        "inline_ascii_resp": "memcached has no such option any more"
    }


def test_a_killed_node_is_started_empty_and_the_others_keep_what_they_have(cluster):
    cluster.specify(2)
    cluster.apply()
    for node in cluster.spec["nodes"]:
        cluster.client(node).set("a", node.encode())
    cluster.engines.signal("node-1", "KILL")
    assert cluster.state() == {"running": False, "responding": False}
    with pytest.raises(ConnectionRefusedError):
        cluster.client().get("a")
    cluster.apply()
    assert [cluster.client(node).get("a") for node in cluster.spec["nodes"]] == [None, b"node-2"]


def test_a_frozen_node_answers_nothing_until_it_goes_on_with_what_it_had(cluster):
    cluster.specify()
    cluster.apply()
    cluster.client().set("a", b"old")
    cluster.engines.signal("node-1", "STOP")
    assert cluster.state() == {"running": True, "responding": False, "role": "node"}
    with pytest.raises(TimeoutError):
        cluster.client(timeout=0.2).get("a")
    cluster.engines.signal("node-1", "CONT")
    assert cluster.client().get("a") == b"old"


def test_a_silent_node_holds_nobody_up_and_learns_the_list_when_it_is_back(cluster):
    cluster.specify(2)
    cluster.apply()
    cluster.engines.signal("node-1", "STOP")
    cluster.apply(configuration={"version": 2, "nodes": "a|10.0.0.1|11211"})
    assert cluster.ask(b"config get cluster\r\n", "node-2") == listed(2, "a|10.0.0.1|11211")
    cluster.engines.signal("node-1", "CONT")
    cluster.apply()
    assert cluster.ask(b"config get cluster\r\n") == listed(2, "a|10.0.0.1|11211")


def test_a_node_that_is_wanted_no_more_ends_with_its_files(cluster, short_path):
    spec = cluster.specify(2)
    cluster.apply()
    address = cluster.address("node-2")
    cluster.apply(nodes={"node-1": spec["nodes"]["node-1"]})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, PORT), 3)
    assert [path.name for path in (short_path / "engines" / "cluster").iterdir()] == ["node-1"]
    cluster.engines.remove("cluster")
    assert not (short_path / "engines" / "cluster").exists()


def test_a_node_that_cannot_start_says_why_and_leaves_nothing(cluster, short_path):
    cluster.specify(parameters={"chunk_size_growth_factor": "0.5"})
    with pytest.raises(EngineError, match="Factor must be greater than 1"):
        cluster.apply()
    assert cluster.engines.states() == {}
    assert not (short_path / "engines" / "cluster").exists()


def test_a_second_program_on_the_port_is_told(cluster):
    cluster.specify()
    with socket.create_server((cluster.address(), PORT)), pytest.raises(EngineError, match="in use"):
        cluster.apply()


def test_replies_come_late_on_open_connections_too(cluster):
    cluster.specify()
    cluster.apply()
    client = cluster.client()
    client.set("a", b"1")
    cluster.engines.disturb("node-1", delay_milliseconds=150)
    for ask in (lambda: client.get("a"), lambda: cluster.ask(b"config get cluster\r\n")):
        began = time.monotonic()
        assert ask()
        assert time.monotonic() - began >= 0.15
    cluster.engines.disturb("node-1")
    assert client.get("a") == b"1"


def test_a_lost_reply_takes_its_connection_with_it_but_the_command_was_done(cluster):
    cluster.specify()
    cluster.apply()
    client = cluster.client()
    client.set("n", "0")
    cluster.engines.disturb("node-1", loss_percent=100)
    with pytest.raises(LOST):
        client.incr("n", 1)
    cluster.engines.disturb("node-1")
    assert client.get("n") == b"1"


def test_a_disturbed_node_stays_so_when_it_starts_anew(cluster):
    cluster.specify()
    cluster.apply()
    cluster.engines.disturb("node-1", loss_percent=100)
    cluster.engines.signal("node-1", "KILL")
    cluster.apply()
    with pytest.raises(LOST):
        cluster.client().get("n")


def test_a_missing_program_is_refused_with_the_way_out(monkeypatch, tmp_path):
    find_server.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable) as caught:
        find_server("memcached")
    assert str(caught.value) == (
        "memcached cannot run here: memcached is not installed; install it with: apt-get install memcached"
    )
    find_server.cache_clear()
