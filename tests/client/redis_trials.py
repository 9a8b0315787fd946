"""The faults of Redis, each a function that causes it under load and returns the moment its cause had ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from client import Endpoint
from client.redis_client import RedisClient

from .links import Link
from .redis_servers import RedisNode, RedisPair
from .trials import DEADLINE_SECONDS, Account, Load

STALE_SECONDS = 3.0
ROTATED = "rotated-token-of-32-characters-x"


@dataclass
class Trial:
    """A pair behind links, a client of it, and the load on that client."""

    pair: RedisPair
    link: Link
    load: Load
    endpoint: list[Endpoint]
    """What the connection parameter holds: its last entry."""

    def move_name(self) -> float:
        """Let the names follow the roles, as the service does at the end of a failover."""
        self.pair.point_names()
        return time.monotonic()


def primary_killed(trial: Trial) -> float:
    return _failed_over(trial, trial.pair.primary.kill, 0.3)


def primary_frozen(trial: Trial) -> float:
    return _failed_over(trial, trial.pair.primary.freeze, 0.6)


def primary_demoted(trial: Trial) -> float:
    return _demoted(trial, 0.3)


def primary_partitioned(trial: Trial) -> float:
    moved = _failed_over(trial, trial.link.cut, 0.6)
    time.sleep(0.3)
    trial.link.heal()
    return moved


def replica_killed(trial: Trial) -> float:
    trial.pair.replica.kill()
    time.sleep(0.5)
    trial.pair.replica.start()
    trial.pair.follow()
    return time.monotonic()


def both_restarted(trial: Trial) -> float:
    with trial.load.held():
        trial.pair.wait_until_in_step()
        for node in trial.pair.nodes:
            node.shut_down()
    time.sleep(0.3)
    for node in trial.pair.nodes:
        node.start()
    trial.pair.follow()
    return time.monotonic()


def name_stale(trial: Trial) -> float:
    return _demoted(trial, STALE_SECONDS)


def token_rotated(trial: Trial) -> float:
    trial.endpoint.append(replace(trial.endpoint[-1], auth_token=ROTATED))
    for node in trial.pair.nodes:
        node.rotate_token(ROTATED)
    return time.monotonic()


def maxclients_reached(trial: Trial) -> float:
    primary = trial.pair.primary
    with primary.administrator() as administrator, ExitStack() as stack:
        administrator.execute_command("CLIENT", "SETNAME", "keep")
        with trial.load.held():
            for _ in range(10):
                other = stack.enter_context(primary.administrator())
                other.execute_command("CLIENT", "SETNAME", "keep")
            administrator.execute_command("CONFIG", "SET", "maxclients", 5)
            for found in administrator.client_list(_type="normal"):
                if found["name"] != "keep":
                    administrator.execute_command("CLIENT", "KILL", "ID", found["id"])
        time.sleep(0.6)
        administrator.execute_command("CONFIG", "SET", "maxclients", 1000)
        return time.monotonic()


def maxmemory_reached(trial: Trial) -> float:
    trial.pair.primary.command("CONFIG", "SET", "maxmemory", 1)
    time.sleep(0.5)
    trial.pair.primary.command("CONFIG", "SET", "maxmemory", 0)
    return time.monotonic()


def slow_replies(trial: Trial) -> float:
    trial.link.delay_seconds = 0.1
    time.sleep(1.5)
    trial.link.delay_seconds = 0.0
    return time.monotonic()


def replies_lost(trial: Trial) -> None:
    trial.link.lose_share = 0.01
    trial.load.wait_for_calls(3000)
    trial.link.lose_share = 0.0


def _failed_over(trial: Trial, cause: Callable[[], None], seconds: float) -> float:
    """The primary goes while its replica has all; that one takes over so many seconds later, and the name follows."""
    with trial.load.held():
        trial.pair.wait_until_in_step()
        cause()
    time.sleep(seconds)
    trial.pair.promote()
    return trial.move_name()


def _demoted(trial: Trial, seconds: float) -> float:
    """Both nodes live and exchange their roles; the name follows so many seconds later."""
    with trial.load.held():
        trial.pair.swap(point_names=False)
    time.sleep(seconds)
    return trial.move_name()


FAULTS: dict[str, Callable[[Trial], float | None]] = {
    "primary killed": primary_killed,
    "primary frozen": primary_frozen,
    "primary demoted cleanly": primary_demoted,
    "primary partitioned": primary_partitioned,
    "replica killed": replica_killed,
    "both restarted": both_restarted,
    "name stale for 3 s": name_stale,
    "token rotated": token_rotated,
    "maxclients reached": maxclients_reached,
    "maxmemory reached": maxmemory_reached,
    "replies 100 ms late": slow_replies,
    "1 % of replies lost": replies_lost,
}


THROUGH_A_LINK = {"primary partitioned", "replies 100 ms late", "1 % of replies lost"}


@contextmanager
def _trial(folder: Path, fault: str) -> Iterator[Trial]:
    with ExitStack() as stack:
        pair = RedisPair(folder)
        stack.callback(pair.stop)
        link = Link(pair.primary.address)
        stack.callback(link.stop)
        if fault in THROUGH_A_LINK:
            pair.names["master.test"] = [link.address]
        endpoint = [pair.endpoint]
        cache = stack.enter_context(
            RedisClient(pair.endpoint, DEADLINE_SECONDS, resolver=pair.resolve, reread=lambda: endpoint[-1])
        )
        from_replica = fault == "replica killed"
        load = Load(
            cache,
            pause_seconds=0.0 if fault == "1 % of replies lost" else 0.004,
            read=(lambda key: cache.get(key, from_replica=True)) if from_replica else None,
            reads_are_fresh=not from_replica,
        )
        stack.callback(load.stop)
        yield Trial(pair, link, load, endpoint)


def account_of(fault: str, folder: Path) -> Account:
    """Cause the fault under load, wait for the recovery, and give the account."""
    with _trial(folder, fault) as trial:
        trial.load.wait_for_calls(100)
        ended = FAULTS[fault](trial)
        trial.load.wait_for_recovery(ended or time.monotonic())
        trial.load.stop()
        return trial.load.account(_reader_of(trial.pair.primary), ended)


def _reader_of(node: RedisNode) -> Callable[[str], bytes | None]:
    administrator = node.administrator()
    return lambda key: administrator.get(key)
