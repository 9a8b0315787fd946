"""A client of Redis in a drill: appends numbers to a list of its own, which tells what is missing or doubled."""

from __future__ import annotations

import time
from typing import Any

from .deadline import Deadline
from .drill_record import DrillPlan
from .drill_worker import Worker
from .endpoint import Endpoint
from .errors import CacheError
from .key_shares import begun_key, over_key
from .names import Names, Resolver
from .redis_client import RedisClient

_WATCH_SECONDS = 0.05  # how often the name is looked up beside the client
_SIGN_SECONDS = 0.5  # how often the sign is looked for that the drill is over
_PATIENT_SECONDS = 10.0  # for what comes before and after the drill
_KEPT_SECONDS = 900.0  # should the drill be cut off, its sign goes by itself


class RedisWorker(Worker):
    """Appends to a list on the primary, and reads the list's length from the reader."""

    def __init__(self, endpoint: Endpoint, plan: DrillPlan, resolver: Resolver) -> None:
        super().__init__(plan)
        self._client = RedisClient(endpoint, plan.deadline_seconds, resolver=resolver, observe=self._observe)
        self.record.library = self._client.library
        self._names = Names(resolver)
        self._newest = (0, 0.0)

    def prepare(self) -> None:
        kept = round((self.plan.maximum_seconds + _KEPT_SECONDS) * 1000)
        self._patiently("SET", begun_key(self.plan.key), 1, "PX", kept)

    def write(self, number: int) -> None:
        self._client.execute("RPUSH", self.plan.key, number)
        self._newest = (number, time.monotonic())

    def read(self) -> str:
        number, written = self._newest
        found = self._client.execute("LLEN", self.plan.key, repeatable=True, from_replica=True)
        if written and found <= number and not self.has_noticed:
            behind = time.monotonic() - written
            self.record.staleness_seconds = max(self.record.staleness_seconds or 0.0, behind)
        return "ok"

    def watch(self) -> None:
        endpoint, last, asked_at = self._client.endpoint, "", time.monotonic()
        while not self.ended.wait(_WATCH_SECONDS):
            if self.plan.until_told and time.monotonic() > asked_at + _SIGN_SECONDS:
                asked_at = time.monotonic()
                self._look_for_the_sign()
            try:
                found = self._names.look_up(endpoint.host, endpoint.port, Deadline(1.0))
            except CacheError:
                continue  # an unknown name shows in the calls; here only changes are of interest
            addresses = " ".join(sorted(f"{address}:{port}" for address, port in found))
            if addresses != last:
                self.record.names.append((time.time(), addresses))
                if last:
                    self.notice()
                last = addresses

    def _look_for_the_sign(self) -> None:
        try:
            if self._client.get(over_key(self.plan.run)) is not None:
                self.hear_that_it_is_over()
        except CacheError:
            return  # the primary is out; the sign is given again

    def finish(self) -> None:
        role = self._patiently("ROLE")[0].decode()
        self.record.master_at.append((time.time(), role))
        found = self._patiently("LRANGE", self.plan.key, 0, -1)
        self._patiently("DEL", self.plan.key, begun_key(self.plan.key))
        self.record.present = [int(item) for item in found]

    def close(self) -> None:
        self._client.close()

    def _observe(self, word: str, details: str) -> None:
        if word == "connected":
            self.record.sockets.append((time.time(), details))

    def _patiently(self, *command: Any) -> Any:
        """Ask the primary, not repeatable, so that no other role answers; with more patience than a writer has."""
        return self._client.execute(*command, deadline_seconds=_PATIENT_SECONDS)
