"""Calls of a provider that an earlier run was cut in: what they left behind is found, finished or told."""

from __future__ import annotations

import asyncio

from .bags import Bag, from_properties, to_properties
from .deletion import Deletion
from .errors import DeployError, Halted
from .providers import Providers
from .resource import Resource
from .run import Run
from .state import Operation, State


class Recovery:
    """Runs before anything else of a run that changes or shows the stack.

    A creation that was cut is looked for by the provider (`adopt`), by the checked inputs that were written down
    before the call; what is found goes into the state and is compared with the program like any other resource.
    A deletion is made again. An update stays noted until the resource is registered (see `outputs_after_cut`).
    """

    def __init__(self, run: Run, providers: Providers, deletion: Deletion) -> None:
        self._run = run
        self._providers = providers
        self._deletion = deletion

    async def finish_cut_operations(self, deletions: bool = True) -> None:
        """Looks for what was being created and, unless told otherwise, goes on with what was being deleted."""
        state = self._run.state
        await asyncio.gather(*(self._adopt(one) for one in state.cut if one.kind == "creating"))
        for one in [one for one in state.cut if one.kind == "deleting" and deletions]:
            await self._deletion.delete_again(one)

    async def _adopt(self, operation: Operation) -> None:
        run, lost = self._run, operation.resource
        try:
            _, provider = await self._providers.get(lost.provider, lost.type)
            adopt = getattr(provider, "adopt", None)
            if adopt is None:
                run.journal.message("warning", f"{_cut(lost)} {_LOOK.format(type=lost.type)}", lost.urn)
                found = None
            else:
                found = await run.ask(lambda: adopt(lost.type, to_properties(lost.inputs), lost.urn))
        except Halted:
            return
        except Exception as exc:  # noqa: BLE001 - the operation stays noted, the next run asks again
            run.journal.failed_step(
                lost, DeployError(f"{_cut(lost)} It cannot be looked for: {exc}"), "adopt"
            )
            return
        known = {one.id for one in run.state.all() if one.type == lost.type}
        if found is None or found[0] in known:
            return  # nothing is there: it is created anew, under the names that the noted inputs hold
        lost.id, lost.outputs = found[0], from_properties(found[1])
        await self._take_in(operation)

    async def _take_in(self, operation: Operation) -> None:
        run, lost = self._run, operation.resource
        old = run.state.find(lost.urn)
        if old:
            old.delete = True  # the creation was its replacement
        lost.init_errors = []
        run.state.earlier.append(lost)
        run.state.resolve(operation)
        await run.saver.save()
        run.journal.message("info", f"adopted {lost.type} {lost.name} ({lost.id}). {_cut(lost)}", lost.urn)
        run.journal.ended("adopt", lost)


def outputs_after_cut(state: State, old: Resource, inputs: Bag) -> Bag:
    """The outputs to compare with: where an update was cut, a property may have either of two values.

    If the old value is wanted again, the cut one is taken for what is there, so that the provider sets it back.
    """
    cut = state.cut_operation("updating", old.urn)
    if cut is None:
        return old.outputs
    tried = cut.resource.inputs
    doubtful = {
        key: value
        for key, value in tried.items()
        if value != old.inputs.get(key) and inputs.get(key) == old.inputs.get(key)
    }
    return {**old.outputs, **doubtful}


_LOOK = "Nothing can be said about what it left: look for it ({type}) and remove it by hand."


def _cut(resource: Resource) -> str:
    return f"An earlier run was cut while it created {resource.name}."
