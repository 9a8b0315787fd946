"""The faults of Memcached, each a function that causes it under load and returns the moment its cause had ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from client import connect
from client.memcached_client import MemcachedClient

from .memcached_servers import ConfigurationEndpoint, MemcachedCluster, MemcachedServer, reply
from .redis_servers import wait_until
from .trials import DEADLINE_SECONDS, Account, Load

NAMES = ["0001.test", "0002.test", "0003.test"]
POLL_SECONDS = 0.2
OLD = b"-1"
"""A value older than any that the load writes."""


@dataclass
class Trial:
    """A cluster, a client of it, and the load on that client."""

    cluster: MemcachedCluster
    cache: MemcachedClient
    load: Load


def node_killed(trial: Trial) -> float:
    return _away(trial, MemcachedServer.kill, MemcachedServer.start)


def node_frozen(trial: Trial) -> float:
    return _away(trial, MemcachedServer.freeze, MemcachedServer.thaw)


def node_returned_with_old_data(trial: Trial) -> float:
    """The name leads to where nobody listens until the node holds older values of all keys.

    An outage in which nobody called is none for the client: this one is noticed before the node is back.
    """
    trial.cluster.nodes[NAMES[0]].kill()
    wait_until(lambda: bool(trial.cache.status.out), 10)
    returned = MemcachedServer()
    with returned.administrator() as administrator:
        administrator.set_many(dict.fromkeys(trial.load.keys, OLD))
    trial.cluster.nodes[NAMES[0]] = returned
    return time.monotonic()


def endpoint_down(trial: Trial) -> float:
    answer = trial.cluster.configuration.answer
    trial.cluster.configuration.stop()
    time.sleep(1)
    trial.cluster.configuration = ConfigurationEndpoint()
    trial.cluster.configuration.answer = answer
    return time.monotonic()


def endpoint_garbled(trial: Trial) -> float:
    return _endpoint_says(trial, b"CONFIG cluster 0 40\r\n9\n0001.test||11211\n\r\nEND\r\n")


def endpoint_older(trial: Trial) -> float:
    return _endpoint_says(trial, reply(0, NAMES[:1]))


def scale_out(trial: Trial) -> float:
    trial.cluster.scale_to([*NAMES, "0004.test", "0005.test"])
    return _followed(trial)


def scale_in(trial: Trial) -> float:
    """The nodes leave the list first, and end once the clients can know."""
    trial.cluster.scale_to(NAMES[:2])
    moment = _followed(trial)
    trial.cluster.nodes[NAMES[2]].kill()
    return moment


def _away(
    trial: Trial, leave: Callable[[MemcachedServer], None], come_back: Callable[[MemcachedServer], None]
) -> float:
    server = trial.cluster.nodes[NAMES[0]]
    leave(server)
    time.sleep(0.5)
    come_back(server)
    return time.monotonic()


def _endpoint_says(trial: Trial, answer: bytes) -> float:
    before, trial.cluster.configuration.answer = trial.cluster.configuration.answer, answer
    time.sleep(1)
    trial.cluster.configuration.answer = before
    return time.monotonic()


def _followed(trial: Trial) -> float:
    moment = time.monotonic()
    wait_until(lambda: trial.cache.status.version == trial.cluster.version, 10)
    return moment


FAULTS: dict[str, Callable[[Trial], float]] = {
    "node killed": node_killed,
    "node frozen": node_frozen,
    "node returned with old data": node_returned_with_old_data,
    "configuration endpoint down": endpoint_down,
    "configuration endpoint garbled": endpoint_garbled,
    "configuration endpoint older": endpoint_older,
    "scale-out": scale_out,
    "scale-in": scale_in,
}
LOSES_NOTHING = {name for name in FAULTS if name.startswith("configuration endpoint")}
"""The faults through which every key stays where it is; otherwise a cache of Memcached loses what it loses."""


def account_of(fault: str) -> Account:
    """Cause the fault under load, wait for the recovery, and give the account."""
    with ExitStack() as stack:
        cluster = MemcachedCluster(NAMES)
        stack.callback(cluster.stop)
        options = {"resolver": cluster.resolve, "poll_seconds": POLL_SECONDS}
        cache = stack.enter_context(connect(cluster.endpoint, DEADLINE_SECONDS, **options))
        load = Load(cache)
        stack.callback(load.stop)
        load.wait_for_calls(100)
        stack.callback(cluster.nodes[NAMES[0]].stop)  # a fault may put another one in its place
        ended = FAULTS[fault](Trial(cluster, cache, load))
        load.wait_for_recovery(ended)
        load.stop()
        return load.account(cache.get, ended)
