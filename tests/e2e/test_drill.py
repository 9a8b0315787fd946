"""The failover drill through the command line: clean where the replica is in step, exact where it is not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from client.drill import evaluate
from client.drill_record import WorkerRecord

from .environment import Environment
from .instance_programs import WRITER, on_instance

pytestmark = pytest.mark.namespaces


@pytest.fixture
def group(dev: Environment) -> Iterator[dict[str, Any]]:
    """The replication group, whole before and after."""
    yield wait_until_whole(dev)
    wait_until_whole(dev)


def wait_until_whole(environment: Environment, without: str = "") -> dict[str, Any]:
    """Return the replication group once it and all its nodes are available, and this one is not its primary."""
    elasticache = environment.boto("elasticache")
    deadline = time.monotonic() + 30
    while True:
        (found,) = elasticache.describe_replication_groups()["ReplicationGroups"]
        nodes = elasticache.describe_cache_clusters()["CacheClusters"]
        states = {found["Status"], *(one["CacheClusterStatus"] for one in nodes)}
        if states == {"available"} and primary_of(found) != without:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def primary_of(group: dict[str, Any]) -> str:
    (node,) = [one for one in group["NodeGroups"][0]["NodeGroupMembers"] if one["CurrentRole"] == "primary"]
    return node["CacheClusterId"]


def test_a_failover_with_the_replica_in_step_costs_no_write(
    dev: Environment, group: dict[str, Any], tmp_path: Path
):
    html, junit = tmp_path / "drill.html", tmp_path / "drill.xml"

    report = json.loads(dev.client("failover", "--json", "--html", str(html), "--junit", str(junit)).stdout)

    drill = report["drill"]
    assert report["ok"] is True
    assert drill["problems"] == []
    assert (drill["lost"], drill["doubled"]) == (0, 0)
    assert drill["acknowledged"] > 100
    assert drill["acknowledged"] <= drill["present"] <= drill["acknowledged"] + drill["unknown"]
    assert 0 < drill["write_gap_seconds"] < 10
    assert drill["read_gap_seconds"] < 10
    told = {event["name"] for event in drill["timeline"]}
    assert told >= {
        "failover triggered",
        "service",
        "name changed",
        "first connection to the new primary",
        "list read back",
    }
    assert "<svg" in html.read_text()
    assert ElementTree.parse(junit).getroot().tag in ("testsuites", "testsuite")


@pytest.mark.system
def test_a_restart_of_the_primary_loses_what_it_held_and_nothing_after_it(
    dev: Environment, group: dict[str, Any]
):
    before = primary_of(group)

    report = json.loads(dev.client("failover", "--trigger", "reboot", "--json").stdout)

    drill = report["drill"]
    lost = drill["lost"]
    assert drill["trigger"] == f"a restart of the primary {before}, which comes back empty"
    assert (report["ok"], drill["problems"]) == (True, [])
    assert lost > 20
    assert drill["lost_writes"] == [f"app {number}" for number in range(20)]
    kept = drill["acknowledged"] - lost
    assert 50 < kept <= drill["present"] <= kept + drill["unknown"]
    assert drill["doubled"] == 0
    told = [event["detail"] for event in drill["timeline"] if event["name"] == "service"]
    assert told[:2] == [f"{before}: Cache node 0001 shutdown", f"{before}: Cache node 0001 restarted"]
    assert primary_of(wait_until_whole(dev)) == before


def test_with_replication_cut_before_the_failover_the_lost_writes_are_named(
    dev: Environment, group: dict[str, Any]
):
    dev.sandbox("fault", primary_of(group), "cut-replication")

    result = dev.client("failover", "--json", code=1)

    drill = json.loads(result.stdout)["drill"]
    kept = drill["acknowledged"] - drill["lost"]
    assert drill["lost"] > 20
    assert kept <= drill["present"] <= kept + drill["unknown"]
    assert drill["doubled"] == 0
    assert drill["lost_writes"] == [f"app {number}" for number in range(20)]
    assert drill["problems"] == [f"{drill['lost']} acknowledged writes lost; at most 0 allowed"]
    assert "FAILED: the failover drill broke a limit" in result.stderr


def test_with_replication_cut_before_the_primary_is_killed_exactly_the_missing_writes_are_reported(
    dev: Environment, group: dict[str, Any]
):
    primary = primary_of(group)
    with on_instance(dev, WRITER) as writer:
        length = f"cache-cli --reader LLEN drill:{writer.name}:app"
        dev.sandbox("fault", primary, "cut-replication")
        first = int(dev.sandbox("run", "app", "--", length).stdout)
        again = int(dev.sandbox("run", "app", "--", length).stdout)
        killed_at = time.time()
        dev.sandbox("fault", primary, "kill")
        wait_until_whole(dev, without=primary)

    record = WorkerRecord.from_mapping(writer.answer)
    report = evaluate("killed by the test", killed_at, [record])
    moved_at = first_connection_to_another_primary(record)
    by_the_dead = [number for number, (at, took, _) in enumerate(record.writes) if at + took < moved_at]
    acknowledged = [number for number in by_the_dead if record.writes[number][2] == "ok"]
    missing = [f"app {number}" for number in acknowledged if number >= first]
    assert again == first
    assert len(missing) > 10
    assert (report.lost, report.doubled) == (len(missing), 0)
    assert list(report.lost_writes) == missing[:20]
    assert record.writes[-1][2] == "ok"


def first_connection_to_another_primary(record: WorkerRecord) -> float:
    masters = [(at, details) for at, details in record.sockets if details.endswith("(master)")]
    return next(at for at, details in masters if details != masters[0][1])
