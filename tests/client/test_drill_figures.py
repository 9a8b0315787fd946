"""The figures of a drill follow from what the clients noted, write by write."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest

from client import triggers
from client.drill import Limits, evaluate
from client.drill_record import WorkerRecord
from client.results import KeyShares
from client.ring import Ring


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
    assert received == WorkerRecord.from_mapping(json.loads(json.dumps(sent.as_mapping())))
    assert [outcome for _, _, outcome in received.writes] == ["ok", "ok", "failed", "unknown"]
    assert [at for at, _, _ in received.writes] == pytest.approx([at for at, _, _ in sent.writes], abs=1e-4)


def test_the_trigger_is_earlier_than_all_that_the_service_does(monkeypatch):
    begun: list[float] = []
    service = SimpleNamespace(test_failover=lambda **_: begun.append(time.time()))
    monkeypatch.setattr(triggers, "aws_client", lambda *_: service)

    found = triggers.trigger("failover", {"engine": "redis", "member_ids": ["cache-001", "cache-002"]})
    triggered_at = found.pull()

    assert time.time() - 5 < triggered_at <= begun[0]


def filled(layouts: list[str], kept: set[int], worker: str = "app", **more: object) -> WorkerRecord:
    """A client of Memcached that filled 100 keys at second 99 and saw these lists of nodes from then on."""
    return WorkerRecord(
        worker,
        key=f"drill:run:{worker}",
        writes=[(101.0 + number, 0.001, "ok") for number in range(10)],
        present=list(range(10)),
        layouts=[(99.0 + 1.5 * number, nodes) for number, nodes in enumerate(layouts)],
        filled=100,
        filled_at=99.5,
        kept=sorted(kept),
        **more,
    )


def owned(nodes: str, node: str) -> set[int]:
    """Which of the filled keys of `app` the node has."""
    ring = Ring(nodes.split())
    return {number for number in range(100) if ring.node_for(f"drill:run:app:f{number}".encode()) == node}


TWO, THREE = "a:11211 b:11211", "a:11211 b:11211 c:11211"
NEW = owned(THREE, "c:11211")


def test_keys_that_the_ring_gave_to_a_new_node_are_expected_to_be_missing():
    drill = evaluate("scale", 100.0, [filled([TWO, THREE], set(range(100)) - NEW)], kind="scale-out")

    assert drill.shares == KeyShares(100, len(NEW), len(NEW), 0, len(NEW) / 100, len(NEW) / 100)
    assert 20 < len(NEW) < 50
    assert drill.problems == ()


def test_a_key_that_is_missing_without_having_moved_is_a_problem():
    stays = min(set(range(100)) - NEW)

    drill = evaluate("scale", 100.0, [filled([TWO, THREE], set(range(100)) - NEW - {stays})])

    assert (drill.shares.missing, drill.shares.unexplained) == (len(NEW) + 1, 1)
    assert drill.problems == ("1 of 100 keys missing that the ring did not move",)


@pytest.mark.parametrize("how", ["by the trigger", "by a client that took it for out"])
def test_the_keys_of_a_node_that_was_emptied_are_expected_to_be_missing(how):
    on_a = owned(TWO, "a:11211")
    emptied = {"emptied": ("a:11211",)} if how == "by the trigger" else {}
    record = filled([TWO], set(range(100)) - on_a, out=[] if emptied else ["a:11211"])
    record.events = [(100.5, "node out", "app: a:11211")]

    drill = evaluate("reboot", 100.0, [record], kind="reboot", **emptied)

    assert (drill.shares.missing, drill.shares.expected, drill.shares.unexplained) == (
        len(on_a),
        len(on_a),
        0,
    )
    assert drill.ok


def test_a_write_to_a_node_that_left_is_moved_and_one_after_the_change_lost():
    record = filled([THREE, TWO], set())
    ring, after = Ring(THREE.split()), Ring(TWO.split())
    record.writes = [(99.1, 0.001, "ok")] * 30 + [(101.0, 0.001, "ok")] * 30
    keys = [f"drill:run:app:{number}".encode() for number in range(60)]
    moved = [number for number in range(30) if ring.node_for(keys[number]) != after.node_for(keys[number])]
    record.present = [number for number in range(60) if number not in moved and number != 45]

    drill = evaluate("scale", 100.0, [record])

    assert (drill.moved, drill.lost, drill.lost_writes) == (len(moved), 1, ("app 45",))
    assert "1 acknowledged writes lost; at most 0 allowed" in drill.problems


def test_a_client_that_filled_its_keys_after_the_trigger_proves_nothing():
    drill = evaluate("scale", 99.2, [filled([TWO, THREE], set(range(100)) - NEW)])

    assert drill.problems == ("app began only after the trigger",)


def test_a_read_that_finds_nothing_is_an_answer_and_no_gap():
    record = filled([TWO, THREE], set(range(100)) - NEW)
    record.reads = [(100.0 + number / 10, 0.001, "miss" if number % 2 else "ok") for number in range(20)]

    drill = evaluate("scale", 100.0, [record])

    assert drill.read_gap_seconds == pytest.approx(0.1)


def test_another_value_than_was_written_breaks_the_drill():
    record = filled([TWO, THREE], set(range(100)) - NEW, errors={"WrongValue": 2})

    assert evaluate("scale", 100.0, [record]).problems == ("2 reads gave another value than was written",)


@pytest.mark.parametrize(
    ("keeps_writes", "limit", "ok"), [(True, None, False), (False, None, True), (False, 0, False)]
)
def test_what_an_emptied_primary_lost_is_judged_only_where_a_limit_is_given(keeps_writes, limit, ok):
    drill = evaluate(
        "reboot", 100.2, [record("ofoo", [2, 3])], limits=Limits(lost=limit), keeps_writes=keeps_writes
    )

    assert (drill.lost, drill.ok) == (1, ok)
