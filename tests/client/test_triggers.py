"""What a drill does to a cache through AWS's API, and when it takes it for over."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from client import InvalidEndpoint, triggers
from client.triggers import trigger

REDIS = {"engine": "redis", "host": "master.c.test", "member_ids": ["c-001", "c-002"], "region": "eu-west-1"}
MEMCACHED = {
    "engine": "memcached",
    "host": "c.cfg.test",
    "member_ids": ["0001", "0002"],
    "region": "eu-west-1",
}
NOW = datetime.now(timezone.utc)


class Service:
    """ElastiCache as far as the triggers use it; `called` is what was asked to be changed."""

    def __init__(self, nodes: int = 2, events: list[str] | None = None) -> None:
        self.nodes = nodes
        self.status = "available"
        self.said = events or []
        self.called: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def change(**arguments: Any) -> None:
            self.called.append((name, arguments))

        if not name.endswith(("failover", "cluster")):
            raise AttributeError(name)
        return change

    def describe_replication_groups(self, ReplicationGroupId: str) -> dict[str, Any]:
        roles = {"c-001": "replica", "c-002": "primary"}
        members = [{"CacheClusterId": name, "CurrentRole": role} for name, role in roles.items()]
        return {
            "ReplicationGroups": [
                {"Status": self.status, "NodeGroups": [{"NodeGroupMembers": members}]},
            ]
        }

    def describe_cache_clusters(self, CacheClusterId: str, ShowCacheNodeInfo: bool) -> dict[str, Any]:
        return {"CacheClusters": [self._cluster(CacheClusterId)]}

    def get_paginator(self, operation: str) -> Any:
        event = {"SourceIdentifier": "c", "Date": NOW}
        events = [{**event, "Message": text} for text in self.said]
        events.append({"SourceIdentifier": "another", "Date": NOW, "Message": "Finished recovery"})
        clusters = [{**self._cluster("c"), "ConfigurationEndpoint": {"Address": "c.cfg.test"}}]
        page = {"describe_events": {"Events": events}, "describe_cache_clusters": {"CacheClusters": clusters}}
        return type("Paginator", (), {"paginate": lambda _, **__: [page[operation]]})()

    def _cluster(self, name: str) -> dict[str, Any]:
        nodes = [
            {
                "CacheNodeId": f"{number:04}",
                "CacheNodeStatus": self.status,
                "Endpoint": {"Address": f"{number:04}.c.test", "Port": 11211},
            }
            for number in range(1, self.nodes + 1)
        ]
        return {"CacheClusterId": name, "CacheClusterStatus": self.status, "CacheNodes": nodes}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(triggers, "aws_client", lambda *_: made)
    monkeypatch.setattr(triggers, "_POLL_SECONDS", 0.0)
    return made


@pytest.mark.parametrize(
    ("kind", "outputs", "call"),
    [
        ("failover", REDIS, ("test_failover", {"ReplicationGroupId": "c", "NodeGroupId": "0001"})),
        (
            "reboot",
            REDIS,
            ("reboot_cache_cluster", {"CacheClusterId": "c-002", "CacheNodeIdsToReboot": ["0001"]}),
        ),
        (
            "reboot",
            MEMCACHED,
            ("reboot_cache_cluster", {"CacheClusterId": "c", "CacheNodeIdsToReboot": ["0001"]}),
        ),
        (
            "scale-out",
            MEMCACHED,
            ("modify_cache_cluster", {"CacheClusterId": "c", "NumCacheNodes": 3, "ApplyImmediately": True}),
        ),
        (
            "scale-in",
            MEMCACHED,
            (
                "modify_cache_cluster",
                {
                    "CacheClusterId": "c",
                    "NumCacheNodes": 1,
                    "ApplyImmediately": True,
                    "CacheNodeIdsToRemove": ["0002"],
                },
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_trigger_asks_for_one_change(service: Service, kind, outputs, call):
    found = trigger(kind, outputs)
    assert service.called == []

    found.pull()

    assert service.called == [call]
    assert found.kind == kind


def test_only_what_a_restart_empties_is_said_to_be_emptied(service: Service):
    found = {kind: trigger(kind, MEMCACHED) for kind in ("reboot", "scale-out", "scale-in")}

    assert {kind: one.emptied for kind, one in found.items()} == {
        "reboot": ("0001.c.test:11211",),
        "scale-out": (),
        "scale-in": (),
    }
    assert [trigger(kind, REDIS).keeps_writes for kind in ("failover", "reboot")] == [True, False]


@pytest.mark.parametrize(
    ("kind", "outputs", "message"),
    [
        ("scale-out", REDIS, "a redis cache takes failover or reboot"),
        ("failover", MEMCACHED, "a memcached cache takes reboot or scale-out or scale-in"),
        ("failover", {"engine": "redis"}, "name no replication group"),
        ("reboot", {**MEMCACHED, "host": "other.cfg.test"}, "no cluster .* has the endpoint other.cfg.test"),
    ],
)
def test_what_a_cache_cannot_do_is_refused_before_anything_is_done(service: Service, kind, outputs, message):
    with pytest.raises(InvalidEndpoint, match=message):
        trigger(kind, outputs)
    assert service.called == []


def test_the_last_node_stays(service: Service):
    service.nodes = 1

    with pytest.raises(InvalidEndpoint, match="the cluster has one node, and needs it"):
        trigger("scale-in", MEMCACHED)


def test_a_failover_is_over_when_the_log_says_so_and_the_group_is_available(service: Service):
    found, since = trigger("failover", REDIS), NOW.timestamp()

    assert found.wait_until_over(since, 0.05) is None
    service.said.append("Finished recovery for cache nodes 0001")
    assert found.wait_until_over(since, 5) is not None
    service.status = "modifying"
    assert found.wait_until_over(since, 0.05) is None


def test_a_change_of_nodes_is_over_when_all_of_the_wanted_ones_are_available(service: Service):
    found, since = trigger("scale-out", MEMCACHED), NOW.timestamp()

    assert found.wait_until_over(since, 0.05) is None
    service.nodes = 3
    assert found.wait_until_over(since, 5) is not None


@pytest.mark.parametrize("outputs", [REDIS, MEMCACHED], ids=["redis", "memcached"])
def test_a_restart_is_over_when_the_nodes_were_away_and_are_back(service: Service, outputs):
    found, since = trigger("reboot", outputs), datetime.now(timezone.utc).timestamp()

    assert found.wait_until_over(since, 0.05) is None
    service.status = "rebooting cluster nodes"
    assert found.wait_until_over(since, 0.05) is None
    service.status = "available"
    assert found.wait_until_over(since, 5) is not None


def test_the_log_of_another_cache_is_not_told(service: Service):
    service.said.append("Cache node 0001 restarted")

    assert [text for _, text in trigger("reboot", MEMCACHED).events(NOW.timestamp())] == [
        "c: Cache node 0001 restarted"
    ]
