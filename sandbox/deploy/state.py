"""The state of a stack in memory: its resources, in order, and the operations under way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .errors import Halted, StateProblem
from .resource import Resource, now
from .state_file import FORMAT, StateFile


@dataclass(frozen=True)
class Operation:
    """A call of a provider that was under way when the state was written: creating, updating or deleting."""

    kind: str
    resource: Resource

    @property
    def text(self) -> str:
        return f'{{"resource": {self.resource.text}, "type": "{self.kind}"}}'


class State:
    """What this run has settled (`settled`), then what earlier runs left and it has not met yet (`earlier`)."""

    def __init__(self, earlier: Iterable[Resource] = (), cut: Iterable[Operation] = ()) -> None:
        self.settled: list[Resource] = []
        self.earlier = list(earlier)
        self.cut = list(cut)
        self._under_way: dict[int, Operation] = {}
        self.changed = False

    @classmethod
    def load(cls, file: StateFile) -> State:
        """The state in a file; StateProblem when an entry in it makes no sense."""
        saved = file.load()
        try:
            resources = [Resource.from_file(entry) for entry in saved.get("resources") or []]
            cut = [
                Operation(entry["type"], Resource.from_file(entry["resource"]))
                for entry in saved.get("pending_operations") or []
            ]
        except KeyError as exc:
            if exc.args == ("plaintext",):
                raise file.unreadable("its secrets are encrypted; export it with --show-secrets") from exc
            raise file.unreadable(f"an entry lacks {exc}") from exc
        except (TypeError, AttributeError, ValueError) as exc:
            raise file.unreadable(f"an entry in it is damaged: {exc}") from exc
        return cls(resources, cut)

    def all(self) -> list[Resource]:
        return self.settled + self.earlier

    def find(self, urn: str) -> Resource | None:
        """What an earlier run left under a URN, replaced ones apart."""
        return next((one for one in self.earlier if one.urn == urn and not one.delete), None)

    def cut_operation(self, kind: str, urn: str) -> Operation | None:
        return next((one for one in self.cut if one.kind == kind and one.resource.urn == urn), None)

    def begin(self, operation: Operation) -> None:
        """Notes a provider's call that is about to be made."""
        self._under_way[id(operation.resource)] = operation
        self.changed = True

    def end(self, resource: Resource) -> None:
        """The call has answered: what it did is settled next, or it failed."""
        if self._under_way.pop(id(resource), None):
            self.changed = True

    def resolve(self, operation: Operation) -> None:
        """An operation that an earlier run left open is dealt with."""
        self.cut = [one for one in self.cut if one is not operation]
        self.changed = True

    def settle(self, resource: Resource, old: Resource | None, keep_old: bool = False) -> None:
        """Puts a resource in its place; what it supersedes goes, or waits for its deletion."""
        resource.created = old.created if old and old.created and not keep_old else now()
        resource.modified = now()
        if old and not keep_old and old.same_entry(resource):
            resource.created, resource.modified = old.created, old.modified
        else:
            self.changed = True
        if old and not keep_old:
            self.earlier = [one for one in self.earlier if one is not old]
        self.settled.append(resource)
        for kind in ("creating", "updating"):
            if operation := self.cut_operation(kind, resource.urn):
                self.resolve(operation)

    def drop(self, resource: Resource) -> None:
        self.earlier = [one for one in self.earlier if one is not resource]
        self.changed = True

    def forget(self, resource: Resource) -> None:
        """Drops a resource that has vanished, and every reference to it."""
        self.drop(resource)
        for one in self.all():
            if resource.urn in one.refers_to():
                one.rewrite(lambda reference: "" if reference == resource.urn else reference)

    def rename(self, old_urn: str, urn: str) -> None:
        """An alias matched: the resource and every reference in what is not settled yet follow."""

        def renamed(reference: str) -> str:
            if reference == old_urn or reference.startswith(old_urn + "::"):
                return urn + reference[len(old_urn) :]
            return reference

        for one in [*self.earlier, *(operation.resource for operation in self.cut)]:
            one.urn = renamed(one.urn)
            one.rewrite(renamed)
        self.changed = True

    def text(self) -> str:
        """The whole state as a deployment file."""
        resources = ", ".join(one.text for one in self.all())
        pending = ", ".join(one.text for one in [*self.cut, *self._under_way.values()])
        manifest = json.dumps({"time": now(), "magic": "", "version": ""})
        return (
            f'{{"version": {FORMAT}, "deployment": {{"manifest": {manifest}, '
            f'"resources": [{resources}], "pending_operations": [{pending}]}}}}\n'
        )


class Saver:
    """Writes the state, once for all who ask while a write is under way."""

    def __init__(self, state: State, file: StateFile | None) -> None:
        self.problem: StateProblem | None = None
        self._state = state
        self._file = file
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None

    async def save(self) -> None:
        """Returns when a state no older than this call is on the disk; Halted when it cannot be written."""
        if self._file is None:
            return
        if self._next is None:
            self._next = asyncio.ensure_future(self._write(self._file, self._running))
        await asyncio.shield(self._next)
        if self.problem:
            raise Halted(str(self.problem))

    async def settle_all(self) -> None:
        """Writes what has changed since the last write; `problem` says if that failed."""
        with suppress(Halted):
            await self.save()

    async def _write(self, file: StateFile, before: asyncio.Future[Any] | None) -> None:
        if before:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        self._state.changed = False
        text = self._state.text()
        try:
            await asyncio.to_thread(file.write, text)
        except StateProblem as exc:
            self._state.changed = True
            self.problem = exc
