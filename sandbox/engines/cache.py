"""One cache: its nodes, brought to the state a specification asks for."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from . import handover
from .engine_cache import EngineCache
from .errors import EngineError
from .launcher import Launcher
from .node import Node
from .parameters import translated
from .server import find_server
from .specification import CacheSpec
from .starting import DATABASE_FILE, NOWHERE, ROLE_SECONDS, Starter, affordable_memory

SYNC_SECONDS = 30.0
POLL_SECONDS = 0.01


class Cache(EngineCache[Node, CacheSpec]):
    """The nodes of one cache. `apply` may be called again and again; it changes what differs."""

    def __init__(self, cache_id: str, directory: str, launcher: Launcher) -> None:
        super().__init__(cache_id, directory, launcher)
        self._starter = Starter(self.nodes, directory, launcher)

    def apply(self, raw: dict[str, Any]) -> None:
        """Bring the cache to a specification (`CacheSpec`), and return when it holds.

        Raises EngineError when it cannot be had, ValueError on a specification that contradicts itself.
        """
        spec = CacheSpec.parse(raw)
        self._server = server = find_server(spec.engine)
        self._spec = spec
        self._remove_unwanted(spec, keep_primary=True)
        # The primary first: replicas look for it when they start.
        for node_id in sorted(spec.nodes, key=lambda node_id: node_id != spec.primary):
            self._starter.start_missing(spec, spec.nodes[node_id], server)
        for _, node in self._commanded(spec):
            self._adjust(spec, node)
        self._settle_roles(spec)
        self._remove_unwanted(spec, keep_primary=False)
        if not spec.await_replicas:
            return
        for node_id, node in self._commanded(spec):
            if node_id != spec.primary and not spec.nodes[node_id].detached:
                self._await_link(spec, node, self.nodes[spec.primary])

    def disturb(self, node_id: str, disturbance: dict[str, Any]) -> None:
        """Slow or lose what a node replies to clients, but not to the other nodes."""
        addresses = [node.address for node in self._spec.nodes.values()] if self._spec else []
        self.nodes[node_id].disturb({**disturbance, "spared": addresses} if disturbance else {})

    def save(self, node_id: str, target: str) -> int:
        """Write a node's data to `target` (an RDB file); returns its size in bytes."""
        node = self.nodes[node_id]
        node.command("SAVE")
        shutil.copyfile(f"{node.directory}/{DATABASE_FILE}", target)
        return os.path.getsize(target)

    def _memory(self, spec: CacheSpec) -> tuple[int, int]:
        return spec.maxmemory_bytes, affordable_memory(spec)

    def _unapplied(self, spec: CacheSpec) -> dict[str, str]:
        return {name: why for node in self.nodes.values() for name, why in node.unapplied.items()}

    def _remove_unwanted(self, spec: CacheSpec, keep_primary: bool) -> None:
        """Remove nodes that shall go; one that still has the role stays until it has handed it over."""
        for node_id in [node_id for node_id in self.nodes if node_id not in spec.nodes]:
            if keep_primary and self.nodes[node_id].state(ROLE_SECONDS).get("role") == "primary":
                continue
            self.nodes.pop(node_id).remove()

    def _commanded(self, spec: CacheSpec) -> list[tuple[str, Node]]:
        wanted = [node_id for node_id in self.nodes if node_id in spec.nodes]
        return [(node_id, self.nodes[node_id]) for node_id in wanted if not spec.nodes[node_id].fenced]

    def _settle_roles(self, spec: CacheSpec) -> None:
        primary = self.nodes[spec.primary]
        if primary.replication()["role"] != "master":
            self._promote(spec, primary)
        for node_id, node in self._commanded(spec):
            if node_id == spec.primary:
                continue
            address, port = (
                NOWHERE if spec.nodes[node_id].detached else (spec.primary_node.address, spec.port)
            )
            fields = node.replication()
            if fields["role"] == "master" or (fields["master_host"], int(fields["master_port"])) != (
                address,
                port,
            ):
                handover.follow(node, address, port, self._starter.uses_tls((address, port)))

    def _promote(self, spec: CacheSpec, primary: Node) -> None:
        old = self._starter.holder(spec)
        if old is None:
            handover.take_over(primary)
            return
        self._await_link(spec, primary, old)
        handover.hand_over(old, primary)

    def _adjust(self, spec: CacheSpec, node: Node) -> None:
        node.set_tokens(spec.auth_tokens)
        node.command("CONFIG", "SET", "maxmemory", affordable_memory(spec))
        for name, value in translated(spec.parameters).items():
            node.set_parameter(name, value)

    def _await_link(self, spec: CacheSpec, replica: Node, primary: Node) -> None:
        """Wait until the primary streams to a replica: only then is what it acknowledges on its way there."""
        deadline = time.monotonic() + SYNC_SECONDS
        while True:
            fields = replica.replication()
            up = fields["role"] == "master" or fields["master_link_status"] == "up"
            if up and (replica is primary or _streams_to(primary, replica)):
                return
            if time.monotonic() > deadline or not primary.running:
                raise EngineError(
                    f"replica {replica.node_id} of {self.cache_id} is not in step with its primary"
                )
            time.sleep(POLL_SECONDS)


def _streams_to(primary: Node, replica: Node) -> bool:
    address = replica.configuration.address if replica.configuration else ""
    lines = [line for name, line in primary.replication().items() if name.startswith("slave")]
    return any(line.startswith(f"ip={address},") and ",state=online," in line for line in lines)
