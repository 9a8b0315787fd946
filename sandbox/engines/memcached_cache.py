"""One Memcached cluster: its nodes, brought to the state a specification asks for."""

from __future__ import annotations

import os
from typing import Any

from .engine_cache import EngineCache
from .errors import EngineError
from .memcached_arguments import affordable_megabytes, unapplied
from .memcached_node import MemcachedNode
from .memcached_specification import MemcachedSpec
from .server import find_server

CHECK_SECONDS = 0.5


class MemcachedCache(EngineCache[MemcachedNode, MemcachedSpec]):
    """The nodes of one cluster. They know nothing of each other but what discovery tells clients."""

    def apply(self, raw: dict[str, Any]) -> None:
        """Bring the cluster to a specification (`MemcachedSpec`), and return when it holds.

        New nodes run before any node tells of them, and nobody tells of a node any more when it ends. Raises
        EngineError when it cannot be had.
        """
        spec = MemcachedSpec.parse(raw)
        self._server = server = find_server(spec.engine)
        for node_id, wanted in spec.nodes.items():
            node = self.nodes.get(node_id)
            if wanted.fenced or (node and node.running):
                continue
            if node is None:
                directory = os.path.join(self._directory, node_id)
                node = MemcachedNode(node_id, wanted.host_id, directory, self._launcher)
                self.nodes[node_id] = node
            node.start(server, spec, wanted)
        for node_id, node in self.nodes.items():
            if node_id not in spec.nodes or not spec.nodes[node_id].fenced:
                self._tell(node, spec)
        self._spec = spec
        for node_id in [node_id for node_id in self.nodes if node_id not in spec.nodes]:
            self.nodes.pop(node_id).remove()

    def _tell(self, node: MemcachedNode, spec: MemcachedSpec) -> None:
        """Have a node answer with the configuration of now; one that is silent learns it when it comes back."""
        if node.knows(spec) or not node.state(CHECK_SECONDS)["responding"]:
            return
        node.configure(spec)

    def disturb(self, node_id: str, disturbance: dict[str, Any]) -> None:
        """Slow or lose what a node replies."""
        self.nodes[node_id].disturb(disturbance)

    def save(self, node_id: str, target: str) -> int:
        """Memcached keeps nothing."""
        raise EngineError("Memcached has no snapshots")

    def _memory(self, spec: MemcachedSpec) -> tuple[int, int]:
        wanted = spec.megabytes - int(spec.parameters.get("memcached_connections_overhead", 100))
        return wanted << 20, affordable_megabytes(spec) << 20

    def _unapplied(self, spec: MemcachedSpec) -> dict[str, str]:
        return unapplied(spec)
