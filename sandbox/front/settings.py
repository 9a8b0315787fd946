"""What a front is told: once when it starts, and what may change later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONTROL = "front.sock"


@dataclass
class Settings:
    """`plain` and `tls` say where the server listens: a Unix socket's path, or a port of the node's own address.

    With `certificate` and `key` (paths) the front itself speaks TLS with every client, and plain to the server. Else
    the first byte of a client tells whether it goes to `plain` or to `tls`; None for a way that there is not.
    """

    address: str
    port: int
    plain: str | int | None = None
    tls: str | int | None = None
    certificate: str = ""
    key: str = ""
    discovery: Discovery | None = None
    disturbance: Disturbance = field(default_factory=lambda: Disturbance())

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Settings:
        """From the JSON of the start."""
        settings = cls(**{**raw, "discovery": None, "disturbance": Disturbance()})
        settings.change(raw)
        return settings

    def change(self, raw: dict[str, Any]) -> None:
        """Take what a line of the control socket says."""
        if raw.get("discovery"):
            self.discovery = Discovery(**raw["discovery"])
        if "disturbance" in raw:
            self.disturbance = Disturbance(**raw["disturbance"])


@dataclass(frozen=True)
class Discovery:
    """Memcached's answer about its cluster: `nodes` are `host|address|port`, separated by spaces.

    `legacy`: engines before 1.4.14 answer a key instead of a command. `refused` are commands that the service blocks.
    """

    version: int
    nodes: str
    legacy: bool = False
    refused: list[str] = field(default_factory=list)

    def answer(self) -> bytes:
        """The whole reply."""
        payload = b"%d\n%s\n" % (self.version, self.nodes.encode())
        head = b"VALUE AmazonElastiCache:cluster" if self.legacy else b"CONFIG cluster"
        return b"%s 0 %d\r\n%s\r\nEND\r\n" % (head, len(payload), payload)


@dataclass(frozen=True)
class Disturbance:
    """Harm to the link, but not for peers at the addresses `spared` (replication)."""

    delay_milliseconds: float = 0
    loss_percent: float = 0
    spared: list[str] = field(default_factory=list)
