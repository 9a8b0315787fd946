"""What all parts of one run share: the state, the journal, and the one way to call a provider that changes things."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .errors import Halted
from .journal import Journal
from .project import Project
from .resource import STACK_TYPE, Resource
from .state import Operation, Saver, State
from .state_file import StateFile

Answer = TypeVar("Answer")


class Run:
    """One preview, up, refresh or destroy. All but `interrupt` happens on one event loop, so nothing is locked."""

    def __init__(
        self, project: Project, state: State, file: StateFile, journal: Journal, preview: bool, parallel: int
    ) -> None:
        self.project = project
        self.state = state
        self.journal = journal
        self.preview = preview
        self.saver = Saver(state, None if preview else file)
        self.seen: set[str] = set()
        self.live: dict[str, Resource] = {}
        self.replacing: set[str] = set()
        self.interrupted = False
        self.refused = False
        self._slots = asyncio.Semaphore(parallel)
        self._entropy = os.urandom(32)
        self._seeds = 0

    def urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's URN: the types of all parents but the stack, joined by `$`."""
        above = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if above == STACK_TYPE else f"{above}${type_}"
        return f"urn:pulumi:{self.project.stack}::{self.project.name}::{qualified}::{name}"

    def seed(self) -> bytes:
        """Random bytes for one check; asking the system each time costs a millisecond beside busy threads."""
        self._seeds += 1
        return hashlib.sha256(self._entropy + str(self._seeds).encode()).digest()

    def interrupt(self) -> None:
        """No new step starts from now on; those in hand are finished. May be called from any thread."""
        self.interrupted = True

    def require_going_on(self) -> None:
        """Raises Halted when no new step may start."""
        if self.saver.problem:
            raise Halted(str(self.saver.problem))
        if self.interrupted:
            self.refused = True
            raise Halted("the run was interrupted")

    async def ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """A provider's call that changes nothing, limited in number as all calls are."""
        async with self._slots:
            return await call()

    async def step(
        self,
        op: str,
        resource: Resource,
        call: Callable[[], Awaitable[Answer]],
        pending: str = "",
        changed: tuple[str, ...] = (),
        reasons: tuple[str, ...] = (),
    ) -> Answer:
        """A provider's call that changes the world: on the disk as `pending` before it is made.

        The caller settles or drops the resource without awaiting anything in between, so that no state is written
        that has neither the operation nor its outcome.
        """
        async with self._slots:
            self.require_going_on()
            try:
                if pending and not self.preview:
                    self.state.begin(Operation(pending, resource))
                    await self.saver.save()
                self.journal.started(op, resource, changed, reasons)
                return await call()
            finally:
                self.state.end(resource)

    async def settle(
        self,
        op: str,
        resource: Resource,
        old: Resource | None = None,
        keep_old: bool = False,
        changed: tuple[str, ...] = (),
        reasons: tuple[str, ...] = (),
    ) -> None:
        """Records what a step came to, saves it, and tells of it."""
        self.state.settle(resource, old, keep_old)
        self.live[resource.urn] = resource
        self.journal.learn_secrets(resource.outputs)
        if op != "same":
            await self.saver.save()
        self.journal.ended(op, resource, changed, reasons)
