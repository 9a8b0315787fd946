"""All caches of one sandbox, beside their processes: what the daemon answers `engines.*` calls with."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .cache import Cache
from .engine_cache import EngineCache
from .errors import EngineError
from .launcher import Launcher
from .memcached_cache import MemcachedCache
from .server import find_server

STATE_SECONDS = 0.25
# As many as one cache has nodes at most, twice: a frozen node holds its thread for STATE_SECONDS.
STATE_THREADS = 12


class Keeper:
    """Keeps caches by id. Calls for one cache wait for each other; `state` never waits for `apply`."""

    def __init__(self, directory: str, launcher: Launcher) -> None:
        self._directory = directory
        self._launcher = launcher
        self._caches: dict[str, EngineCache[Any, Any]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(STATE_THREADS, thread_name_prefix="cache-state")
        os.makedirs(f"{directory}/snapshots", mode=0o700, exist_ok=True)

    def check(self, engine: str) -> dict[str, object]:
        """The server program an engine would run; raises EngineUnavailable when there is none."""
        server = find_server(engine)
        return {"server": server.description, "stands_in": server.stands_in}

    def apply(self, cache_id: str, raw: dict[str, Any]) -> None:
        """Bring a cache to its specification; on failure a cache that was not there before leaves nothing."""
        restore = self._snapshot(raw["restore"]) if raw.get("restore") else None
        kind = MemcachedCache if raw["engine"] == "memcached" else Cache
        with self._lock(cache_id):
            cache = self._caches.get(cache_id)
            new = cache is None
            if cache is None:
                directory = os.path.join(self._directory, cache_id)
                cache = self._caches[cache_id] = kind(cache_id, directory, self._launcher)
            try:
                cache.apply({**raw, "restore": restore})
            except BaseException:
                if new:
                    self._caches.pop(cache_id).remove()
                raise

    def remove(self, cache_id: str) -> None:
        """End a cache; one that is not there is fine."""
        with self._lock(cache_id):
            cache = self._caches.pop(cache_id, None)
            if cache is not None:
                cache.remove()
        with self._guard:
            self._locks.pop(cache_id, None)

    def state(self, cache_id: str) -> dict[str, dict[str, object]]:
        """{node_id: {"running", "responding", "role", "offset", "link"}}; the last three only if it responds."""
        return self.states([cache_id])[cache_id]

    def states(self, cache_ids: list[str] | None = None) -> dict[str, dict[str, dict[str, object]]]:
        """`state` of several caches (all of them when none is named), asked at the same time."""
        wanted = list(self._caches) if cache_ids is None else cache_ids
        asked = [
            (c, n, node)
            for c in wanted
            if c in self._caches
            for n, node in dict(self._caches[c].nodes).items()
        ]
        answers = self._pool.map(lambda one: one[2].state(STATE_SECONDS), asked)
        found: dict[str, dict[str, dict[str, object]]] = {cache_id: {} for cache_id in wanted}
        for (cache_id, node_id, _), answer in zip(asked, answers, strict=True):
            found[cache_id][node_id] = answer
        return found

    def describe(self, cache_id: str) -> dict[str, object]:
        """What really runs behind a cache, for `status`."""
        cache = self._caches.get(cache_id)
        return cache.describe() if cache else {}

    def signal(self, node_id: str, name: str) -> None:
        """Send a signal to a node's processes: KILL, STOP, CONT or TERM."""
        self._holder(node_id).nodes[node_id].signal(name)

    def disturb(self, node_id: str, disturbance: dict[str, Any]) -> None:
        """Slow or lose a node's replies, as `front.settings.Disturbance` says it; {} ends that."""
        cache = self._holder(node_id)
        with self._lock(cache.cache_id):
            cache.disturb(node_id, disturbance)

    def save(self, cache_id: str, node_id: str, snapshot_id: str) -> int:
        """Keep a node's data under a name, for `restore`; returns the bytes it takes."""
        with self._lock(cache_id):
            return self._caches[cache_id].save(node_id, self._snapshot(snapshot_id))

    def forget(self, snapshot_id: str) -> None:
        """Delete kept data."""
        path = self._snapshot(snapshot_id)
        if os.path.exists(path):
            os.remove(path)

    def end_host(self, host_id: str) -> None:
        """Nothing of a removed host goes on."""
        for cache in list(self._caches.values()):
            for node in list(cache.nodes.values()):
                if node.host_id == host_id:
                    node.stop()

    def close(self) -> None:
        """End everything."""
        for cache_id in list(self._caches):
            self.remove(cache_id)
        self._pool.shutdown(wait=True)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _holder(self, node_id: str) -> EngineCache[Any, Any]:
        for cache in list(self._caches.values()):
            if node_id in cache.nodes:
                return cache
        raise EngineError(f"there is no node {node_id}")

    def _snapshot(self, snapshot_id: str) -> str:
        if not snapshot_id.replace("-", "").isalnum():
            raise EngineError(f"{snapshot_id!r} is no snapshot id")
        return f"{self._directory}/snapshots/{snapshot_id}.rdb"

    def _lock(self, cache_id: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(cache_id, threading.Lock())
