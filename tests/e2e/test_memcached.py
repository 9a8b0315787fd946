"""A Memcached stack through its life: made, unchanged, grown, shrunk, rebooted with new parameters, gone.

The changes are made in one order, once; each test looks at what was seen on the way.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from .environment import Environment
from .instance_programs import BEGINNING, on_instance
from .inventory import inventory
from .processes import Footprint

# One life in one fixture: six deployments and two boots.
pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]

CLUSTER = "aws:elasticache/cluster:Cluster"
ITEM_SIZE = 2 << 20

READER = (
    BEGINNING
    + """
keys = ["{name}-%d" % number for number in range(500)]
told, ends = [], time.monotonic() + {maximum_seconds}
with connect(Endpoint.from_environment(), 1.0, poll_seconds=0.2) as cache:
    cache.set_many({{key: key.encode() for key in keys}})
    while not stop() and time.monotonic() < ends:
        try:
            found = cache.get_many(keys)
            wrong = sum(value != key.encode() for key, value in found.items() if value is not None)
            hits = sum(value is not None for value in found.values())
            told.append([hits, wrong, ""])
        except CacheError as error:
            told.append([0, 0, type(error).__name__])
        (folder / "begun").touch()
        time.sleep(0.05)
print(json.dumps(told))
"""
)
"""Stores 500 keys, then reads all of them until it is stopped; prints [hits, wrong values, error] of each round."""


@dataclass
class Life:
    """What was seen of the cluster when it had 2, then 4, then 3 nodes, then other parameters, then none."""

    said_by_second_up: str
    said_by_refresh: str
    made: dict[str, Any]
    grown: dict[str, Any]
    shrunk: dict[str, Any]
    tuned: dict[str, Any]
    rebooted: dict[str, Any]
    said_by_growing: str
    rounds_of_growing: list[list[Any]]
    rounds_of_shrinking: list[list[Any]]
    lists: list[list[str]]
    verified: dict[str, Any]
    settings_of_a_rebooted_node: str
    inventory: dict[str, list[str]]
    names_after_destroy: list[str]


@pytest.fixture(scope="module")
def life(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    with Environment(tmp_path_factory.mktemp("memcached")) as environment:
        environment.configure("cache", engine="memcached", node_count=2, replicas=None)
        environment.configure("clients", function=None)
        return _live(environment)


def _live(environment: Environment) -> Life:
    environment.up()
    seen: dict[str, Any] = {
        "said_by_second_up": environment.up(),
        "said_by_refresh": environment.sandbox("refresh").stdout,
        "made": _cluster(environment),
        "verified": json.loads(environment.client("verify", "--json").stdout),
    }
    lists = [_asked(environment)]
    with on_instance(environment, READER) as reader:
        environment.configure("cache", node_count=4)
        seen["said_by_growing"] = environment.up()
    seen |= {"grown": _cluster(environment), "rounds_of_growing": reader.answer}
    lists.append(_asked(environment))
    with on_instance(environment, READER) as reader:
        environment.configure("cache", node_count=3)
        environment.up()
    seen |= {"shrunk": _cluster(environment), "rounds_of_shrinking": reader.answer}
    lists.append(_asked(environment))
    environment.configure("cache", parameters={"max_item_size": str(ITEM_SIZE)})
    environment.up()
    seen["tuned"] = tuned = _cluster(environment)
    elasticache = environment.boto("elasticache")
    elasticache.reboot_cache_cluster(
        CacheClusterId=tuned["CacheClusterId"], CacheNodeIdsToReboot=["0001", "0002", "0003"]
    )
    elasticache.get_waiter("cache_cluster_available").wait(WaiterConfig={"Delay": 1})
    seen["rebooted"] = _cluster(environment)
    seen["settings_of_a_rebooted_node"] = _ask(environment, "stats settings\nquit\n")
    environment.sandbox("destroy")
    return Life(
        **seen,
        lists=lists,
        inventory=inventory(environment),
        names_after_destroy=Footprint.of(environment).names(),
    )


def _cluster(environment: Environment) -> dict[str, Any]:
    (found,) = environment.boto("elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)[
        "CacheClusters"
    ]
    return found


def _asked(environment: Environment) -> list[str]:
    """Version and node names that the configuration endpoint tells on the instance."""
    lines = _ask(environment, "config get cluster\nquit\n").splitlines()
    return [lines[1], *(entry.split("|")[0] for entry in lines[2].split())]


def _ask(environment: Environment, requests: str) -> str:
    """What the configuration endpoint answers through TLS, asked with openssl by a person on the instance."""
    host = environment.outputs()["host"]
    script = (
        f"printf '{requests}' | openssl s_client -quiet -verify_return_error -verify_hostname {host} "
        f"-connect {host}:11211 2>/dev/null"
    )
    return environment.sandbox("run", "app", "--", script.replace("\n", "\\r\\n")).stdout


def nodes(cluster: dict[str, Any]) -> list[str]:
    return [node["CacheNodeId"] for node in cluster["CacheNodes"]]


def test_what_is_up_stays_as_it_is(life: Life):
    assert re.search(r"^aws-cache \(dev\): \d+ unchanged in ", life.said_by_second_up, re.MULTILINE)
    assert re.search(r"^aws-cache \(dev\): \d+ unchanged in ", life.said_by_refresh, re.MULTILINE)


def test_every_check_passes_from_the_instance(life: Life):
    assert life.verified["ok"] is True


def test_nodes_are_added_and_removed_in_place(life: Life):
    assert re.findall(r"^(\w+) +aws:elasticache", life.said_by_growing, re.MULTILINE) == ["updated"]
    assert f"updated    {CLUSTER}" in life.said_by_growing
    assert nodes(life.made) == ["0001", "0002"]
    assert nodes(life.grown) == ["0001", "0002", "0003", "0004"]
    assert nodes(life.shrunk) == ["0001", "0002", "0003"]
    assert len({one["CacheClusterId"] for one in (life.made, life.grown, life.shrunk)}) == 1


def test_the_endpoint_tells_each_list_under_a_higher_version(life: Life):
    assert [told[0] for told in life.lists] == ["1", "2", "3"]
    assert [len(told) - 1 for told in life.lists] == [2, 4, 3]
    for told, cluster in zip(life.lists, (life.made, life.grown, life.shrunk), strict=True):
        assert told[1:] == [node["Endpoint"]["Address"] for node in cluster["CacheNodes"]]


def test_a_client_goes_on_while_nodes_come(life: Life):
    assert {(wrong, error) for _, wrong, error in life.rounds_of_growing} == {(0, "")}
    hits = [hits for hits, _, _ in life.rounds_of_growing]
    assert hits[0] == 500
    # Two of four nodes still have theirs: about a half.
    assert 0.35 < hits[-1] / 500 < 0.65


def test_a_client_goes_on_while_a_node_goes(life: Life):
    assert {(wrong, error) for _, wrong, error in life.rounds_of_shrinking} == {(0, "")}
    hits = [hits for hits, _, _ in life.rounds_of_shrinking]
    assert hits[0] == 500
    assert 0.6 < hits[-1] / 500 < 0.9


def test_parameters_are_taken_by_a_reboot(life: Life):
    assert life.tuned["CacheParameterGroup"]["ParameterApplyStatus"] == "pending-reboot"
    assert life.tuned["CacheParameterGroup"]["CacheNodeIdsToReboot"] == ["0001", "0002", "0003"]
    assert life.rebooted["CacheParameterGroup"]["ParameterApplyStatus"] == "in-sync"
    assert f"STAT item_size_max {ITEM_SIZE}" in life.settings_of_a_rebooted_node


def test_destroy_leaves_nothing_but_keys_that_aws_keeps_for_a_while(life: Life):
    assert set(life.inventory) == {"pending key"}
    assert "memcached" not in life.names_after_destroy
