"""Endpoint names as the service writes them, and the addresses they stand for."""

from __future__ import annotations

from typing import Any

from . import catalogue
from .records import AVAILABLE, GROUP, MODIFYING, Cache, Member
from .store import Store

# A name appears when a cache is there, and stays through every change.
NAMED = (AVAILABLE, MODIFYING, "snapshotting", "rebooting cluster nodes")


class Endpoints:
    """The names of one cache."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._cache = cache
        self._hash = store.endpoint_hash
        self._end = ".".join(catalogue.region_code(store.region))

    @property
    def primary(self) -> str:
        """Takes writes; follows the primary."""
        return self._primary(self._cache.settings.tls)

    @property
    def reader(self) -> str:
        """Spreads reads over the replicas."""
        return self._reader(self._cache.settings.tls)

    def member(self, member: Member) -> str:
        """One node, whatever its role."""
        return self._member(member, self._cache.settings.tls)

    @property
    def certificate_names(self) -> list[str]:
        """What a node's certificate must be good for, in every transit mode."""
        name = self._cache.name
        return [
            f"*.{name}.{self._hash}.{self._end}",
            f"{name}.{self._hash}.ng.0001.{self._end}",
            f"{name}-ro.{self._hash}.ng.0001.{self._end}",
            f"*.{self._hash}.0001.{self._end}",
        ]

    def names(self) -> dict[str, dict[str, Any]]:
        """Every name and what it stands for now; both spellings while both transit modes are served."""
        cache = self._cache
        if cache.status not in NAMED:
            return {}
        found: dict[str, dict[str, Any]] = {}
        spellings = {"off": (False,), "preferred": (False, True), "required": (True,)}[cache.settings.transit]
        for tls in spellings:
            for member in cache.members:
                found[self._member(member, tls)] = {"addresses": [member.placement.address]}
            if cache.kind == GROUP:
                found[self._primary(tls)] = {"cname": self._member(cache.primary_member, tls)}
                readers = [replica for replica in cache.replicas if replica.in_service] or [
                    cache.primary_member
                ]
                found[self._reader(tls)] = {"addresses": [reader.placement.address for reader in readers]}
        return found

    def _primary(self, tls: bool) -> str:
        name = self._cache.name
        return (
            f"master.{name}.{self._hash}.{self._end}" if tls else f"{name}.{self._hash}.ng.0001.{self._end}"
        )

    def _reader(self, tls: bool) -> str:
        name = self._cache.name
        return (
            f"replica.{name}.{self._hash}.{self._end}"
            if tls
            else f"{name}-ro.{self._hash}.ng.0001.{self._end}"
        )

    def _member(self, member: Member, tls: bool) -> str:
        if tls:
            return f"{member.cluster_id}.{self._cache.name}.{self._hash}.{self._end}"
        return f"{member.cluster_id}.{self._hash}.0001.{self._end}"
