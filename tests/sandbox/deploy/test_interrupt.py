"""Ctrl-C and its like: the steps in hand are finished, the rest is left for the next run."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .stack import Stack

CHAIN = """
a = Thing("a")
b = Thing("b", of=a.arn)
Thing("c", of=b.arn)
"""
ROOT = Path(__file__).parents[3]
SCRIPT = """
import pathlib, signal, sys
from tests.sandbox.deploy.stack import Stack
stack = Stack.existing(pathlib.Path(sys.argv[1]))
reached, go = stack.provider.hold("create", "b")
import threading
threading.Thread(target=lambda: reached.wait(20) and print("reached", flush=True), daemon=True).start()
if sys.argv[2] == "once":
    deployment = stack.deployment()
    interrupt = deployment.interrupt
    def interrupted():
        interrupt()
        go.set()
    deployment.interrupt = interrupted
    result = deployment.up()
    print(result.kind, result.counts, result.errors, flush=True)
    sys.exit(result.exit_code)
stack.deployment().up()
"""


def started(stack: Stack, how: str) -> subprocess.Popen[str]:
    """An `up` in a process of its own that stands in the creation of b."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(stack.base), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "reached\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_first_signal_finishes_the_step_in_hand_and_saves(stack: Stack, number: signal.Signals) -> None:
    process = started(stack.program(CHAIN), "once")
    process.send_signal(number)
    told, said = process.communicate(timeout=30)
    assert told == "interrupted {'create': 3} []\n"
    assert said == "\nfinishing the steps in hand; Ctrl-C again ends at once\n"
    assert process.returncode == 130
    assert sorted(stack.cloud.by_logical_name()) == ["a", "b"]
    assert stack.deployed()["pending_operations"] == []
    assert stack.up().counts == {"same": 3, "create": 1}


def test_a_second_signal_ends_at_once_and_the_next_up_goes_on(stack: Stack) -> None:
    process = started(stack.program(CHAIN), "twice")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert len(stack.deployed()["pending_operations"]) == 1
    assert stack.up().ok
    assert {name: len(found) for name, found in stack.cloud.by_logical_name().items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }


def test_an_interrupted_destroy_keeps_what_it_did_not_reach(stack: Stack) -> None:
    stack.settled(CHAIN)
    reached, go = stack.provider.hold("delete", "c")
    deployment = stack.deployment()
    results = []
    thread = threading.Thread(target=lambda: results.append(deployment.destroy()))
    thread.start()
    assert reached.wait(20)
    deployment.interrupt()
    go.set()
    thread.join(20)
    assert [result.kind for result in results] == ["interrupted"]
    assert sorted(stack.cloud.by_logical_name()) == ["a", "b"]
    assert {"a", "b"} <= set(stack.resources())


def test_an_interrupt_with_nothing_left_to_do_changes_nothing(stack: Stack) -> None:
    reached, go = stack.provider.hold("create", "c")
    deployment = stack.deployment_of(CHAIN)
    results = []
    thread = threading.Thread(target=lambda: results.append(deployment.up()))
    thread.start()
    assert reached.wait(20)
    deployment.interrupt()
    go.set()
    thread.join(20)
    assert [result.kind for result in results] == ["done"]


def test_the_handlers_of_before_are_back_after_a_run(stack: Stack) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    stack.settled(CHAIN)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_signal_that_is_ignored_stays_ignored(stack: Stack) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stack.program('os.kill(os.getpid(), 1)\nThing("a")')
        assert stack.up().ok
    finally:
        signal.signal(signal.SIGHUP, before)
