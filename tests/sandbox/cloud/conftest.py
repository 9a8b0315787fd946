"""Real supervisors in folders of their own; none outlives its test."""

from __future__ import annotations

import os
import time

import pytest

from sandbox.hosts import available
from sandbox.launching import end_supervisor
from sandbox.state import StateFolder


@pytest.fixture(scope="session")
def can_run_hosts():
    reason = available()
    if reason:
        pytest.skip(f"the sandbox's hosts cannot be made here: {reason}")


@pytest.fixture
def project(tmp_path, can_run_hosts):
    yield tmp_path
    end_supervisor(StateFolder(tmp_path))


def eventually(condition, seconds=1.0):
    """Polls until the condition holds; fails after the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def alive(pid):
    """Whether any thread of a process runs; one that is dead and not yet reaped does not."""
    try:
        return any(
            _state(f"/proc/{pid}/task/{thread}/stat") not in "ZX"
            for thread in os.listdir(f"/proc/{pid}/task")
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def _state(path):
    with open(path) as file:
        return file.read().rpartition(")")[2].split()[0]


def family(pid):
    """A process and all its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found
