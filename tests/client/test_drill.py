"""The drill measures what really happened to the writes of a cache that loses its primary."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from client.drill import evaluate
from client.drill_record import DrillPlan, WorkerRecord
from client.drill_worker import run_worker
from client.key_shares import begun_key, over_key
from client.redis_drill import RedisWorker
from client.results import Drill

from .redis_servers import RedisPair, wait_until

PLAN = DrillPlan(run="test", worker="app", tick_seconds=0.01, settle_seconds=0.5, maximum_seconds=15.0)


def drilled(pair: RedisPair, fail_over) -> tuple[Drill, WorkerRecord]:
    """Run a worker against the pair, fail over once it is under way, and evaluate."""
    with ThreadPoolExecutor() as threads:
        worker = threads.submit(run_worker, pair.endpoint, PLAN, resolver=pair.resolve)
        # A fresh replica gets nothing until the primary has heard that it loaded the first copy.
        wait_until(lambda: pair.replica.command("LLEN", PLAN.key) >= 20, 10)
        triggered_at = time.time()
        fail_over()
        record = worker.result(timeout=30)
    return evaluate("test", triggered_at, [record]), record


def test_with_the_replica_in_step_nothing_is_lost_or_doubled(tls_pair: RedisPair):
    def fail_over() -> None:
        tls_pair.primary.kill()
        time.sleep(PLAN.deadline_seconds + 0.1)  # away for longer than a call can wait, as in a real failover
        tls_pair.promote()
        tls_pair.point_names()

    drill, record = drilled(tls_pair, fail_over)

    assert (drill.lost, drill.doubled, drill.problems) == (0, 0, ())
    assert drill.acknowledged >= 40
    assert len(record.names) == 2 or record.errors
    assert {"failover triggered", "writes acknowledged again"} <= {event.name for event in drill.timeline}


def test_with_replication_cut_before_the_kill_exactly_the_missing_writes_are_reported(tls_pair: RedisPair):
    replicated: list[bytes] = []
    acknowledged = threading.Event()

    def fail_over() -> None:
        tls_pair.cut_replication()
        replicated.extend(tls_pair.replica.command("LRANGE", PLAN.key, 0, -1))
        before = tls_pair.primary.command("LLEN", PLAN.key)
        wait_until(lambda: tls_pair.primary.command("LLEN", PLAN.key) >= before + 10, 10)
        acknowledged.set()
        tls_pair.primary.kill()
        time.sleep(PLAN.deadline_seconds + 0.1)  # away for longer than a call can wait, as in a real failover
        tls_pair.promote()
        tls_pair.point_names()

    drill, record = drilled(tls_pair, fail_over)

    survived = {int(item) for item in replicated} | set(record.present)
    answered = [number for number, (_, _, outcome) in enumerate(record.writes) if outcome == "ok"]
    missing = [f"app {number}" for number in answered if number not in survived]
    assert acknowledged.is_set()
    assert drill.lost == len(missing) >= 10
    assert list(drill.lost_writes) == missing[:20]
    assert not drill.ok


def test_the_sign_of_a_drill_that_is_cut_off_goes_by_itself(pair: RedisPair):
    worker = RedisWorker(pair.endpoint, PLAN, pair.resolve)
    try:
        worker.prepare()
        left = pair.primary.command("PTTL", begun_key(PLAN.key)) / 1000
    finally:
        worker.close()
    assert PLAN.maximum_seconds + 600 < left <= PLAN.maximum_seconds + 900


def test_only_an_acknowledged_write_that_the_reader_lacks_is_staleness(pair: RedisPair, monkeypatch):
    worker = RedisWorker(pair.endpoint, PLAN, pair.resolve)
    length = [0]
    monkeypatch.setattr(worker._client, "execute", lambda *words, **options: length[0])
    try:
        assert (worker.read(), worker.record.staleness_seconds) == ("ok", None), "nothing was written"
        worker.write(0)
        length[0] = 1
        assert (worker.read(), worker.record.staleness_seconds) == ("ok", None), "the reader has it"
        worker.write(1)
        worker.read()
        behind = worker.record.staleness_seconds
        assert behind is not None
        assert behind > 0
        worker.notice()
        worker.write(2)
        worker.read()
        assert worker.record.staleness_seconds == behind, "a failover is no staleness"
    finally:
        worker.close()


def test_a_worker_that_nothing_happens_to_stops_at_its_maximum(pair: RedisPair):
    plan = DrillPlan(run="calm", worker="app", tick_seconds=0.01, maximum_seconds=0.5)

    record = run_worker(pair.endpoint, plan, resolver=pair.resolve)

    assert record.present == list(range(len(record.writes)))
    assert record.errors == {}
    assert record.master_at[0][1] == "master"
    assert evaluate("test", time.time(), [record]).problems == (
        "no client noticed anything: neither a failed write nor a changed name",
    )
    assert pair.primary.command("EXISTS", plan.key) == 0


def test_a_worker_that_is_to_be_told_goes_on_until_the_sign_and_then_settles(pair: RedisPair):
    plan = DrillPlan(
        "told", "app", tick_seconds=0.01, settle_seconds=0.1, maximum_seconds=20.0, until_told=True
    )
    with ThreadPoolExecutor() as threads:
        worker = threads.submit(run_worker, pair.endpoint, plan, resolver=pair.resolve)
        wait_until(lambda: pair.primary.command("LLEN", plan.key) >= 20, 10)
        triggered_at = time.time()
        pair.primary.command("CLIENT", "KILL", "TYPE", "normal")
        time.sleep(5 * plan.settle_seconds)
        assert not worker.done()
        pair.primary.command("SET", over_key(plan.run), "1")
        record = worker.result(timeout=10)

    assert any(at >= triggered_at for at, _ in record.sockets)
    assert evaluate("test", triggered_at, [record]).problems == ()


def test_the_record_of_a_minute_of_writing_fits_into_run_commands_answer():
    from client.packing import LIMIT, pack

    noise = random.Random(1)
    writes = [
        (1.7e9 + number * 0.03 + noise.random() / 200, noise.random() / 100, "ok") for number in range(2000)
    ]
    record = WorkerRecord("app", writes=writes, reads=writes, present=list(range(2000)))

    assert len(pack({"record": record.as_mapping()})) < LIMIT
