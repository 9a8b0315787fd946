"""What happens when nodes are lost, on real server processes."""

from __future__ import annotations

import threading
import time

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.api.elasticache import monitor
from sandbox.engines.errors import EngineError

from .conftest import eventually

TOKEN = "a-token-of-good-length"
CLIENTS = []


def client(api, name, token=TOKEN):
    """A client of whatever an endpoint name stands for now."""
    names = api.part.names()
    target = names[name]
    while "cname" in target:
        target = names[target["cname"]]
    made = redis.Redis(
        target["addresses"][0], api.group()["NodeGroups"][0]["PrimaryEndpoint"]["Port"], password=token, protocol=2,
        ssl=True, ssl_cert_reqs="none", ssl_check_hostname=False, socket_timeout=2, retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
    )  # fmt: skip
    CLIENTS.append(made)
    return made


@pytest.fixture(autouse=True)
def _close_clients():
    yield
    while CLIENTS:
        CLIENTS.pop().close()


def closed(client):
    """Whether the server closed the connection that a client has had all along."""
    try:
        client.connection.send_command("PING", check_health=False)
        client.connection.read_response()
    except redis.ConnectionError:
        return True
    return False


@pytest.fixture
def cache(real):
    """A group with TLS, a token and one replica, and clients of its endpoints."""
    real.create_group(TransitEncryptionEnabled=True, AuthToken=TOKEN, Port=26380)
    shard = real.available()["NodeGroups"][0]
    real.writer = lambda: client(real, shard["PrimaryEndpoint"]["Address"])
    real.reader = lambda: client(real, shard["ReaderEndpoint"]["Address"])
    return real


def primary(api):
    members = api.group()["NodeGroups"][0]["NodeGroupMembers"]
    return next(member["CacheClusterId"] for member in members if member["CurrentRole"] == "primary")


def settled(api, node):
    """Wait until a node is the primary and all nodes are in service again."""
    eventually(lambda: primary(api) == node)
    eventually(lambda: all(m["status"] == "available" for m in api.part.status()[0]["nodes"]))
    api.available()


def test_the_failover_test_kills_the_primary_and_every_acknowledged_write_is_kept(cache):
    writer = cache.writer()
    for number in range(200):
        writer.set(f"key-{number}", number)
    answer = cache.client.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    assert answer["ReplicationGroup"]["Status"] == "modifying"
    cache.available()
    assert primary(cache) == "cache-002"
    assert cache.writer().dbsize() == 200
    assert cache.writer().set("after", 1) is True
    assert cache.reader().execute_command("ROLE")[0] == b"slave"
    assert closed(writer)
    events = cache.events()
    done = "Failover from primary node cache-001 to replica node cache-002 completed"
    wanted = [
        "Test Failover API called for node group 0001",
        done,
        "Recovering cache nodes 0001",
        "Finished recovery for cache nodes 0001",
    ]
    assert [message for message in dict.fromkeys(events) if message in wanted] == wanted
    assert events.count(done) == 2


def test_writers_go_on_through_a_failover_within_two_seconds(cache):
    acknowledged, gap = [], 0.0
    connection, last = None, time.monotonic()
    cache.client.test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    deadline = time.monotonic() + 10
    while len(acknowledged) < 100 and time.monotonic() < deadline:
        try:
            connection = connection or cache.writer()
            connection.set(f"tick-{len(acknowledged)}", 1)
        except redis.RedisError:
            connection = None
            time.sleep(0.01)
            continue
        acknowledged.append(time.monotonic())
        gap, last = max(gap, acknowledged[-1] - last), acknowledged[-1]
        time.sleep(0.01)
    cache.available()
    assert primary(cache) == "cache-002"
    assert len(acknowledged) == 100
    assert gap < 2.0


def test_a_killed_primary_is_noticed_and_comes_back_as_a_replica(cache):
    cache.writer().set("City", "Lisbon")
    cache.part.fault("cache-001", "kill")
    settled(cache, "cache-002")
    assert cache.writer().get("City") == b"Lisbon"
    assert cache.reader().get("City") == b"Lisbon"


def test_a_frozen_primary_is_replaced_after_the_detection_time_and_rejoins_when_it_thaws(cache):
    stale = cache.writer()
    stale.set("City", "Lisbon")
    address = cache.part.names()[cache.cluster("cache-001")["CacheNodes"][0]["Endpoint"]["Address"]]
    started = time.monotonic()
    cache.part.fault("cache-001", "freeze")
    eventually(lambda: primary(cache) == "cache-002")
    assert 1.0 <= time.monotonic() - started < 4.0
    names = cache.part.names()
    reader = cache.group()["NodeGroups"][0]["ReaderEndpoint"]["Address"]
    assert address["addresses"][0] not in names[reader]["addresses"]
    assert cache.context.cut
    cache.writer().set("City", "Porto")
    cache.part.fault("cache-001", "thaw")
    settled(cache, "cache-002")
    assert cache.context.cut == set()
    assert cache.reader().get("City") == b"Porto"
    assert closed(stale)


def test_a_primary_that_is_cut_off_is_replaced_and_drops_its_own_writes_when_healed(cache):
    isolated = cache.writer()
    cache.part.fault("cache-001", "cut-replication")
    cache.part.fault("cache-001", "cut")
    isolated.set("alone", 1)
    eventually(lambda: primary(cache) == "cache-002")
    assert len(cache.context.cut) == 1
    cache.part.fault("cache-001", "heal")
    settled(cache, "cache-002")
    assert cache.context.cut == set()
    assert cache.writer().get("alone") is None
    assert cache.reader().get("alone") is None


def test_with_replication_cut_exactly_the_writes_after_the_cut_are_lost(cache):
    writer = cache.writer()
    for number in range(30):
        writer.set(f"before-{number}", 1)
    assert writer.wait(1, 2000) == 1
    cache.part.fault("cache-001", "cut-replication")
    for number in range(17):
        writer.set(f"after-{number}", 1)
    cache.part.fault("cache-001", "kill")
    settled(cache, "cache-002")
    assert len(cache.writer().keys("before-*")) == 30
    assert cache.writer().keys("after-*") == []


def test_a_lost_replica_leaves_the_reader_and_returns_in_step(cache):
    cache.part.fault("cache-002", "freeze")
    reader = cache.group()["NodeGroups"][0]["ReaderEndpoint"]["Address"]
    first = cache.part.names()[cache.cluster("cache-001")["CacheNodes"][0]["Endpoint"]["Address"]]
    eventually(lambda: cache.part.names()[reader] == first)
    cache.writer().set("City", "Lisbon")
    cache.part.fault("cache-002", "thaw")
    settled(cache, "cache-001")
    assert cache.reader().get("City") == b"Lisbon"


def test_without_automatic_failover_the_primary_comes_back_with_the_data_of_its_replica(cache):
    cache.client.modify_replication_group(
        ReplicationGroupId="cache",
        AutomaticFailoverEnabled=False,
        MultiAZEnabled=False,
        ApplyImmediately=True,
    )
    cache.available()
    cache.writer().set("City", "Lisbon")
    assert cache.writer().wait(1, 2000) == 1
    cache.part.fault("cache-001", "kill")
    eventually(lambda: "Finished recovery for cache nodes 0001" in cache.events())
    settled(cache, "cache-001")
    assert cache.writer().get("City") == b"Lisbon"
    assert cache.writer().execute_command("ROLE")[0] == b"master"


def test_a_single_node_that_dies_comes_back_empty_with_events(real):
    real.client.create_cache_cluster(
        CacheClusterId="one",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        CacheSubnetGroupName="subnets",
        Port=26381,
    )
    eventually(lambda: real.cluster("one")["CacheClusterStatus"] == "available")
    (address,) = (target["addresses"][0] for target in real.part.names().values())
    with redis.Redis(address, 26381) as single:
        single.set("City", "Lisbon")
    real.part.fault("one", "kill")
    eventually(lambda: "Finished recovery for cache nodes 0001" in real.events(SourceType="cache-cluster"))
    with redis.Redis(address, 26381) as single:
        assert single.dbsize() == 0


def test_data_and_clients_go_on_when_the_node_type_changes(cache):
    cache.writer().set("City", "Lisbon")
    failures, stop = [], threading.Event()

    def write() -> None:
        while not stop.is_set():
            try:
                cache.writer().set("tick", 1)
            except redis.RedisError as error:
                failures.append(error)
            time.sleep(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    cache.client.modify_replication_group(
        ReplicationGroupId="cache", CacheNodeType="cache.t4g.small", ApplyImmediately=True
    )
    cache.available()
    stop.set()
    thread.join()
    assert cache.writer().get("City") == b"Lisbon"
    assert cache.reader().get("City") == b"Lisbon"
    assert len(failures) < 20


def test_a_rebooted_primary_is_empty_and_so_are_its_replicas(cache):
    cache.writer().set("City", "Lisbon")
    cache.client.reboot_cache_cluster(CacheClusterId="cache-001", CacheNodeIdsToReboot=["0001"])
    cache.available()
    assert cache.writer().dbsize() == 0
    eventually(lambda: cache.reader().dbsize() == 0)
    assert primary(cache) == "cache-001"


def test_a_restored_group_has_the_data_of_the_snapshot(cache):
    cache.writer().set("City", "Lisbon")
    assert cache.writer().wait(1, 2000) == 1
    cache.client.create_snapshot(SnapshotName="monday", ReplicationGroupId="cache")
    cache.available()
    cache.create_group(
        "copy", SnapshotName="monday", TransitEncryptionEnabled=True, AuthToken=TOKEN, Port=26380
    )
    found = cache.available("copy")
    assert client(cache, found["NodeGroups"][0]["ReaderEndpoint"]["Address"]).get("City") == b"Lisbon"


def test_nothing_runs_after_the_group_is_gone(cache):
    (engine_id,) = (one.engine_id for one in cache.part._service.caches)
    assert len(cache.engines.state(engine_id)) == 2
    cache.client.delete_replication_group(ReplicationGroupId="cache")
    eventually(lambda: not cache.client.describe_replication_groups()["ReplicationGroups"])
    assert cache.engines.states() == {}
    assert cache.interfaces() == []
    assert cache.context.cut == set()


def lost_and_found(api, monkeypatch, node="cache-001"):
    """A group on remembered engines whose detection takes no time."""
    monkeypatch.setattr(monitor, "DETECTION_SECONDS", 0.05)
    api.create_group()
    api.available()
    api.part.fault(node, "freeze")


def test_a_node_that_stays_frozen_is_replaced_in_the_end(api, monkeypatch):
    monkeypatch.setattr(monitor, "REPLACE_SECONDS", 0.3)
    lost_and_found(api, monkeypatch)
    settled(api, "cache-002")
    assert "Finished recovery for cache nodes 0001" in api.events()
    assert api.context.cut == set()


def test_a_failover_that_fails_is_tried_again(api, monkeypatch):
    lost_and_found(api, monkeypatch)
    api.engines.failure = EngineError("not now")
    eventually(lambda: api.context.cut)
    assert primary(api) == "cache-001"
    api.engines.failure = None
    eventually(lambda: primary(api) == "cache-002")


def test_a_group_whose_node_is_cut_off_is_deleted_without_a_rest(api, monkeypatch):
    lost_and_found(api, monkeypatch)
    eventually(lambda: primary(api) == "cache-002")
    eventually(lambda: api.group()["Status"] == "available")
    api.client.delete_replication_group(ReplicationGroupId="cache")
    eventually(lambda: not api.client.describe_replication_groups()["ReplicationGroups"])
    assert (api.interfaces(), api.context.cut, api.engines.specs) == ([], set(), {})


def test_a_single_node_that_is_cut_off_keeps_its_data_until_it_is_healed(real):
    real.client.create_cache_cluster(
        CacheClusterId="one",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        CacheSubnetGroupName="subnets",
        Port=26382,
    )
    eventually(lambda: real.cluster("one")["CacheClusterStatus"] == "available")
    (address,) = (target["addresses"][0] for target in real.part.names().values())
    with redis.Redis(address, 26382) as single:
        single.set("City", "Lisbon")
        real.part.fault("one", "cut")
        eventually(lambda: real.cluster("one")["CacheClusterStatus"] == "modifying")
        real.part.fault("one", "heal")
        eventually(lambda: real.cluster("one")["CacheClusterStatus"] == "available")
        assert single.get("City") == b"Lisbon"
