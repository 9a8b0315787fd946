"""`up` and `destroy` are cut at many points, and each time the same command goes on to what was asked for."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from .environment import Environment
from .inventory import counts, inventory

pytestmark = [pytest.mark.namespaces, pytest.mark.system]

State = Mapping[str, Any]
PATIENCE_SECONDS = 60.0
KILLED_AT = {
    "a security group is made": "aws:ec2/securityGroup:SecurityGroup",
    "the caches are made": "aws:elasticache/replicationGroup:ReplicationGroup",
    "the connection is stored": "aws:ssm/parameter:Parameter",
    "the instance is made": "aws:ec2/instance:Instance",
}


@dataclass
class Cut:
    """One run that was cut: what was under way, how it ended, and what it said."""

    code: int
    said: str
    in_hand: list[str]
    survivors: list[int]
    state: State


@dataclass
class History:
    """A stack that was brought up and down with interruptions."""

    interrupted: Cut
    killed: dict[str, Cut] = field(default_factory=dict)
    said_by_up: str = ""
    urns: set[str] = field(default_factory=set)
    counts: Mapping[str, int] = field(default_factory=dict)
    said_by_next_up: str = ""
    killed_destroy: Cut | None = None
    left: Mapping[str, list[str]] = field(default_factory=dict)
    resources_left: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def history(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> History:
    with Environment(tmp_path_factory.mktemp("interrupted")) as environment:
        return _live(environment)


def _live(environment: Environment) -> History:
    subnet = under_way("creating", "aws:ec2/subnet:Subnet")
    history = History(cut(environment, "up", subnet, signal.SIGINT))
    for moment, kind in KILLED_AT.items():
        history.killed[moment] = cut(environment, "up", under_way("creating", kind), signal.SIGKILL)
    history.said_by_up = environment.up()
    history.urns, history.counts = set(environment.resources()), counts(environment)
    history.said_by_next_up = environment.up()
    caches = under_way("deleting", KILLED_AT["the caches are made"])
    history.killed_destroy = cut(environment, "destroy", caches, signal.SIGKILL)
    environment.sandbox("destroy", "--engine", "embedded")
    history.left, history.resources_left = inventory(environment), environment.resources()
    return history


def cut(
    environment: Environment, command: str, moment: Callable[[State], list[str]], number: signal.Signals
) -> Cut:
    """Run the command and send it a signal as soon as its state shows the moment."""
    process = environment.start(command, "--engine", "embedded")
    try:
        in_hand = _wait_for(environment, process, moment)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
    _, survivors = psutil.wait_procs(children, timeout=2)
    return Cut(process.returncode, said, in_hand, [one.pid for one in survivors], _state(environment))


def under_way(operation: str, kind: str) -> Callable[[State], list[str]]:
    """The URNs of the resources of this type for which the operation has begun and not ended."""

    def moment(state: State) -> list[str]:
        pending = state.get("pending_operations") or []
        return [
            one["resource"]["urn"]
            for one in pending
            if (one["type"], one["resource"]["type"]) == (operation, kind)
        ]

    return moment


def _wait_for(
    environment: Environment, process: subprocess.Popen[str], moment: Callable[[State], list[str]]
) -> list[str]:
    before = moment(_state(environment))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = [urn for urn in moment(_state(environment)) if urn not in before]
        if found:
            return found
        time.sleep(0.005)
    process.kill()
    raise AssertionError(f"the moment never came: {process.communicate()[0]}")


def _state(environment: Environment) -> State:
    file = environment.folder / ".sandbox" / "stacks" / "dev.json"
    return json.loads(file.read_text())["deployment"] if file.exists() else {}


def finished(state: State) -> set[str]:
    return {one["urn"] for one in state["resources"]}


def test_ctrl_c_finishes_the_steps_in_hand_saves_and_says_how_to_go_on(history: History):
    interrupted = history.interrupted

    assert interrupted.code == 5
    assert "interrupted: the steps in hand are finished and saved" in interrupted.said
    assert "go on: python -m sandbox up --stack dev" in interrupted.said
    assert set(interrupted.in_hand) <= finished(interrupted.state)
    assert not interrupted.state["pending_operations"]
    assert len(finished(interrupted.state)) < len(history.urns)


@pytest.mark.parametrize("moment", KILLED_AT)
def test_up_is_killed_in_the_middle_of_a_creation(history: History, moment: str):
    killed = history.killed[moment]

    assert killed.code == -signal.SIGKILL
    assert killed.survivors == []
    pending = {one["resource"]["urn"] for one in killed.state["pending_operations"]}
    assert set(killed.in_hand) <= pending | finished(killed.state)


def test_after_all_cuts_up_makes_the_same_resources_as_an_undisturbed_one(history: History, dev: Environment):
    assert history.urns == set(dev.resources())
    assert "ready" in history.said_by_up


def test_after_all_cuts_nothing_is_there_twice(history: History, dev: Environment):
    assert history.counts == counts(dev)


def test_after_all_cuts_the_next_up_changes_nothing(history: History):
    assert f"aws-cache (dev): {len(history.urns)} unchanged in" in history.said_by_next_up


def test_a_killed_destroy_goes_on_to_nothing(history: History):
    assert history.killed_destroy is not None
    assert history.killed_destroy.code == -signal.SIGKILL
    assert list(history.left) == ["pending key"]
    assert history.resources_left == {}


def test_no_run_shows_a_traceback(history: History):
    said = [history.interrupted.said, *(one.said for one in history.killed.values()), history.said_by_up]
    assert not [text for text in said if "Traceback" in text]
