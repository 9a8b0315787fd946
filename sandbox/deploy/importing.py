"""What exists already and becomes the stack's own: by the import option of a program, or by a file of ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import Provider

from .diffing import Change
from .errors import ConfigurationProblem, DeployError
from .providers import Providers
from .resource import STACK_TYPE, Resource
from .run import Run
from .wire import from_properties


@dataclass(frozen=True)
class Entry:
    """One resource of an import file, in the form that `pulumi import --file` takes."""

    type: str
    name: str
    id: str = ""
    parent: str = ""
    component: bool = False
    logicalName: str = ""

    @property
    def resource_name(self) -> str:
        return self.logicalName or self.name


class Importing:
    """Reads resources by id and puts them into the state as they are."""

    def __init__(self, run: Run, providers: Providers) -> None:
        self._run = run
        self._providers = providers

    async def by_option(self, urn: str, request: Any, old: Resource | None) -> tuple[Resource, str]:
        """The resource that the import option names, as an earlier run would have left it, and the operation.

        What the stack has had under this URN gives way to it, when the program has ended.
        """
        run = self._run
        run.require_going_on()
        reference, provider = await self._providers.get(request.provider, request.type, request.version)
        resource = Resource(urn=urn, type=request.type, custom=True, parent=request.parent)
        resource.provider, resource.import_id = reference, request.importId
        op = "replace" if old and not old.external else "import"
        run.journal.started(op, resource)
        await self._read(resource, request.importId, provider)
        if old and old.external:
            run.state.drop(old)
        elif old:
            if request.protect:
                raise DeployError("it is protected and would have to be replaced; unprotect it first")
            old.delete = True
        run.state.earlier.append(resource)
        return resource, op

    async def from_file(self, entries: list[Entry], protect: bool) -> None:
        """Imports every entry, parents before children; those the stack has already are left alone."""
        urns: dict[str, str] = {}
        stack = self._stack()
        for entry in entries:
            parent = urns.get(entry.parent, stack.urn)
            urn = urns[entry.name] = self._run.urn(parent, entry.type, entry.resource_name)
            if self._run.state.find(urn):
                continue
            resource = Resource(urn=urn, type=entry.type, custom=not entry.component, parent=parent)
            try:
                await self._import_entry(resource, entry, protect)
            except Exception as exc:  # noqa: BLE001 - whatever a provider raises fails this resource, and no other
                self._run.journal.failed_step(resource, exc, "import")

    async def _import_entry(self, resource: Resource, entry: Entry, protect: bool) -> None:
        run = self._run
        run.require_going_on()
        run.journal.started("import", resource)
        if resource.custom:
            resource.provider, provider = await self._providers.get("", entry.type)
            resource.protect = protect
            await self._read(resource, entry.id, provider)
        await run.settle("import", resource)

    async def _read(self, resource: Resource, known_as: str, provider: Provider) -> None:
        got = await self._run.ask(lambda: provider.read(sdk.ReadRequest(resource.urn, known_as, {}, {})))
        if not got.resource_id:
            raise DeployError(f"there is none with id {known_as!r}")
        resource.id = got.resource_id
        resource.inputs, resource.outputs = from_properties(got.inputs), from_properties(got.properties)

    def _stack(self) -> Resource:
        project = self._run.project
        urn = self._run.urn("", STACK_TYPE, f"{project.name}-{project.stack}")
        found = self._run.state.find(urn)
        if found is None:
            found = Resource(urn=urn, type=STACK_TYPE, custom=False)
            self._run.state.settle(found, None)
        return found


def is_import(request: Any, old: Resource | None) -> bool:
    """Whether the import option names something that is not the stack's own yet."""
    return bool(request.importId) and (old is None or old.external or old.id != request.importId)


def must_not_replace(change: Change) -> str:
    """Why something that was imported is not replaced."""
    return (
        f"it was imported, and {', '.join(change.reasons)} would replace it: make the program say what there is, "
        "or remove the import option"
    )


def entries_of(file: Path) -> list[Entry]:
    """The entries of an import file; ConfigurationProblem with what is wrong in it."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        rows = given["resources"]
        entries = [Entry(**row) for row in rows]
    except OSError as exc:
        raise ConfigurationProblem(f"{file} cannot be read: {exc.strerror}") from exc
    except (ValueError, TypeError, KeyError) as exc:
        form = '{"resources": [{"type": ..., "name": ..., "id": ...}]}'
        raise ConfigurationProblem(f"{file} is no import file: {exc}\n  it looks like {form}") from exc
    _check(file, entries)
    return entries


def _check(file: Path, entries: list[Entry]) -> None:
    names: Mapping[str, Entry] = {}
    for entry in entries:
        if entry.parent and entry.parent not in names:
            raise ConfigurationProblem(
                f"{file}: the parent {entry.parent} of {entry.name} does not stand before it"
            )
        if entry.name in names:
            raise ConfigurationProblem(f"{file}: there are two with the name {entry.name}; use logicalName")
        if not entry.component and not entry.id:
            raise ConfigurationProblem(f"{file}: {entry.name} has no id")
        names = {**names, entry.name: entry}
