"""Endpoint names of a Memcached cluster as the service writes them, and the addresses they stand for."""

from __future__ import annotations

from typing import Any

from . import catalogue
from .endpoints import NAMED
from .records import Cache, Member
from .store import Store


class MemcachedEndpoints:
    """The names of one cluster."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._cache = cache
        self._hash = store.endpoint_hash
        self._end = ".".join(catalogue.region_code(store.region))

    @property
    def configuration(self) -> str:
        """The configuration endpoint; any node answers there."""
        return f"{self._cache.name}.{self._hash}.cfg.{self._end}"

    def member(self, member: Member) -> str:
        """One node. With TLS the number comes first, so that one certificate is good for all."""
        if self._cache.settings.tls:
            return f"{member.node}.{self._cache.name}.{self._hash}.{self._end}"
        return f"{self._cache.name}.{self._hash}.{member.node}.{self._end}"

    @property
    def certificate_names(self) -> list[str]:
        """What a node's certificate must be good for."""
        return [f"*.{self._cache.name}.{self._hash}.{self._end}", self.configuration]

    def names(self) -> dict[str, dict[str, Any]]:
        """Every name and what it stands for now; the configuration endpoint is one node that is well."""
        members = self._cache.members
        if self._cache.status not in NAMED or not members:
            return {}
        found = {self.member(member): {"addresses": [member.placement.address]} for member in members}
        answering = next((member for member in members if member.in_service), members[0])
        return {**found, self.configuration: {"cname": self.member(answering)}}

    def listed(self, members: list[Member]) -> str:
        """Nodes as discovery tells them, in the order of their names."""
        port = self._cache.settings.port
        return " ".join(
            sorted(f"{self.member(member)}|{member.placement.address}|{port}" for member in members)
        )
