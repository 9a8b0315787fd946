"""The drill measures what really happened to the keys of a cluster whose nodes change under it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import connect
from client.drill import evaluate
from client.drill_record import DrillPlan, WorkerRecord
from client.drill_worker import run_worker
from client.key_shares import begun_key, over_key
from client.packing import LIMIT, pack
from client.results import Drill

from .memcached_servers import MemcachedCluster
from .redis_servers import wait_until

SETTINGS = {
    "tick_seconds": 0.01,
    "settle_seconds": 0.4,
    "maximum_seconds": 15.0,
    "poll_seconds": 0.2,
    "deadline_seconds": 2.0,
}


@pytest.fixture
def cluster() -> Iterator[MemcachedCluster]:
    started = MemcachedCluster(["a.test", "b.test"])
    yield started
    started.stop()


def drilled(
    cluster: MemcachedCluster, change: Callable[[list[int]], None], clients: int = 1, **evaluation: object
) -> tuple[Drill, list[WorkerRecord]]:
    """Run workers against the cluster, change it once they are under way, and evaluate.

    The change gets how many writes each worker has begun.
    """
    begun = [0] * clients

    def work(number: int) -> WorkerRecord:
        plan = DrillPlan(run="test", worker=f"client-{number}", **SETTINGS)

        def stop() -> bool:
            begun[number] += 1
            return False

        return run_worker(cluster.endpoint, plan, resolver=cluster.resolve, stop=stop)

    with ThreadPoolExecutor() as threads:
        workers = [threads.submit(work, number) for number in range(clients)]
        wait_until(lambda: min(begun) > 20, 20)
        triggered_at = time.time()
        change(begun)
        records = [worker.result(timeout=30) for worker in workers]
    return evaluate("test", triggered_at, records, **evaluation), records


def items(cluster: MemcachedCluster) -> int:
    found = 0
    for server in cluster.nodes.values():
        if server.process.poll() is None:
            with server.administrator() as administrator:
                found += int(administrator.stats()[b"curr_items"])
    return found


def test_scaling_out_loses_the_keys_that_the_ring_moves_and_no_other(cluster: MemcachedCluster):
    drill, records = drilled(
        cluster, lambda _: cluster.scale_to(["a.test", "b.test", "c.test"]), clients=2, kind="scale-out"
    )

    assert drill.problems == ()
    assert drill.errors == {}
    assert drill.shares.keys == 2000
    assert drill.shares.missing == drill.shares.expected
    assert 0.2 < drill.shares.missing_share < 0.5
    assert (drill.lost, drill.unknown) == (0, 0)
    assert drill.acknowledged == drill.present + drill.moved
    assert "list of nodes changed" in {event.name for event in drill.timeline}
    assert {"ok", "miss"} == {outcome for record in records for _, _, outcome in record.reads}


def test_scaling_in_loses_the_keys_of_the_node_that_left(cluster: MemcachedCluster):
    cluster.scale_to(["a.test", "b.test", "c.test"])

    def scale_in(_: list[int]) -> None:
        cluster.scale_to(["a.test", "c.test"])
        # The list first, the node later, as AWS does: a worker asks again only when it follows what it was told.
        asked = len(cluster.configuration.questions)
        wait_until(lambda: len(cluster.configuration.questions) >= asked + 2, 10)
        cluster.nodes["b.test"].kill()

    drill, _ = drilled(cluster, scale_in, kind="scale-in")

    assert drill.problems == ()
    assert drill.shares.missing == drill.shares.expected > 200


def test_a_restarted_node_comes_back_empty_and_costs_its_own_keys_only(cluster: MemcachedCluster):
    def restart(begun: list[int]) -> None:
        cluster.nodes["a.test"].kill()
        before = begun[0]
        wait_until(lambda: begun[0] > before + 30, 20)  # half of them are for the node that is away
        cluster.nodes["a.test"].start()

    drill, records = drilled(cluster, restart, kind="reboot", emptied=("a.test:11211",))

    assert drill.problems == ()
    assert drill.shares.missing == drill.shares.expected > 300
    assert drill.errors.keys() <= {"CacheUnreachable", "OutcomeUnknown", "DeadlineExceeded"}
    assert drill.errors
    assert 0.2 < drill.write_gap_seconds < 10
    assert records[0].out == ["a.test:11211"]
    assert {"node out", "node back"} <= {event.name for event in drill.timeline}


def test_keys_that_vanish_from_a_healthy_node_are_told(cluster: MemcachedCluster):
    def scale_and_lose(_: list[int]) -> None:
        with cluster.nodes["a.test"].administrator() as administrator:
            administrator.flush_all()
        cluster.scale_to(["a.test", "b.test", "c.test"])

    drill, _ = drilled(cluster, scale_and_lose, kind="scale-out")

    assert drill.shares.unexplained > 100
    assert f"{drill.shares.unexplained} of 1000 keys missing that the ring did not move" in drill.problems


def test_the_drill_leaves_no_key_behind_and_nothing_happening_ends_it_at_its_maximum(
    cluster: MemcachedCluster,
):
    plan = DrillPlan("calm", "app", **{**SETTINGS, "maximum_seconds": 0.5})

    record = run_worker(cluster.endpoint, plan, resolver=cluster.resolve)

    assert record.kept == list(range(1000))
    assert record.present == list(range(len(record.writes)))
    assert record.library.startswith("pymemcache")
    assert evaluate("test", time.time(), [record], kind="scale-out").problems == (
        "no client noticed anything: neither a failed write nor a changed list of nodes",
    )
    wait_until(lambda: items(cluster) == 0, 5)


def test_a_worker_that_waits_for_its_sign_goes_on_through_what_it_notices(cluster: MemcachedCluster):
    plan = DrillPlan("signed", "app", until_told=True, **SETTINGS)
    with ThreadPoolExecutor() as threads:
        worker = threads.submit(run_worker, cluster.endpoint, plan, resolver=cluster.resolve)
        with connect(cluster.endpoint, 5, resolver=cluster.resolve, poll_seconds=0.2) as other:
            wait_until(lambda: other.get(begun_key(plan.key)) is not None, 10)
            cluster.scale_to(["a.test", "b.test", "c.test"])
            time.sleep(3 * plan.settle_seconds)
            assert not worker.done()
            wait_until(lambda: len(other.status.nodes) == 3, 10)
            other.set(over_key(plan.run), "1", ttl_seconds=60)
        record = worker.result(timeout=10)

    assert len(record.layouts) == 2


def test_the_record_of_a_long_drill_fits_into_run_commands_answer():
    plan = DrillPlan("long", "app")
    at, writes = 0.0, []
    while at < 900:
        writes.append((1.7e9 + at, 0.0004 + (len(writes) * 7919 % 97) / 1e5, "ok"))
        at += plan.pause_after(at) + (len(writes) * 104729 % 89) / 1e4
    moved = [number for number in range(1000) if number * 2654435761 % 3]
    record = WorkerRecord("app", writes=writes, reads=writes, present=moved, kept=moved, filled=1000)

    assert 1000 < len(writes) < 3000
    assert len(pack({"record": record.as_mapping()})) < LIMIT
