"""Engines: a real redis-server or memcached behind every cache endpoint of the sandbox.

`Engines` is the supervisor's handle. The processes belong to the daemon of the hosts (`daemon_side.register`), which
keeps them by cache (`keeper`): each cache is brought to a specification (`specification`), again and again.

What differs from ElastiCache, and why:
- A restricted command is refused with NOPERM, not as unknown (`access`).
- `close-on-replica-write` is not a parameter of the engines: clients are disconnected when a node loses the primary's
  role, not when they write to a replica.
- A node takes at most a 16th of this machine's memory, whatever its type has (`describe` tells).
- Before a Memcached node, before one whose replies are slowed or lost, and while both transit modes are served, a front
  passes connections on; the server sees the node's own address (`sandbox.front`).
- A Memcached node's parameters are taken when its process starts, the few that the service changes live too.
- Where no valkey-server with TLS is installed, redis-server stands in for it (`describe` tells).
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

from ..hosts.errors import OperationFailed
from .errors import EngineError, EngineUnavailable

__all__ = ["EngineError", "EngineUnavailable", "Engines"]

# Longer than a start and a full synchronisation of all nodes may take together.
APPLY_SECONDS = 120.0
CALL_SECONDS = 30.0


class Caller(Protocol):
    """What is needed of the hosts: calls to the daemon (`sandbox.hosts.hosts.Hosts` has it)."""

    def call(self, op: str, call_timeout: float | None = None, **arguments: Any) -> Any:
        """Run an operation of the daemon."""
        ...


class Issuer(Protocol):
    """What is needed of the certificate authority (`sandbox.hosts.certificates.CertificateAuthority` has it)."""

    @property
    def certificate_pem(self) -> str:
        """What a client has to trust."""
        ...

    def issue(self, names: list[str]) -> Any:
        """A certificate with `certificate_pem` and `key_pem`."""
        ...


class Engines:
    """All caches' processes, as one object. Threads may share it.

    Every method raises EngineError when the engines cannot do it, EngineUnavailable when no program is installed.
    """

    def __init__(self, hosts: Caller, authority: Issuer) -> None:
        self._hosts = hosts
        self._authority = authority

    def check(self, engine: str) -> dict[str, Any]:
        """{"server": "redis-server 7.0.15", "stands_in": bool}: what would run an engine."""
        return self._call("check", engine=engine)

    def apply(self, cache_id: str, spec: dict[str, Any]) -> None:
        """Bring a cache to `spec`; returns when it holds.

        spec: engine, version, port, transit_encryption (off, preferred, required), auth_tokens, parameters,
        maxmemory_bytes, primary (a node id), nodes {node_id: {host_id, address, fenced, detached}},
        certificate_names, and optionally restore (a snapshot's id) and await_replicas (true).
        For Memcached: engine, version, port, transit_encryption (off, required), parameters (those that differ from
        the family's), megabytes, threads, nodes {node_id: {host_id, address, fenced}}, certificate_names, and
        configuration {version, nodes: "host|address|port ..."}, which discovery answers.
        """
        names = tuple(spec.get("certificate_names") or ("localhost",))
        wanted = {name: value for name, value in spec.items() if name != "certificate_names"}
        self._call("apply", APPLY_SECONDS, cache_id=cache_id, raw={**wanted, "tls": self._tls(names)})

    def remove(self, cache_id: str) -> None:
        """End a cache's processes; one that is not there is fine."""
        self._call("remove", cache_id=cache_id)

    def state(self, cache_id: str) -> dict[str, dict[str, Any]]:
        """{node_id: {"running", "responding", "role", "offset", "link"}}; the last three only if it responds."""
        return self._call("state", cache_id=cache_id)

    def states(self, cache_ids: list[str] | None = None) -> dict[str, dict[str, dict[str, Any]]]:
        """`state` of several caches in one call, of all when none is named."""
        return self._call("states", cache_ids=cache_ids)

    def describe(self, cache_id: str) -> dict[str, Any]:
        """What really runs: server, stands_in_for, maxmemory_reduced_from, parameters_not_applied."""
        return self._call("describe", cache_id=cache_id)

    def signal(self, node_id: str, name: str) -> None:
        """Send KILL, STOP or CONT to a node's process; after KILL it is gone when this returns."""
        self._call("signal", node_id=node_id, name=name)

    def disturb(self, node_id: str, delay_milliseconds: float = 0, loss_percent: float = 0) -> None:
        """Have a node's replies come late, or a share of them be lost; without either all is well again.

        A lost reply takes its connection with it. Replication between nodes goes on undisturbed.
        """
        harm = {"delay_milliseconds": delay_milliseconds, "loss_percent": loss_percent}
        self._call("disturb", node_id=node_id, disturbance=harm if any(harm.values()) else {})

    def save(self, cache_id: str, node_id: str, snapshot_id: str) -> int:
        """Keep a node's data under `snapshot_id`, for `restore`; returns its bytes."""
        return self._call("save", cache_id=cache_id, node_id=node_id, snapshot_id=snapshot_id)

    def forget(self, snapshot_id: str) -> None:
        """Delete kept data."""
        self._call("forget", snapshot_id=snapshot_id)

    @functools.lru_cache(maxsize=64)  # noqa: B019 - lives as long as its sandbox
    def _tls(self, names: tuple[str, ...]) -> dict[str, str]:
        issued = self._authority.issue(list(names))
        authority = self._authority.certificate_pem
        return {"certificate": issued.certificate_pem, "key": issued.key_pem, "authority": authority}

    def _call(self, operation: str, seconds: float = CALL_SECONDS, **arguments: Any) -> Any:
        try:
            return self._hosts.call(f"engines.{operation}", seconds, **arguments)
        except OperationFailed as error:
            kind = EngineUnavailable if error.kind == "EngineUnavailable" else EngineError
            raise kind(str(error)) from error
        except TimeoutError as error:
            raise EngineError(str(error)) from error
