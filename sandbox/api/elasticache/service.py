"""The service: all records, the engines behind them, and the work that goes on after an answer."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...hosts.errors import HostsGone
from . import catalogue
from .endpoints import Endpoints
from .memcached_endpoints import MemcachedEndpoints
from .memcached_specification import memcached_specification
from .placement import Placer
from .records import AVAILABLE, CREATE_FAILED, CREATING, Cache, Placement
from .store import Store

if TYPE_CHECKING:
    from ..context import Context

NOT_OF_THE_ENGINE = (
    "cluster-enabled",
    "maxmemory",
    "reserved-memory",
    "reserved-memory-percent",
    "maxclients",
)


class Service:
    """One per sandbox. `lock` guards the records; `cache.busy` is held by whoever changes a cache's nodes."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.lock = threading.RLock()
        self.placer = Placer(self)
        self._stores: dict[str, Store] = {}
        self._numbers = itertools.count(1)
        self._jobs: set[threading.Thread] = set()

    def store(self, region: str) -> Store:
        """The records of a region."""
        found = self._stores.get(region)
        if found is None:
            with self.lock:
                found = self._stores.setdefault(region, Store(self.context.account_id, region))
        return found

    @property
    def caches(self) -> list[Cache]:
        """All caches of all regions. Takes no lock: the world is built from this while others hold theirs."""
        return [cache for store in list(self._stores.values()) for cache in store.caches]

    def endpoints(self, cache: Cache) -> Endpoints | MemcachedEndpoints:
        """A cache's names."""
        kind = MemcachedEndpoints if cache.is_memcached else Endpoints
        return kind(self.store(cache.region), cache)

    def set_cut(self, host_id: str, cut: bool) -> None:
        """Cut a host off the network, or not; it holds from the next sync. The set is replaced, as others read it."""
        with self.lock:
            others = self.context.cut - {host_id}
            self.context.cut = others | {host_id} if cut else others

    def new_engine_id(self, name: str) -> str:
        """An id for the engines that no earlier cache had, even one of the same name."""
        return f"{name}.{next(self._numbers)}"

    def check_engine(self, engine: str) -> None:
        """Fail at once when no program for an engine is installed, rather than after the answer."""
        self.context.engines.check(engine)

    def start_job(self, cache: Cache, work: Callable[[], None]) -> None:
        """Do `work` for a cache after the answer; then the cache is available, or what went wrong is an event."""
        thread = threading.Thread(
            target=self._run, args=(cache, work), name=f"cache-{cache.name}", daemon=True
        )
        self._jobs.add(thread)
        thread.start()

    def finish(self, seconds: float = 60.0) -> None:
        """Wait for the jobs under way."""
        for thread in list(self._jobs):
            thread.join(seconds)

    def converge(self, cache: Cache, await_replicas: bool = True) -> None:
        """Bring a cache's processes to what its record says."""
        self.context.engines.apply(cache.engine_id, self.specification(cache, await_replicas))

    def specification(self, cache: Cache, await_replicas: bool = True) -> dict[str, Any]:
        """A cache's record, in the engines' words."""
        if cache.is_memcached:
            return memcached_specification(cache, self.store(cache.region))
        settings = cache.settings
        values = self.parameter_values(cache)
        nodes = {placement.node_id: _place(placement) for placement in cache.extra}
        for member in cache.members:
            faults = {"fenced": member.fenced, "detached": member.detached}
            nodes[member.placement.node_id] = {**_place(member.placement), **faults}
        return {
            "engine": settings.engine,
            "version": settings.version,
            "port": settings.port,
            "transit_encryption": settings.transit,
            "auth_tokens": list(settings.tokens),
            "parameters": {name: value for name, value in values.items() if name not in NOT_OF_THE_ENGINE},
            "maxmemory_bytes": _memory(settings.node_type, values),
            "primary": cache.leading,
            "nodes": nodes,
            "certificate_names": self.endpoints(cache).certificate_names,
            "restore": cache.restore,
            "await_replicas": await_replicas,
        }

    def parameter_values(self, cache: Cache) -> dict[str, str]:
        """The values in force: the family's defaults under the group's own."""
        group = self.store(cache.region).parameter_group(cache.settings.parameter_group)
        defaults = catalogue.parameters_of(group.family)
        values = {name: row["default"] for name, row in defaults.items() if row["default"] is not None}
        return {**values, **group.values}

    def _run(self, cache: Cache, work: Callable[[], None]) -> None:
        store = self.store(cache.region)
        try:
            with cache.busy:
                try:
                    work()
                except HostsGone:
                    return  # the sandbox is stopping; nobody asks any more
                except Exception as error:
                    self.context.log.exception("cache %s", cache.name)
                    self._settle(cache, CREATE_FAILED if cache.status == CREATING else AVAILABLE)
                    store.event(cache.kind, cache.name, f"Failed (sandbox): {error}")
                else:
                    self._settle(cache, AVAILABLE)
        finally:
            self._jobs.discard(threading.current_thread())

    def _settle(self, cache: Cache, status: str) -> None:
        """Give a cache its status at the end of a job. One that was deleted has none, and the hosts follow last."""
        if cache in self.caches:
            cache.status = status
            for member in cache.members:
                member.status = status if member.in_service or status != AVAILABLE else "modifying"
        self.context.sync()


def _place(placement: Placement) -> dict[str, Any]:
    return {"host_id": placement.host_id, "address": placement.address}


def _memory(node_type: str, values: dict[str, str]) -> int:
    """What is left for data: the type's memory without the reserved part (R64)."""
    whole = int(catalogue.find_node_type(node_type)["memory"])
    if values.get("reserved-memory") not in (None, "", "0"):
        return whole - int(values["reserved-memory"])
    return whole * (100 - int(values.get("reserved-memory-percent") or 0)) // 100
