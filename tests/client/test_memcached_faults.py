"""Memcached nodes that die, freeze and come back, clusters that change, and a configuration endpoint at fault."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from client import CacheError, CacheRefused, CacheUnreachable, OutcomeUnknown, connect
from client.deadline import Deadline
from client.discovery import LEGACY_REQUEST, REQUEST
from client.memcached_client import MemcachedClient
from client.memcached_discovery import ask
from client.names import Names, system_resolver

from .faults import full_port
from .memcached_servers import MemcachedCluster, MemcachedServer, reply
from .redis_servers import wait_until

NAMES = ["0001.test", "0002.test", "0003.test"]
DEADLINE_SECONDS = 0.25
LONGEST_SECONDS = DEADLINE_SECONDS + 0.05
RECOVERY_SECONDS = 2.0  # on a busy machine; bench/client_faults.py measures it


@pytest.fixture
def cluster():
    started = MemcachedCluster(NAMES)
    yield started
    started.stop()


@pytest.fixture
def connect_to():
    clients: list[MemcachedClient] = []

    def make(cluster: MemcachedCluster, deadline_seconds: float = 2.0, **options: object) -> MemcachedClient:
        clients.append(connect(cluster.endpoint, deadline_seconds, resolver=cluster.resolve, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def key_at(cache: MemcachedClient, name: str) -> str:
    return next(key for key in (f"key:{n}" for n in range(1000)) if cache.node_for(key) == f"{name}:11211")


def outcome(call: Callable[[], object]) -> object:
    """What the call gives, or the class of what it raises; it must be of the family, and in time."""
    started = time.monotonic()
    try:
        result: object = call()
    except CacheError as error:
        result = type(error)
    took = time.monotonic() - started
    # The machine of the tests is shared: a thread may wait for its turn much longer than the promised 50 ms.
    assert took < LONGEST_SECONDS + 0.7, f"{took:.3f} s"
    return result


def test_with_a_node_killed_its_keys_fail_at_once_and_the_others_are_served(cluster, connect_to):
    cache = connect_to(cluster)
    down, up = key_at(cache, NAMES[0]), key_at(cache, NAMES[1])
    cache.set_many({down: "1", up: "1"})
    cluster.nodes[NAMES[0]].kill()
    with pytest.raises(CacheUnreachable, match=r"0001\.test"):
        cache.get(down)
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(CacheUnreachable):
            cache.set(down, "2")
        cache.set(up, "2")
    assert time.monotonic() - started < 4, "their deadlines together are 5 s"
    with pytest.raises(CacheUnreachable, match=r"1 of 2 keys are at 0001\.test"):
        cache.set_many({down: "3", up: "3"})
    assert cache.get(up) == b"3"
    assert cache.status.out == (f"{NAMES[0]}:11211",)


def test_a_killed_node_that_comes_back_serves_soon(cluster, connect_to):
    cache = connect_to(cluster)
    key = key_at(cache, NAMES[0])
    cache.set(key, "1")
    cluster.nodes[NAMES[0]].kill()
    assert outcome(lambda: cache.set(key, "2")) in (CacheUnreachable, OutcomeUnknown)
    cluster.nodes[NAMES[0]].start()
    back = time.monotonic()
    wait_until(lambda: outcome(lambda: cache.get(key)) is None, 5)
    assert time.monotonic() - back < RECOVERY_SECONDS
    cache.set(key, "3")
    assert cache.get(key) == b"3"


def test_a_frozen_node_costs_a_call_its_deadline_and_a_sent_write_is_in_doubt(cluster, connect_to):
    cache = connect_to(cluster, DEADLINE_SECONDS)
    key = key_at(cache, NAMES[0])
    cache.set(key, "1")
    cluster.nodes[NAMES[0]].freeze()
    assert issubclass(outcome(lambda: cache.get(key)), CacheUnreachable)
    assert outcome(lambda: cache.set(key, "2")) is OutcomeUnknown
    assert issubclass(outcome(lambda: cache.get(key)), CacheUnreachable)
    assert issubclass(outcome(lambda: cache.increment(key)), CacheUnreachable)


def test_a_read_that_times_out_does_not_empty_the_node(cluster, connect_to):
    cache = connect_to(cluster, DEADLINE_SECONDS)
    key = key_at(cache, NAMES[0])
    cache.set(key, "1")
    cluster.nodes[NAMES[0]].freeze()
    assert issubclass(outcome(lambda: cache.get(key)), CacheUnreachable)
    cluster.nodes[NAMES[0]].thaw()
    wait_until(lambda: outcome(lambda: cache.get(key)) == b"1", 5)
    assert cache.status.out == ()


@pytest.mark.parametrize(
    "write",
    [
        lambda cache, key: cache.set(key, "new"),
        lambda cache, key: cache.delete(key),
        lambda cache, key: cache.set_many({key: "new"}),
    ],
    ids=["set", "delete", "set_many"],
)
def test_after_a_write_in_doubt_the_old_value_is_never_read_again(cluster, connect_to, write):
    cache = connect_to(cluster, DEADLINE_SECONDS)
    key, neighbour = key_at(cache, NAMES[0]), key_at(cache, NAMES[1])
    cache.set_many({key: "old", neighbour: "kept"})
    cluster.nodes[NAMES[0]].freeze()
    assert outcome(lambda: write(cache, key)) is OutcomeUnknown
    cluster.nodes[NAMES[0]].thaw()
    thawed = time.monotonic()
    seen: list[object] = []

    def is_served() -> bool:
        seen.append(outcome(lambda: cache.get(key)))
        return seen[-1] is None

    wait_until(is_served, 5)
    assert time.monotonic() - thawed < RECOVERY_SECONDS
    assert b"old" not in seen
    cache.set(key, "newer")
    assert [cache.get(key), cache.get(neighbour)] == [b"newer", b"kept"]


def test_a_node_that_returns_with_old_data_is_flushed_before_it_serves(cluster, connect_to):
    cache = connect_to(cluster, DEADLINE_SECONDS)
    keys = [key for key in (f"many:{n}" for n in range(600)) if cache.node_for(key) == f"{NAMES[0]}:11211"]
    server = cluster.nodes[NAMES[0]]
    server.kill()
    assert issubclass(outcome(lambda: cache.set_many(dict.fromkeys(keys, "new"))), CacheUnreachable)
    # The name leads to where nobody listens until the node holds the old values again.
    returned = MemcachedServer()
    try:
        with returned.administrator() as administrator:
            administrator.set_many(dict.fromkeys(keys, b"old"))
        cluster.nodes[NAMES[0]] = returned
        seen: set[object] = set()

        def is_served() -> bool:
            found = outcome(lambda: cache.get_many(keys))
            seen.update(found.values() if isinstance(found, dict) else [])
            return found == {}

        wait_until(is_served, 5)
        assert seen == set()
    finally:
        returned.stop()
        cluster.nodes[NAMES[0]] = server


def test_without_flushing_a_returning_node_serves_what_it_held(cluster, connect_to):
    cache = connect_to(cluster, DEADLINE_SECONDS, flush_returning_nodes=False)
    key = key_at(cache, NAMES[0])
    cache.set(key, "old")
    cluster.nodes[NAMES[0]].freeze()
    assert outcome(lambda: cache.increment(key)) is OutcomeUnknown
    assert cache.status.out == ()
    cluster.nodes[NAMES[0]].thaw()
    wait_until(lambda: outcome(lambda: cache.get(key)) == b"old", 5)


def test_a_node_behind_a_wall_costs_a_batch_its_deadline_and_the_others_answer(cluster, connect_to):
    cache = connect_to(cluster, DEADLINE_SECONDS)
    keys = [f"walled:{number}" for number in range(60)]
    walled = [key for key in keys if cache.node_for(key) == f"{NAMES[0]}:11211"]
    with full_port() as port:
        cluster.nodes[NAMES[0]].stop()
        cluster.nodes[NAMES[0]].port = port
        assert issubclass(outcome(lambda: cache.set_many(dict.fromkeys(keys, "1"))), CacheUnreachable)
        others = [key for key in keys if key not in walled]
        assert cache.get_many(others) == dict.fromkeys(others, b"1")


def test_a_new_node_is_found_and_only_its_keys_move(cluster, connect_to):
    cache = connect_to(cluster, poll_seconds=0.1)
    before = {key: cache.node_for(key) for key in (f"key:{number}" for number in range(500))}
    cluster.scale_to([*NAMES, "0004.test"])
    wait_until(lambda: cache.status.version == 2, 5)
    moved = {cache.node_for(key) for key in before if cache.node_for(key) != before[key]}
    assert moved == {"0004.test:11211"}


def test_while_the_cluster_grows_and_shrinks_clients_go_on(cluster, connect_to):
    caches = [connect_to(cluster, poll_seconds=0.1) for _ in range(3)]
    stopping, failures, rounds = threading.Event(), [], [0, 0, 0]

    def work(number: int) -> None:
        cache = caches[number]
        while not stopping.is_set():
            rounds[number] += 1
            keys = [f"{number}:{rounds[number]}:{n}" for n in range(30)]
            try:
                cache.set_many(dict.fromkeys(keys, "1"))
                cache.set(keys[0], "2")
                cache.get_many(keys)
            except CacheError as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for names in ([*NAMES, "0004.test", "0005.test"], NAMES[:2], [*NAMES[:2], "0006.test"]):
            cluster.scale_to(names)
            version = cluster.version
            wait_until(lambda: all(cache.status.version == version for cache in caches), 5)  # noqa: B023
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert min(rounds) > 3
    assert len({cache.status.fingerprint for cache in caches}) == 1


def test_a_node_that_left_the_cluster_and_comes_back_is_flushed(cluster, connect_to):
    cache = connect_to(cluster, poll_seconds=0.1)
    key = key_at(cache, NAMES[2])
    cache.set(key, "old")
    cluster.scale_to(NAMES[:2])
    wait_until(lambda: cache.status.version == 2, 5)
    cache.set(key, "new")
    cluster.scale_to(NAMES)
    wait_until(lambda: cache.status.version == 3, 5)
    seen = []

    def is_served() -> bool:
        seen.append(outcome(lambda: cache.get(key)))
        return seen[-1] is None

    wait_until(is_served, 5)
    assert b"old" not in seen


def test_a_failing_node_that_has_left_is_found_out_before_the_minute_is_over(cluster, connect_to):
    cache = connect_to(cluster)
    key = key_at(cache, NAMES[2])
    cluster.scale_to(NAMES[:2])
    cluster.nodes[NAMES[2]].kill()
    wait_until(lambda: outcome(lambda: cache.get(key)) is None, 5)
    assert [node.host for node in cache.status.nodes] == NAMES[:2]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not a reply"),
        (b"CONFIG cluster 0 30\r\n9\na||11211\n\r\nEND\r\n", "no answer within|not a reply"),
        (reply(9, []), "lists no node"),
        (reply(0, NAMES[:1]), "older configuration: version 0 after 1"),
        (b"SERVER_ERROR out of memory\r\n", "SERVER_ERROR"),
        (b"END\r\n", "no cluster|plain Memcached"),
        (b"", "not a reply|closed|no answer"),
        (None, "no answer within"),
    ],
    ids=["http", "cut", "empty", "older", "server-error", "end", "silent", "hanging"],
)
def test_on_any_fault_of_the_configuration_endpoint_the_old_list_stays(cluster, connect_to, answer, said):
    faults: list[str] = []

    def observe(word: str, details: str) -> None:
        if (word == "undiscovered" and "cluster.cfg.test" in details) or "older" in details:
            faults.append(details)

    cache = connect_to(cluster, poll_seconds=0.1, observe=observe)
    cache.set("key", "1")
    before = cache.status
    cluster.configuration.answer = answer
    wait_until(lambda: bool(faults), 5)
    assert re.search(said, faults[0]), faults[0]
    after = cache.status
    assert (after.nodes, after.version, after.fingerprint) == (before.nodes, 1, before.fingerprint)
    assert after.faults > 0
    assert cache.get("key") == b"1"
    cluster.scale_to(NAMES[:2])
    wait_until(lambda: cache.status.version == 2, 8)


def test_a_configuration_endpoint_that_is_down_leaves_the_list_and_its_age(cluster, connect_to):
    cache = connect_to(cluster, poll_seconds=0.1)
    cache.set("key", "1")
    cluster.configuration.stop()
    wait_until(lambda: cache.status.last_fault is not None, 5)
    age = cache.status.last_success_age_seconds
    assert age is not None
    assert 0 < age < 10
    assert cache.get("key") == b"1"


def test_the_nodes_are_asked_when_the_configuration_endpoint_is_down(cluster, connect_to):
    cache = connect_to(cluster, poll_seconds=0.1)
    cache.set("key", "1")
    cluster.configuration.stop()
    payload = reply(2, NAMES[:2]).partition(b"\r\n")[2].removesuffix(b"\r\nEND\r\n")
    with cluster.nodes[NAMES[1]].administrator() as administrator:
        administrator.set("AmazonElastiCache:cluster", payload)
    wait_until(lambda: cache.status.version == 2, 8)


def test_an_older_engine_is_asked_by_its_key(cluster, connect_to):
    configuration = cluster.configuration
    answer = configuration.answer.replace(b"CONFIG cluster", b"VALUE AmazonElastiCache:cluster")
    configuration.answers = {REQUEST: b"ERROR\r\n", LEGACY_REQUEST: answer}
    cache = connect_to(cluster)
    cache.set("key", "1")
    assert [node.host for node in cache.status.nodes] == NAMES


def test_plain_memcached_as_the_endpoint_is_named(cluster, connect_to):
    cluster.configuration.answers = {REQUEST: b"ERROR\r\n", LEGACY_REQUEST: b"END\r\n"}
    cache = connect_to(cluster)
    with pytest.raises(CacheRefused, match="plain Memcached, not a cluster") as refusal:
        cache.get("key")
    assert refusal.value.code == "NO_CLUSTER"


def test_a_cluster_found_late_is_served_without_a_new_client(cluster, connect_to):
    answer, cluster.configuration.answer = cluster.configuration.answer, b"SERVER_ERROR busy\r\n"
    cache = connect_to(cluster)
    with pytest.raises(CacheRefused, match="busy"):
        cache.get("key")
    cluster.configuration.answer = answer
    wait_until(lambda: outcome(lambda: cache.get("key")) is None, 5)


def test_a_closed_client_stops_asking(cluster, connect_to):
    cache = connect_to(cluster, poll_seconds=0.05)
    cache.get("key")
    cache.close()
    wait_until(lambda: not any(thread.name == "discovery" for thread in threading.enumerate()), 5)


def test_a_peer_that_is_no_cluster_ends_the_wait_for_the_first_list_at_once(cluster):
    # The deadline is longer than a test may last.
    server = MemcachedServer()
    endpoint = replace(cluster.endpoint, host="127.0.0.1", port=server.port)
    try:
        with connect(endpoint, 600) as cache, pytest.raises(CacheRefused):
            cache.get("key")
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"", "without a reply"), (reply(1, NAMES)[:-5], "in the middle of the reply")],
    ids=["nothing", "a part"],
)
def test_a_configuration_endpoint_that_hangs_up_is_told_by_how_far_it_came(answer, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1000)
                peer.sendall(answer)

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(CacheUnreachable, match=rf"the connection was closed {words}$") as unreachable:
            ask(listener.getsockname(), None, Names(system_resolver), Deadline(10))
        thread.join()
    assert unreachable.value.stage == "discovery"
