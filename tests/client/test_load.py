"""A load counts from when requests should have begun, verifies what it reads, and takes errors as figures."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import CacheUnreachable, Endpoint
from client.load import LoadPlan, run_load
from client.load_figures import Sample, figures, percentile
from client.load_results import as_mapping, load_from_mapping

from .conftest import endpoint_of
from .memcached_servers import ConfigurationEndpoint, MemcachedServer
from .redis_servers import RedisNode, wait_until


def samples(milliseconds: list[float], kind: str = "read") -> list[Sample]:
    return [Sample(number / 100, each / 1000, 0.0, kind, "ok") for number, each in enumerate(milliseconds)]


def discovery_reply(port: int) -> bytes:
    """What a configuration endpoint says of one node on this machine."""
    payload = f"1\n127.0.0.1|127.0.0.1|{port}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%b\r\nEND\r\n" % (len(payload), payload)


@contextmanager
def once_it_reads(node: RedisNode, act: Callable[[], None]) -> Iterator[None]:
    """Do something to the node while the load inside is under way, which begins with nothing but writes."""

    def run() -> None:
        wait_until(lambda: "cmdstat_get" in node.command("INFO", "commandstats"), 30)
        act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def load_of(found: list[Sample]):
    return figures(found, "here", "library", LoadPlan(), 100.0, None, 1.0)


def test_the_percentiles_are_those_of_the_definition():
    found = load_of(samples(list(range(1, 1001)))).latencies[0]
    assert (found.p50_ms, found.p95_ms, found.p99_ms, found.p999_ms, found.max_ms) == (
        500,
        950,
        990,
        999,
        1000,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 0.999]))
def test_a_percentile_is_not_exceeded_by_its_share_and_is_one_of_the_values(values, share):
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9


def test_too_small_a_sample_says_which_percentiles_it_cannot_carry():
    assert load_of(samples([1.0] * 500)).notes == [
        "500 reads are too few for p99, p99.9: fewer than 10 were slower (p99.9 needs 10000)"
    ]
    assert load_of(samples([1.0] * 10_000)).notes == []


def test_a_client_that_cannot_keep_up_says_so():
    late = [Sample(number / 100, 0.5, 0.4, "read", "ok") for number in range(10_000)]
    assert "began half of its requests more than 400.0 ms late" in load_of(late).notes[0]


def test_every_second_has_its_requests_and_its_failures():
    found = [
        Sample(0.1, 0.001, 0, "read", "ok"),
        Sample(0.9, 0.2, 0, "read", "ok"),
        Sample(2.5, 0.1, 0, "write", "DeadlineExceeded"),
    ]
    assert load_of(found).per_second == [(1, 0), (1, 0), (0, 1)]


def test_a_load_comes_back_whole_from_json():
    load = load_of(samples([1.0, 2.0]) + samples([3.0], "write"))
    assert load_from_mapping(json.loads(json.dumps(as_mapping(load)))) == load


def test_on_a_healthy_cache_everything_is_answered_and_right(own_node: RedisNode):
    load = run_load(
        endpoint_of(own_node), LoadPlan(count=300, rate=1000, connections=3, value_bytes=64), "app"
    )
    assert (load.requests, load.errors, load.missing, load.wrong, load.ok) == (300, {}, 0, 0, True)
    assert sum(latency.samples for latency in load.latencies) == 300
    assert all(0 < latency.p50_ms <= latency.max_ms < 1000 * load.seconds for latency in load.latencies)
    assert sum(well for well, _ in load.per_second) == 300
    assert (load.where, load.rate, load.capacity, load.value_bytes) == ("app", 1000, None, 64)
    assert own_node.command("DBSIZE") == 0


def test_without_a_rate_it_finds_a_comfortable_one(node: RedisNode):
    load = run_load(endpoint_of(node), LoadPlan(seconds=0.8))
    assert load.capacity is not None
    assert load.rate == pytest.approx(load.capacity / 4, rel=0.01)
    assert load.requests > 0


def test_memcached_takes_the_same_load():
    server, configuration = MemcachedServer(), ConfigurationEndpoint()
    try:
        configuration.answer = discovery_reply(server.port)
        endpoint = Endpoint("memcached", "127.0.0.1", configuration.port, tls=False)
        load = run_load(endpoint, LoadPlan(count=200, rate=1000))
        assert (load.requests, load.errors, load.wrong) == (200, {}, 0)
        assert load.library.startswith("pymemcache")
    finally:
        configuration.stop()
        server.stop()


def test_a_stall_is_seen_by_every_request_that_should_have_begun_in_it(own_node: RedisNode):
    def stall() -> None:
        own_node.freeze()
        time.sleep(0.5)
        own_node.thaw()

    plan = LoadPlan(count=300, rate=200, connections=2, deadline_seconds=5)
    with once_it_reads(own_node, stall):
        load = run_load(endpoint_of(own_node), plan)
    reads = next(latency for latency in load.latencies if latency.kind == "read")
    # A third of the 1.5 s was stalled: a closed loop would have had two slow requests, one a connection.
    assert reads.p95_ms > 300
    assert load.errors == {}


def test_a_killed_cache_is_figures_not_an_end(own_node: RedisNode):
    plan = LoadPlan(seconds=0.5, rate=200, deadline_seconds=0.4, grace_seconds=0.2)
    with once_it_reads(own_node, own_node.kill):
        load = run_load(endpoint_of(own_node), plan)
    failures = set(load.errors) - {"NotBegun"}
    assert failures
    assert failures <= {"CacheUnreachable", "DeadlineExceeded", "OutcomeUnknown"}
    assert load.throughput > 0
    assert not load.ok


@pytest.mark.parametrize("amount", [{"seconds": 1.0}, {"count": 200}])
def test_a_cache_that_answers_nothing_is_not_asked_for_ever(own_node: RedisNode, amount):
    plan = LoadPlan(**amount, rate=200, connections=2, deadline_seconds=0.4, grace_seconds=0.2)
    with once_it_reads(own_node, own_node.freeze):
        load = run_load(endpoint_of(own_node), plan)
    assert load.requests == 200
    assert load.errors["NotBegun"] > 50
    assert load.seconds < 20, "all their deadlines together are some 30 s"


def test_a_value_that_somebody_else_wrote_is_counted_as_wrong_and_a_removed_one_as_missing(
    own_node: RedisNode,
):
    ended = threading.Event()

    def meddle() -> None:
        with own_node.administrator() as administrator:
            for number in itertools.count():
                if ended.wait(0.005):
                    return
                for key in administrator.keys("bench:*")[:20]:
                    administrator.set(key, "forged") if number % 2 else administrator.delete(key)

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        load = run_load(endpoint_of(own_node), LoadPlan(count=600, rate=600, connections=1))
    finally:
        ended.set()
        thread.join()
    assert load.wrong > 0
    assert load.missing > 0
    assert not load.ok


def test_a_cache_that_is_not_there_is_an_error(own_node: RedisNode):
    own_node.kill()
    with pytest.raises(CacheUnreachable):
        run_load(endpoint_of(own_node), LoadPlan(seconds=0.5, deadline_seconds=0.1))
