"""A Memcached stack as its clients see it: proved from the instance and the function, and drilled while both go on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .environment import Environment
from .instance_programs import FOLLOWER, ROUNDS_AT_THE_END, on_instance
from .under_load import steps

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]

CLUSTER = "aws:elasticache/cluster:Cluster"
FOLLOWED_SECONDS = 2.0


@pytest.fixture(scope="module")
def stack(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Two nodes, an instance and a function, up."""
    with Environment(tmp_path_factory.mktemp("memcached-client")) as environment:
        environment.configure("cache", engine="memcached", node_count=2, replicas=None)
        environment.up()
        yield environment


@pytest.fixture
def whole(stack: Environment) -> Iterator[Environment]:
    """The stack with two nodes, all available, before and after."""
    wait_until_whole(stack)
    yield stack
    wait_until_whole(stack)


def wait_until_whole(environment: Environment, nodes: int = 2) -> None:
    deadline = time.monotonic() + 30
    while True:
        (found,) = environment.boto("elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)[
            "CacheClusters"
        ]
        states = {found["CacheClusterStatus"], *(node["CacheNodeStatus"] for node in found["CacheNodes"])}
        if states == {"available"} and len(found["CacheNodes"]) == nodes:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def drill_of(environment: Environment, kind: str, *words: str) -> dict[str, Any]:
    said = environment.client("failover", "--trigger", kind, "--json", "--timeout", "60", *words, code=None)
    assert said.stdout, said.stderr
    report = json.loads(said.stdout)
    assert report["drill"]["problems"] == [], said.stderr
    assert (said.returncode, report["ok"]) == (0, True)
    return report["drill"]


def test_every_check_passes_from_the_instance_and_from_the_function(stack: Environment):
    report = json.loads(stack.client("verify", "--json").stdout)

    places = {check["where"] for check in report["checks"]}
    names = {place: {one["name"] for one in report["checks"] if one["where"] == place} for place in places}
    assert [check for check in report["checks"] if not check["ok"]] == []
    assert set(names) == {"app", "function"}
    assert len(names["app"]) >= 16
    assert names["app"] - names["function"] <= {"libmemcached-finds-the-keys"}
    assert any("pymemcache 4." in note for note in report["notes"])


def test_all_clients_find_the_same_nodes_and_place_keys_alike(stack: Environment):
    found = json.loads(stack.client("discover", "--json").stdout)

    app, function = found["clients"]["app"], found["clients"]["function"]
    assert found["ok"] is True
    assert app["fingerprint"] == function["fingerprint"]
    assert [node["name"] for node in app["nodes"]] == stack.outputs()["node_addresses"]


def test_a_value_put_on_the_instance_is_there_for_the_function(stack: Environment):
    stack.client("put", "city", "Oslo", "--from", "instances")

    found = stack.client("get", "city", "--from", "function").stdout
    stack.client("delete", "city", "--from", "function")
    gone = stack.client("get", "city", "--from", "instances", code=1)

    assert "Oslo" in found
    assert "there is no value under 'city'" in gone.stderr


def test_the_shell_and_the_doctor_work_on_the_instance(stack: Environment):
    shell = "cache-cli set answer 0 60 2 42; cache-cli get answer; cache-cli delete answer"
    said = stack.sandbox("run", "app", "--", shell).stdout
    doctor = stack.sandbox("run", "app", "--", "cache-client doctor --json").stdout

    assert said.split() == ["STORED", "VALUE", "answer", "0", "2", "42", "END", "DELETED"]
    assert json.loads(doctor)["cause"] is None
    assert len(json.loads(doctor)["findings"]) == 6


def test_scaling_out_and_in_loses_the_keys_that_the_ring_moves_and_no_other(
    whole: Environment, tmp_path: Path
):
    html, junit = tmp_path / "drill.html", tmp_path / "drill.xml"

    out = drill_of(whole, "scale-out", "--html", str(html), "--junit", str(junit))
    wait_until_whole(whole, nodes=3)
    back = drill_of(whole, "scale-in")

    for drill in (out, back):
        shares = drill["shares"]
        assert shares["keys"] == 2000
        assert shares["missing"] == shares["expected"]
        assert 0.15 < shares["missing_share"] < 0.55
        assert (drill["lost"], shares["unexplained"]) == (0, 0)
        assert drill["acknowledged"] > 100
        assert "list of nodes changed" in {event["name"] for event in drill["timeline"]}
        assert max(drill["write_gap_seconds"], drill["read_gap_seconds"]) < 10
    assert "Scale-out drill" in html.read_text()
    (case,) = ElementTree.parse(junit).getroot().iter("testcase")
    assert "keys lost" in case.findtext("system-out", "")


def test_a_restarted_node_costs_its_own_keys_only(whole: Environment):
    drill = drill_of(whole, "reboot")

    assert drill["shares"]["missing"] == drill["shares"]["expected"]
    assert 0.2 < drill["shares"]["expected_share"] < 0.8
    assert drill["lost"] == 0


def test_larger_nodes_replace_the_cluster_and_a_running_client_follows_by_itself(whole: Environment):
    before = whole.outputs()["host"]
    whole.configure("cache", node_type="cache.t4g.small")

    with on_instance(whole, FOLLOWER) as follower:
        said = whole.up()
        time.sleep(FOLLOWED_SECONDS)

    assert steps(said, "replaced") == [CLUSTER]
    assert whole.outputs()["host"] != before
    rounds = follower.answer
    assert rounds[0][1] == "ok"
    assert [how for _, how, _ in rounds[-ROUNDS_AT_THE_END:]] == ["ok"] * ROUNDS_AT_THE_END
    assert sum(how != "ok" for _, how, _ in rounds) <= len(rounds) // 10, rounds


def test_a_change_that_the_service_refuses_ends_the_drill_with_one_line(stack: Environment):
    result = stack.client("failover", "--trigger", "failover", code=2)

    assert result.stderr.splitlines() == [
        "error: --trigger failover: a memcached cache takes reboot or scale-out or scale-in"
    ]
