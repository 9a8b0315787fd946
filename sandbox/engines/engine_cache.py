"""What every cache is: nodes with a directory for each, and what to tell of them."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from .engine_node import EngineNode
from .launcher import Launcher
from .server import Server


class Specification(Protocol):
    """What is needed of what a cache shall be."""

    @property
    def engine(self) -> str: ...

    @property
    def version(self) -> str: ...


NodeKind = TypeVar("NodeKind", bound=EngineNode)
SpecKind = TypeVar("SpecKind", bound=Specification)


class EngineCache(ABC, Generic[NodeKind, SpecKind]):
    """The nodes of one cache, brought to a specification again and again by the `apply` of its kind."""

    def __init__(self, cache_id: str, directory: str, launcher: Launcher) -> None:
        self.cache_id = cache_id
        self.nodes: dict[str, NodeKind] = {}
        self._directory = directory
        self._launcher = launcher
        self._spec: SpecKind | None = None
        self._server: Server | None = None

    def remove(self) -> None:
        """End every process and leave no file."""
        for node in self.nodes.values():
            node.remove()
        self.nodes.clear()
        shutil.rmtree(self._directory, ignore_errors=True)

    def describe(self) -> dict[str, object]:
        """What really runs, for a person who asks: the server program and what of the wish it lacks."""
        if self._spec is None or self._server is None:
            return {}
        wanted, memory = self._memory(self._spec)
        return {
            "server": self._server.description,
            "stands_in_for": f"{self._spec.engine} {self._spec.version}" if self._server.stands_in else None,
            "maxmemory_bytes": memory,
            "maxmemory_reduced_from": wanted if memory < wanted else None,
            "parameters_not_applied": self._unapplied(self._spec),
        }

    @abstractmethod
    def _memory(self, spec: SpecKind) -> tuple[int, int]:
        """The bytes that a node shall have, and those it has here."""

    @abstractmethod
    def _unapplied(self, spec: SpecKind) -> dict[str, str]:
        """The parameters that this server lacks, each with the reason."""

    @abstractmethod
    def apply(self, raw: dict[str, Any]) -> None:
        """Bring the cache to a specification, and return when it holds. Raises EngineError when it cannot be had."""

    @abstractmethod
    def disturb(self, node_id: str, disturbance: dict[str, Any]) -> None:
        """Slow or lose what a node replies to clients."""

    @abstractmethod
    def save(self, node_id: str, target: str) -> int:
        """Write a node's data to the file `target`; returns its size in bytes."""
