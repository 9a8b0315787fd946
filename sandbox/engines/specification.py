"""What one cache shall be: the wanted state that `Engines.apply` takes, checked and typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TRANSIT_MODES = ("off", "preferred", "required")


@dataclass(frozen=True)
class NodeSpec:
    """One node: where it runs, and whether a fault keeps it out.

    `fenced`: left alone, whatever it does (it is cut off, or frozen); it gets no command until it may rejoin.
    `detached`: its replication is cut; it keeps its data and serves reads, but follows nobody.
    """

    node_id: str
    host_id: str
    address: str
    fenced: bool = False
    detached: bool = False


@dataclass(frozen=True)
class CacheSpec:
    """One cache. Port, transit mode, `tls` and `restore` are taken when a node starts; all else changes live.

    `tls`: certificate, key and authority in PEM. `restore`: path of the data the first primary loads.
    `await_replicas`: wait until they are in step, or return as soon as the roles are right.
    """

    engine: str
    version: str
    port: int
    transit_encryption: str
    primary: str
    nodes: dict[str, NodeSpec]
    maxmemory_bytes: int
    parameters: dict[str, str] = field(default_factory=dict)
    tls: tuple[str, str, str] = field(repr=False, default=("", "", ""))
    auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    restore: str | None = None
    await_replicas: bool = True

    @property
    def primary_node(self) -> NodeSpec:
        """The node that takes writes."""
        return self.nodes[self.primary]

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> CacheSpec:
        """Build from plain data; raises ValueError on a spec that contradicts itself."""
        nodes = {node_id: NodeSpec(node_id=node_id, **node) for node_id, node in raw["nodes"].items()}
        if raw["primary"] not in nodes:
            raise ValueError(f"primary {raw['primary']!r} is not one of the nodes {sorted(nodes)}")
        if raw["transit_encryption"] not in TRANSIT_MODES:
            raise ValueError(f"transit_encryption must be one of {TRANSIT_MODES}")
        return cls(
            engine=raw["engine"],
            version=raw["version"],
            port=int(raw["port"]),
            transit_encryption=raw["transit_encryption"],
            primary=raw["primary"],
            nodes=nodes,
            maxmemory_bytes=int(raw["maxmemory_bytes"]),
            parameters=dict(raw.get("parameters") or {}),
            tls=(raw["tls"]["certificate"], raw["tls"]["key"], raw["tls"]["authority"]),
            auth_tokens=tuple(raw.get("auth_tokens") or ()),
            restore=raw.get("restore"),
            await_replicas=bool(raw.get("await_replicas", True)),
        )
