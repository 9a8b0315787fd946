"""What one Memcached cluster shall be: the wanted state, checked and typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .specification import NodeSpec


@dataclass(frozen=True)
class MemcachedSpec:
    """One cluster. Port, TLS and parameters are taken when a node starts; the configuration changes live.

    `configuration`: (version, `host|address|port` of every node separated by spaces), as discovery answers it.
    """

    engine: str
    version: str
    port: int
    uses_tls: bool
    nodes: dict[str, NodeSpec]
    megabytes: int
    threads: int
    configuration: tuple[int, str]
    parameters: dict[str, str] = field(default_factory=dict)
    tls: tuple[str, str, str] = field(repr=False, default=("", "", ""))

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> MemcachedSpec:
        """Build from plain data."""
        return cls(
            engine=raw["engine"],
            version=raw["version"],
            port=int(raw["port"]),
            uses_tls=raw["transit_encryption"] == "required",
            nodes={node_id: NodeSpec(node_id=node_id, **node) for node_id, node in raw["nodes"].items()},
            megabytes=int(raw["megabytes"]),
            threads=int(raw["threads"]),
            configuration=(int(raw["configuration"]["version"]), raw["configuration"]["nodes"]),
            parameters=dict(raw.get("parameters") or {}),
            tls=(raw["tls"]["certificate"], raw["tls"]["key"], raw["tls"]["authority"]),
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to compare."""
        return tuple(int(part) for part in self.version.split("."))

    def discovery(self) -> dict[str, Any]:
        """What the fronts answer."""
        version, nodes = self.configuration
        # From 1.6.17 on the service has them blocked (guide, "Supported and restricted commands").
        refused = ["lru_crawler", "lru", "slabs"] if self.numbers >= (1, 6, 17) else []
        # The one parameter that the service changes on a running node.
        refused += ["watch"] if self.parameters.get("watch") == "0" else []
        return {"version": version, "nodes": nodes, "legacy": self.numbers < (1, 4, 14), "refused": refused}
