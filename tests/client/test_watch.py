"""A watch tells each gap as it begins and as it ends, and ends when it is told to."""

from __future__ import annotations

import json
import threading
import time

import pytest

from client.load_results import as_mapping, watch_from_mapping
from client.watch import WatchPlan, run_watch

from .conftest import endpoint_of
from .redis_servers import RedisNode, wait_until


class Watching:
    """A watch in a thread."""

    def __init__(self, node: RedisNode, **plan: object) -> None:
        self.told: list[str] = []
        self.stop = threading.Event()
        self.found = None
        plan = {"run": "test", "tick_seconds": 0.01, "deadline_seconds": 0.1, **plan}
        self.plan = WatchPlan(**plan)
        self._thread = threading.Thread(target=self._run, args=(node,))
        self._thread.start()

    def end(self):
        self.stop.set()
        return self.wait()

    def wait(self):
        self._thread.join(20)
        return self.found

    def _run(self, node: RedisNode) -> None:
        self.found = run_watch(endpoint_of(node), self.plan, "app", self.told.append, self.stop)


def watched_until_it_died(node: RedisNode):
    """What a watch found that was ended in the gaps of a dead node."""
    watching = Watching(node)
    wait_until(lambda: node.command("DBSIZE") == 1, 10)
    node.kill()
    wait_until(lambda: len(watching.told) == 2, 10)
    return watching.end()


def test_a_healthy_cache_has_no_gap(node):
    node.command("FLUSHALL")
    watch = Watching(node, seconds=0.3).wait()
    assert (watch.gaps, watch.failed, watch.unknown, watch.wrong, watch.ok) == ([], 0, 0, 0, True)
    assert watch.where == "app"
    assert min(watch.writes, watch.reads) >= 2
    assert watch.seconds >= 0.3
    assert node.command("DBSIZE") == 0


def test_a_gap_is_told_as_it_begins_and_as_it_ends(own_node):
    watching = Watching(own_node)
    wait_until(lambda: own_node.command("DBSIZE") == 1, 10)
    own_node.freeze()
    wait_until(lambda: len(watching.told) == 2, 10)
    assert {line.split("  ")[1].split(" fail: ")[0] for line in watching.told} == {
        "app: writes",
        "app: reads",
    }
    time.sleep(0.2)
    assert len(watching.told) == 2, "once, not at every failure"
    own_node.thaw()
    wait_until(lambda: len(watching.told) == 4, 10)
    watch = watching.end()
    assert all("work again; the gap was" in line for line in watching.told[2:])
    assert sorted(gap.kind for gap in watch.gaps) == ["read", "write"]
    assert all(gap.ended and gap.seconds > 0.2 and gap.error for gap in watch.gaps)
    assert watch.failed + watch.unknown >= 2
    assert watch.wrong == 0
    assert watch.ok


def test_a_gap_that_has_not_ended_is_in_the_summary(own_node):
    watch = watched_until_it_died(own_node)
    assert [gap.ended for gap in watch.gaps] == [False, False]


def test_the_stop_key_ends_it(node):
    watching = Watching(node, run="ours")
    node.command("SET", "watch:other:stop", "1")
    node.command("SET", watching.plan.stop_key, "1")
    assert watching.wait() is not None
    node.command("FLUSHALL")


def test_an_older_value_than_the_acknowledged_one_is_wrong(node):
    watching = Watching(node, tick_seconds=0.02)
    wait_until(lambda: node.command("KEYS", "watch:test:app:*"), 10)
    (key,) = node.command("KEYS", "watch:test:app:*")

    def reads() -> int:
        return node.command("INFO", "commandstats")["cmdstat_get"]["calls"]

    enough = reads() + 10
    while reads() < enough:
        node.command("SET", key, "0")
    watch = watching.end()
    assert watch.wrong > 0
    assert not watch.ok


def test_a_watch_comes_back_whole_from_json(own_node):
    watch = watched_until_it_died(own_node)
    assert watch_from_mapping(json.loads(json.dumps(as_mapping(watch)))) == watch


@pytest.mark.parametrize("seconds", [0.05])
def test_it_ends_with_its_time(node, seconds):
    assert Watching(node, seconds=seconds).wait().seconds >= seconds
