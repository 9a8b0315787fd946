"""A client of Memcached in a drill: fills keys before it begins, then writes one more with every tick."""

from __future__ import annotations

import time

from .drill_record import DrillPlan
from .drill_worker import Worker
from .endpoint import Endpoint
from .errors import CacheError
from .key_shares import KeyName, begun_key, filled_key, over_key, read_number, written_key
from .memcached_client import MemcachedClient
from .names import Resolver

_FILLED_KEYS = 1000  # enough for a share to a percent, few enough for a record
_PATIENT_SECONDS = 10.0  # for what comes before and after the drill
_KEPT_SECONDS = 900.0  # should the drill be cut off, its keys go by themselves
_NEVER_SECONDS = 1e9
_WRITES_PER_SIGN = 20
_SIGN_SECONDS = 0.5
_WATCH_SECONDS = 0.05  # how often the list of nodes is compared
_EVENTS = {"out": "node out", "returned": "node back"}


class MemcachedWorker(Worker):
    """Every write is a key of its own; reads go to the keys that were filled before."""

    def __init__(self, endpoint: Endpoint, plan: DrillPlan, resolver: Resolver) -> None:
        super().__init__(plan)
        self._endpoint = endpoint
        self._resolver = resolver
        # Without an age of connections: one that is dropped is to show that something happened.
        self._client = MemcachedClient(
            endpoint,
            plan.deadline_seconds,
            resolver=resolver,
            observe=self._observe,
            poll_seconds=plan.poll_seconds,
            maximum_connection_age_seconds=_NEVER_SECONDS,
        )
        self.record.library = self._client.library
        self._lifetime_seconds = plan.maximum_seconds + _KEPT_SECONDS

    def prepare(self) -> None:
        values = {filled_key(self.plan.key, number): str(number) for number in range(_FILLED_KEYS)}
        with self._patient_client() as client:
            client.set_many(values, ttl_seconds=self._lifetime_seconds)
            self._note_nodes(client)
        self.record.filled, self.record.filled_at = _FILLED_KEYS, time.time()

    def write(self, number: int) -> None:
        if number % _WRITES_PER_SIGN == 0:
            # Again and again: the node that holds the sign may be emptied too.
            self._client.set(begun_key(self.plan.key), "1", ttl_seconds=self._lifetime_seconds)
        self._client.set(written_key(self.plan.key, number), str(number), ttl_seconds=self._lifetime_seconds)

    def read(self) -> str:
        number = read_number(len(self.record.reads), _FILLED_KEYS)
        found = self._client.get(filled_key(self.plan.key, number))
        if found is not None and found != str(number).encode():
            self.count_error("WrongValue")
            return "failed"
        return "miss" if found is None else "ok"

    def watch(self) -> None:
        asked_at = 0.0
        while not self.ended.wait(_WATCH_SECONDS):
            if self._note_nodes(self._client):
                status = self._client.status
                details = f"{self.plan.worker}: version {status.version}, {len(status.nodes)} nodes"
                self.record.events.append((time.time(), "list of nodes changed", details))
                self.notice()
            if self.plan.until_told and time.monotonic() > asked_at + _SIGN_SECONDS:
                asked_at = time.monotonic()
                self._look_for_the_sign()

    def finish(self) -> None:
        with self._patient_client() as client:
            self.record.kept = self._there(client, filled_key, self.record.filled)
            self.record.present = self._there(client, written_key, len(self.record.writes))
            self._note_nodes(client)
            client.delete(begun_key(self.plan.key))

    def close(self) -> None:
        self._client.close()

    def _look_for_the_sign(self) -> None:
        try:
            if self._client.get(over_key(self.plan.run)) is not None:
                self.hear_that_it_is_over()
        except CacheError:
            return  # whoever gives it gives it again

    def _there(self, client: MemcachedClient, name: KeyName, count: int) -> list[int]:
        """Which numbers have a value, the right one; those are removed."""
        keys = {name(self.plan.key, number): number for number in range(count)}
        found = client.get_many(keys)
        for key, value in found.items():
            if value != str(keys[key]).encode():
                self.count_error("WrongValue")
            client.delete(key)
        return sorted(keys[key] for key, value in found.items() if value == str(keys[key]).encode())

    def _patient_client(self) -> MemcachedClient:
        return MemcachedClient(self._endpoint, _PATIENT_SECONDS, resolver=self._resolver)

    def _note_nodes(self, client: MemcachedClient) -> bool:
        """Note the client's nodes if they differ from those noted last; whether they did."""
        nodes = " ".join(sorted(node.name for node in client.status.nodes))
        if not nodes or (self.record.layouts and self.record.layouts[-1][1] == nodes):
            return False
        self.record.layouts.append((time.time(), nodes))
        return True

    def _observe(self, word: str, details: str) -> None:
        now, node = time.time(), details.split(" ")[0].rstrip(",")
        if word == "connected":
            self.record.sockets.append((now, details))
        elif word == "dropped" and not self.ended.is_set():
            self.notice()
        elif word in _EVENTS:
            self.record.events.append((now, _EVENTS[word], f"{self.plan.worker}: {details}"))
            self.notice()
            if word == "out" and node not in self.record.out:
                self.record.out.append(node)
