"""The end of an environment: destroyed, stopped or killed, it leaves nothing behind, and begins anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from .environment import Environment
from .inventory import inventory
from .processes import Footprint

pytestmark = [pytest.mark.namespaces, pytest.mark.system]

KILLED_SECONDS = 1.0
OF_ENV = ("passphrase", "pulumi")
"""What `env` makes for the pulumi command."""


@dataclass
class Life:
    """What was seen when an environment was killed, brought up again, destroyed and stopped twice."""

    environment: Environment
    before: Footprint
    left_by_kill: list[str]
    said_by_up: str
    names_before_destroy: list[str]
    said_by_destroy: str
    inventory: dict[str, list[str]]
    at_the_end: Footprint
    names_after_destroy: list[str]
    said_by_second_destroy: str
    said_by_stop: str
    left_by_stop: list[str]
    said_by_second_stop: str


@pytest.fixture(scope="module")
def life(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    with Environment(tmp_path_factory.mktemp("life")) as environment:
        return _live(environment)


def _live(environment: Environment) -> Life:
    environment.up()
    before = Footprint.of(environment)
    before.supervisor.kill()
    left_by_kill = before.left(KILLED_SECONDS)
    said_by_up = environment.up()
    names = Footprint.of(environment).names()
    destroyed = environment.sandbox("destroy").stdout
    second_destroy = environment.sandbox("destroy").stdout
    found = inventory(environment)
    end = Footprint.of(environment)
    return Life(
        environment=environment,
        before=before,
        left_by_kill=left_by_kill,
        said_by_up=said_by_up,
        names_before_destroy=names,
        said_by_destroy=destroyed,
        inventory=found,
        at_the_end=end,
        names_after_destroy=end.names(),
        said_by_second_destroy=second_destroy,
        said_by_stop=environment.sandbox("stop").stdout,
        left_by_stop=end.left(0.0),
        said_by_second_stop=environment.sandbox("stop").stdout,
    )


def test_a_killed_supervisor_takes_everything_with_it_within_a_second(life: Life):
    assert len(life.before.processes) > 5
    assert len(life.before.namespaces) > 5
    assert life.left_by_kill == []


def test_up_after_a_kill_begins_anew_and_says_where_the_old_state_is(life: Life):
    aside = re.search(
        r"^the state of stack dev belongs to a sandbox that has ended; set aside as (\S+)$",
        life.said_by_up,
        re.MULTILINE,
    )

    assert aside
    assert (life.environment.folder / aside[1]).is_file()
    created = re.search(r"^aws-cache \(dev\): (\d+) created in ", life.said_by_up, re.MULTILINE)
    assert created
    assert int(created[1]) > 40


def test_destroy_leaves_only_keys_that_aws_keeps_for_a_while(life: Life):
    deleted = re.search(r"^aws-cache \(dev\): (\d+) deleted in ", life.said_by_destroy, re.MULTILINE)

    assert deleted
    assert int(deleted[1]) > 40
    assert list(life.inventory) == ["pending key"]
    assert len(life.inventory["pending key"]) == 1
    assert life.environment.resources() == {}


def test_destroy_ends_the_processes_of_caches_instances_and_functions(life: Life):
    assert life.names_before_destroy.count("redis-server") == 2
    assert "redis-server" not in life.names_after_destroy
    assert len(life.names_after_destroy) < len(life.names_before_destroy) - 2


def test_a_second_destroy_has_nothing_to_do(life: Life):
    assert not re.search(r"deleted|error", life.said_by_second_destroy)


def test_it_listens_to_this_machine_only(life: Life):
    assert life.at_the_end.listening
    assert {address.removeprefix("::ffff:") for address, _ in life.at_the_end.listening} == {"127.0.0.1"}


def test_stop_leaves_no_process_no_namespace_and_no_port_and_may_be_said_twice(life: Life):
    assert life.said_by_stop == "stopped\n"
    assert life.left_by_stop == []
    assert life.said_by_second_stop == "nothing was running\n"


def test_the_only_files_left_are_the_states(life: Life):
    folder: Path = life.environment.folder

    left = {path.name for path in (folder / ".sandbox").iterdir()}

    assert left == {"lock", "supervisor.log", "tools", "stacks", *OF_ENV}
    mounts = Path("/proc/self/mountinfo").read_text()
    assert str(folder) not in mounts
