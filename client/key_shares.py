"""Which keys of a drill on Memcached may be missing afterwards, by the ring and by what was emptied. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from .drill_record import Call, WorkerRecord
from .results import KeyShares
from .ring import Ring

KeyName = Callable[[str, int], str]


def filled_key(prefix: str, number: int) -> str:
    """A key that was there before the drill began."""
    return f"{prefix}:f{number}"


def written_key(prefix: str, number: int) -> str:
    """The key of one write."""
    return f"{prefix}:{number}"


def begun_key(prefix: str) -> str:
    """The key by which a client says that it is at work, and its keys, if any, are filled."""
    return f"{prefix}:begun"


def over_key(run: str) -> str:
    """The key by which the clients of a run are told that what was done to the cache is done."""
    return f"drill:{run}:over"


def read_number(position: int, filled: int) -> int:
    """Which of the filled keys the read at this place goes to: all in turn, neighbours far apart."""
    return position * 7919 % filled


class Fates:
    """What the ring lets expect of one client's keys, and which node each call went to.

    A key may be missing when its node of then is not its node of the end, or was emptied in between: restarted by the
    drill, or flushed by a client that had taken it for out.
    """

    def __init__(self, record: WorkerRecord, emptied: Collection[str]) -> None:
        self._record = record
        self._emptied = emptied
        self._rings = [(at, Ring(nodes.split(" "))) for at, nodes in record.layouts]

    def filled_may_be_missing(self, number: int) -> bool:
        """Whether this one of the keys filled at the start may."""
        return self._may_be_missing(filled_key(self._record.key, number), 0.0)

    def write_may_be_missing(self, number: int) -> bool:
        """Whether this write may."""
        return self._may_be_missing(written_key(self._record.key, number), self._record.writes[number][0])

    def write_outage(self, since: float) -> float:
        """The longest time for which one node took no write; see `_outage`."""
        prefix = self._record.key
        return self._outage(self._record.writes, lambda number: written_key(prefix, number), since)

    def read_outage(self, since: float) -> float:
        """The same for reads."""
        prefix, filled = self._record.key, self._record.filled
        return self._outage(
            self._record.reads, lambda number: filled_key(prefix, read_number(number, filled)), since
        )

    def _outage(self, calls: Sequence[Call], key_of: Callable[[int], str], since: float) -> float:
        """From a node's first failed call to the next one that it served, or to when it left; beyond the trigger."""
        failing: dict[str, float] = {}
        spans: list[tuple[float, float]] = []
        for number, (at, took, outcome) in enumerate(calls if self._rings else ()):
            node = self._owner(key_of(number), at)
            if outcome not in ("ok", "miss"):
                failing.setdefault(node, at)
            elif node in failing:
                spans.append((failing.pop(node), at + took))
        for node, began in failing.items():
            left = [at for at, ring in self._rings if at > began and node not in ring.nodes]
            spans.append((began, left[0] if left else max(at + took for at, took, _ in calls)))
        return max((ended - began for began, ended in spans if ended > since), default=0.0)

    def _owner(self, key: str, at: float) -> str:
        earlier = [ring for since, ring in self._rings if since <= at] or [self._rings[0][1]]
        return earlier[-1].node_for(key.encode())

    def _may_be_missing(self, key: str, written_at: float) -> bool:
        if not self._rings:
            return False
        owner = self._owner(key, written_at)
        return owner in self._emptied or owner != self._rings[-1][1].node_for(key.encode())


def emptied_nodes(records: Sequence[WorkerRecord], by_the_trigger: Collection[str]) -> set[str]:
    """The nodes that lost what they held: by the trigger, or because a client flushed them."""
    return set(by_the_trigger) | {node for record in records for node in record.out}


def shares_of(records: Sequence[WorkerRecord], emptied: Collection[str]) -> KeyShares | None:
    """What became of the keys filled at the start, on all clients together; None where none were."""
    keys = expected = missing = unexplained = 0
    for record in records:
        fates, kept = Fates(record, emptied), set(record.kept)
        keys += record.filled
        for number in range(record.filled):
            may_be_missing = fates.filled_may_be_missing(number)
            expected += may_be_missing
            missing += number not in kept
            unexplained += number not in kept and not may_be_missing
    if not keys:
        return None
    return KeyShares(
        keys=keys,
        expected=expected,
        missing=missing,
        unexplained=unexplained,
        expected_share=round(expected / keys, 4),
        missing_share=round(missing / keys, 4),
    )
