"""How the nodes of a cache start: whom they follow, in which mode, with which data."""

from __future__ import annotations

import os
import secrets
import shutil

from .configuration import NodeConfiguration, Secrets
from .launcher import Launcher
from .node import Node
from .server import Server
from .specification import CacheSpec, NodeSpec

# Where a node whose replication is cut looks for its primary: nothing listens there.
NOWHERE = ("127.0.0.1", 1)
DATABASE_FILE = "dump.rdb"
ROLE_SECONDS = 1.0


class Starter:
    """Starts nodes into `nodes`, which it shares with the cache."""

    def __init__(self, nodes: dict[str, Node], directory: str, launcher: Launcher) -> None:
        self._nodes = nodes
        self._directory = directory
        self._launcher = launcher
        self._secrets = Secrets(admin=secrets.token_hex(32), replication=secrets.token_hex(32))

    def start_missing(self, spec: CacheSpec, wanted: NodeSpec, server: Server) -> None:
        """Start a node that does not run; a fenced one is left alone."""
        node = self._nodes.get(wanted.node_id)
        if wanted.fenced or (node and node.running):
            return
        if node is None:
            directory = os.path.join(self._directory, wanted.node_id)
            node = self._nodes[wanted.node_id] = Node(
                wanted.node_id, wanted.host_id, directory, self._launcher
            )
        master = self._master_for(spec, wanted)
        self._place_data(spec, node, master is None)
        node.start(server, self._configuration(spec, wanted, node, server, master), spec.tls)

    def holder(self, spec: CacheSpec) -> Node | None:
        """A running node, other than the wanted primary, that has the primary's role now."""
        for node_id, node in self._nodes.items():
            fenced = node_id in spec.nodes and spec.nodes[node_id].fenced
            if node_id == spec.primary or fenced or node.configuration is None:
                continue
            if node.state(ROLE_SECONDS).get("role") == "primary":
                return node
        return None

    def uses_tls(self, master: tuple[str, int] | None) -> bool:
        """Whether the node at an address speaks TLS: nodes started before a change of mode keep theirs."""
        for node in self._nodes.values():
            if master and node.configuration and node.configuration.address == master[0]:
                return node.transit_encryption != "off"
        return False

    def _master_for(self, spec: CacheSpec, wanted: NodeSpec) -> tuple[str, int] | None:
        """Whom a starting node follows; a primary that joins a running cache starts as a replica."""
        if wanted.detached:
            return NOWHERE
        if wanted.node_id != spec.primary:
            return spec.primary_node.address, spec.port
        holder = self.holder(spec)
        return (holder.configuration.address, spec.port) if holder and holder.configuration else None

    def _place_data(self, spec: CacheSpec, node: Node, starts_as_primary: bool) -> None:
        """A cache restored from a snapshot loads it once, on its first primary; any other start is empty."""
        path = os.path.join(node.directory, DATABASE_FILE)
        first = node.configuration is None and len(self._nodes) == 1
        if first and starts_as_primary and spec.restore:
            shutil.copyfile(spec.restore, path)
        elif os.path.exists(path):
            os.remove(path)

    def _configuration(
        self, spec: CacheSpec, wanted: NodeSpec, node: Node, server: Server, master: tuple[str, int] | None
    ) -> NodeConfiguration:
        return NodeConfiguration(
            directory=node.directory,
            address=wanted.address,
            port=spec.port,
            transit_encryption=spec.transit_encryption,
            secrets=self._secrets,
            server_version=server.version,
            auth_tokens=spec.auth_tokens,
            parameters=spec.parameters,
            maxmemory_bytes=affordable_memory(spec),
            master=master,
            master_uses_tls=self.uses_tls(master),
            database_file=DATABASE_FILE,
        )


def affordable_memory(spec: CacheSpec) -> int:
    """The node type's memory, or what this machine can spare: no node may take more than a 16th of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(spec.maxmemory_bytes, machine // 16)
