"""How long each client cannot write when its primary fails, and what it got wrong: all of them in the same failures.

One primary, one replica and one name, which is looked up for real. A run: every client increments a counter of its own,
one call at a time with pauses; the primary is killed, frozen, cut off (its answers first, 30 ms later everything) or
swapped with the replica while both live. One second later the replica is the primary (a swap: at once), half a second
later the name leads there, and the clients are watched for some seconds more. The gap is the longest time between two
acknowledged increments; `never` counts the runs that ended without another one. Wrong outcomes are increments that were
acknowledged and are missing, or are there and were neither acknowledged nor left in doubt by an error.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from _contestants import Contestant, contestants
from _name_world import NameServer, drop, enter
from _results import ROOT, show

from tests.client.redis_servers import RedisNode, wait_until

HOSTS = ("127.0.1.1", "127.0.1.2")
PORT = 6379
TICK_SECONDS = 0.004
BEFORE_SECONDS, PROMOTED_AFTER, NAMED_AFTER = 0.6, 1.0, 1.5


class Entry:
    """One client in one run."""

    def __init__(self, contestant: Contestant, key: str) -> None:
        self.key = key
        self.acknowledged: list[float] = []
        self.doubtful = self.refused = 0
        self._refusals = contestant.refusals
        self._increment = contestant.open()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)  # some hang for a minute
        self._thread.start()

    def stop(self) -> None:
        """Begin no further call, and wait a moment for the one under way."""
        self._stopping.set()
        self._thread.join(0.5)
        self.hangs = self._thread.is_alive()

    def gap(self, until: float) -> float:
        """The longest time without an acknowledged increment."""
        moments = [*self.acknowledged, until]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._increment(self.key)
            except self._refusals:
                self.refused += 1
            except Exception:  # noqa: BLE001 - whatever a client raises leaves its caller in doubt
                self.doubtful += 1
            else:
                self.acknowledged.append(time.monotonic())
            time.sleep(TICK_SECONDS)


def kill(primary: RedisNode, replica: RedisNode) -> None:
    primary.kill()
    _promote(replica)


def freeze(primary: RedisNode, replica: RedisNode) -> None:
    primary.freeze()
    _promote(replica)


def cut(primary: RedisNode, replica: RedisNode) -> None:
    drop([f"ip saddr {primary.host} tcp sport {PORT} ip daddr != {replica.host}"])
    time.sleep(0.03)
    drop([f"ip daddr {primary.host} tcp dport {PORT}", f"ip saddr {primary.host} tcp sport {PORT}"])
    _promote(replica)


def swap(primary: RedisNode, replica: RedisNode) -> None:
    primary.command("FAILOVER", "TO", replica.host, PORT)
    wait_until(lambda: replica.command("ROLE")[0] == b"master", 5)


FAULTS: dict[str, Callable[[RedisNode, RedisNode], None]] = {
    "kill": kill,
    "freeze": freeze,
    "cut": cut,
    "swap": swap,
}


def _promote(replica: RedisNode) -> None:
    time.sleep(PROMOTED_AFTER)
    replica.command("REPLICAOF", "NO", "ONE")


@contextmanager
def pair() -> Iterator[tuple[RedisNode, RedisNode]]:
    """A primary with its replica in step, both without a token."""
    with tempfile.TemporaryDirectory() as folder:
        nodes: list[RedisNode] = []
        try:
            for host in HOSTS:
                nodes.append(RedisNode(Path(folder) / host, token=None, address=(host, PORT)))
            nodes[1].command("REPLICAOF", HOSTS[0], PORT)
            wait_until(lambda: nodes[1].command("ROLE")[3] == b"connected", 10)
            with nodes[0].administrator() as administrator:
                administrator.set("first", 1)
                # A replica that has just loaded gets nothing before its first word, up to a second later.
                wait_until(lambda: administrator.wait(1, 1000) == 1, 10)
            yield nodes[0], nodes[1]
        finally:
            drop([])
            for node in nodes:
                node.stop()


def run(
    fault: str, number: int, field: dict[str, Contestant], names: NameServer, watched_seconds: float
) -> dict[str, tuple[float, bool, int, bool]]:
    """By client: its gap, whether it never wrote again, its wrong outcomes, and whether its last call hangs."""
    with pair() as (primary, replica):
        names.address = primary.host
        entries = {name: Entry(each, f"{fault}:{number}:{name}") for name, each in field.items()}
        time.sleep(BEFORE_SECONDS)
        began = time.monotonic()
        FAULTS[fault](primary, replica)
        time.sleep(max(0.0, began + NAMED_AFTER - time.monotonic()))
        names.address = replica.host
        moved = time.monotonic()
        while time.monotonic() < moved + watched_seconds and not all(
            entry.acknowledged and entry.acknowledged[-1] > moved + 0.5 for entry in entries.values()
        ):
            time.sleep(0.05)
        until = time.monotonic()
        for entry in entries.values():
            entry.stop()
        return {
            name: (
                entry.gap(until),
                entry.acknowledged[-1] < moved,
                _wrong(entry, int(replica.command("GET", entry.key) or 0)),
                entry.hangs,
            )
            for name, entry in entries.items()
        }


def _wrong(entry: Entry, there: int) -> int:
    acknowledged, doubtful = len(entry.acknowledged), entry.doubtful + entry.hangs
    return max(0, acknowledged - there) + max(0, there - acknowledged - doubtful)


def _keep_native_noise() -> None:
    """Let what GLIDE's core prints for every failed call go to a file; Python's own errors stay on the terminal."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "client_league.log").open("w") as log:
        os.dup2(log.fileno(), 2)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=10, help="failures of each kind")
    arguments.add_argument("--watch", type=float, default=6, help="seconds after the name has moved")
    arguments.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    chosen = arguments.parse_args()
    enter()
    _keep_native_noise()
    names, field = NameServer(), contestants()
    rows: list[dict[str, object]] = []
    for fault in chosen.faults:
        runs = [run(fault, number, field, names, chosen.watch) for number in range(chosen.runs)]
        for name in field:
            found = [each[name] for each in runs]
            gaps = [gap for gap, *_ in found]
            rows.append(
                {
                    "fault": fault,
                    "client": name,
                    "median gap s": round(statistics.median(gaps), 2),
                    "worst gap s": round(max(gaps), 2),
                    "never": sum(never for _, never, _, _ in found),
                    "wrong outcomes": sum(wrong for _, _, wrong, _ in found),
                    "runs": len(found),
                }
            )
    show("client_league", rows)


if __name__ == "__main__":
    main()
