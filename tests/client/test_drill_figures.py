"""The figures of a drill follow from what the clients noted, write by write."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from client import remote
from client.drill import Limits, evaluate
from client.drill_worker import WorkerRecord


def record(writes: str, present: list[int], worker: str = "app", names: int = 2) -> WorkerRecord:
    """A worker that made one write every 100 ms from second 100 on: o ok, f failed, u unknown."""
    words = {"o": "ok", "f": "failed", "u": "unknown"}
    return WorkerRecord(
        worker,
        writes=[(100 + number / 10, 0.01, words[letter]) for number, letter in enumerate(writes)],
        reads=[(100 + number / 10, 0.001, "ok") for number in range(len(writes))],
        names=[(99.0 + number, f"10.0.0.{number}") for number in range(names)],
        present=present,
    )


def test_all_acknowledged_writes_present_is_a_drill_without_loss():
    drill = evaluate("TestFailover", 100.2, [record("ooffoo", [0, 1, 4, 5])])

    assert (drill.acknowledged, drill.present, drill.lost, drill.doubled, drill.unknown) == (4, 4, 0, 0, 0)
    assert drill.ok


def test_an_acknowledged_write_that_is_missing_is_lost_and_named():
    drill = evaluate("TestFailover", 100.2, [record("ooffoo", [0, 4, 5]), record("of", [0], "function")])

    assert (drill.lost, drill.lost_writes) == (1, ("app 1",))
    assert drill.problems == ("1 acknowledged writes lost; at most 0 allowed",)


def test_a_write_that_is_there_twice_is_doubled():
    drill = evaluate("TestFailover", 100.2, [record("oof", [0, 1, 1])])

    assert (drill.doubled, drill.lost) == (1, 0)
    assert not drill.ok


@pytest.mark.parametrize("present", [[0, 1], [0]])
def test_a_write_whose_answer_was_lost_is_unknown_whether_it_happened_or_not(present):
    drill = evaluate("TestFailover", 100.1, [record("ou", present)])

    assert (drill.acknowledged, drill.unknown, drill.lost, drill.doubled) == (1, 1, 0, 0)
    assert drill.ok


def test_the_write_gap_is_the_longest_time_between_two_successes_of_the_worst_client():
    steady, broken = record("oooooooo", list(range(8)), "function"), record("oofffoof", [0, 1, 5, 6])

    drill = evaluate("TestFailover", 100.2, [steady, broken])

    assert drill.write_gap_seconds == pytest.approx(0.4)
    assert drill.read_gap_seconds == pytest.approx(0.1)


def test_a_slow_start_before_the_trigger_is_no_gap_of_the_failover():
    drill = evaluate("TestFailover", 101.0, [record("fffffoooooooofoo", [*range(5, 13), 14, 15])])

    assert drill.write_gap_seconds == pytest.approx(0.2)


def test_a_client_that_never_writes_again_has_a_gap_to_its_last_attempt():
    drill = evaluate(
        "TestFailover", 100.2, [record("oo" + "f" * 50, [0, 1])], limits=Limits(write_gap_seconds=4)
    )

    assert drill.write_gap_seconds == pytest.approx(5.0)
    assert drill.problems == ("the longest gap for writes was 5.00 s; at most 4 s allowed",)


def test_a_failover_that_no_client_noticed_proves_nothing():
    drill = evaluate("TestFailover", 100.2, [record("oooo", [0, 1, 2, 3], names=1)])

    assert drill.problems == ("no client noticed anything: neither a failed write nor a changed name",)


def test_the_time_line_is_in_order_and_counts_from_the_acceptance():
    worker = record("oofoo", [0, 1, 3, 4])
    worker.names = [(99.0, "10.0.0.1"), (100.25, "10.0.0.2")]
    worker.sockets = [(99.0, "10.0.0.1:6379 (master)"), (100.29, "10.0.0.2:6379 (master)")]

    drill = evaluate("TestFailover", 100.15, [worker], [(100.4, "group-001: completed")])

    assert [(event.seconds, event.name) for event in drill.timeline] == [
        (0.0, "failover triggered"),
        (0.05, "first failed write"),
        (0.1, "name changed"),
        (0.14, "first connection to the new primary"),
        (0.16, "writes acknowledged again"),
        (0.25, "service"),
    ]


def test_a_record_survives_the_way_to_the_laptop():
    sent = record("oofu", [0, 1, 1, 3])

    received = WorkerRecord.from_mapping(sent.as_mapping())

    assert received.present == [0, 1, 1, 3]
    assert [outcome for _, _, outcome in received.writes] == ["ok", "ok", "failed", "unknown"]
    assert [at for at, _, _ in received.writes] == pytest.approx([at for at, _, _ in sent.writes], abs=1e-4)


def test_the_trigger_is_earlier_than_all_that_the_service_does(monkeypatch):
    begun: list[float] = []
    service = SimpleNamespace(test_failover=lambda **_: begun.append(time.time()))
    monkeypatch.setattr(remote, "_client", lambda *_: service)

    triggered_at = remote.failover({"engine": "redis", "member_ids": ["cache-001", "cache-002"]})

    assert time.time() - 5 < triggered_at <= begun[0]
