"""How the primary's role moves from one node to another."""

from __future__ import annotations

import contextlib
import time

from .errors import EngineError
from .node import Node

# Longer than any hand-over takes; the old primary takes writes again if the sandbox dies half-way.
PAUSE_MILLISECONDS = 5000
CATCH_UP_SECONDS = 4.0
# A dead primary's last bytes may still be in the replica's socket; its offset rests when they are read.
DRAIN_SECONDS = 0.5
REST_SECONDS = 0.02
POLL_SECONDS = 0.002


def hand_over(old: Node, new: Node) -> None:
    """Move the role between two healthy nodes without losing a write that was acknowledged.

    Writes are held on the old primary until the new one has all of them; then clients are cut off there.
    """
    old.command("CLIENT", "PAUSE", PAUSE_MILLISECONDS, "WRITE")
    try:
        _await_same_offset(old, new)
    except EngineError:
        old.command("CLIENT", "UNPAUSE")
        raise
    new.command("REPLICAOF", "NO", "ONE")


def take_over(new: Node) -> None:
    """Make a replica the primary when the old one is gone: first read what it still sent."""
    deadline = time.monotonic() + DRAIN_SECONDS
    last, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        fields = new.replication()
        if fields["role"] == "master":
            return
        offset = int(fields["slave_repl_offset"])
        if offset != last:
            last, since = offset, time.monotonic()
        drained = fields["master_link_status"] != "up" or time.monotonic() - since > REST_SECONDS
        if drained:
            break
        time.sleep(POLL_SECONDS)
    new.command("REPLICAOF", "NO", "ONE")


def follow(node: Node, address: str, port: int, uses_tls: bool) -> None:
    """Make a node a replica; one that was a primary loses its clients and whatever it alone had."""
    was_primary = node.replication()["role"] == "master"
    node.command("CONFIG", "SET", "tls-replication", "yes" if uses_tls else "no")
    node.command("REPLICAOF", address, port)
    if was_primary:
        node.drop_clients()
        with contextlib.suppress(EngineError):
            node.command("CLIENT", "UNPAUSE")


def _await_same_offset(old: Node, new: Node) -> None:
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        behind = int(new.replication()["slave_repl_offset"])
        ahead = int(old.replication()["master_repl_offset"])
        if behind >= ahead:
            return
        if time.monotonic() > deadline:
            raise EngineError(f"node {new.node_id} did not catch up with {old.node_id} ({behind} of {ahead})")
        time.sleep(POLL_SECONDS)
