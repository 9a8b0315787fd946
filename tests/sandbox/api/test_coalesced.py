"""One slow action for many callers."""

from __future__ import annotations

import threading

import pytest

from sandbox.api.coalesced import Coalesced


def start(call, count):
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_each_call_gets_a_run_that_began_after_it():
    state, seen = [0], []
    sync = Coalesced(lambda: seen.append(state[0]))
    for value in range(3):
        state[0] = value
        sync()
        assert seen[-1] == value


def test_callers_that_wait_share_one_run():
    gate, began, runs = threading.Event(), threading.Event(), []

    def action():
        runs.append(1)
        began.set()
        assert gate.wait(5)

    sync = Coalesced(action)
    first = start(sync, 1)
    assert began.wait(5)
    others = start(sync, 10)
    while sync._asked < 11:
        gate.wait(0.001)
    gate.set()
    for thread in first + others:
        thread.join(5)
    assert len(runs) == 2


def test_a_failed_run_fails_each_call_it_covers_and_the_next_run_starts_anew():
    outcomes = [ValueError("no"), None]

    def action():
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome

    sync = Coalesced(action)
    with pytest.raises(ValueError, match="no"):
        sync()
    sync()
    assert outcomes == []
