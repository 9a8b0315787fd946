"""Calls of a provider that an earlier run was cut in: what they left behind is found, finished or told."""

from __future__ import annotations

import asyncio

from pulumi.provider.experimental import provider as sdk

from .deletion import Deletion
from .errors import DeployError, Halted
from .goal import with_secret_outputs
from .providers import Providers
from .resource import Resource
from .run import Run
from .state import Operation
from .wire import from_properties, to_properties


class Recovery:
    """Runs before anything else of a run that changes or shows the stack.

    A creation that was cut is looked for by the provider (`adopt`), by the checked inputs that were written down
    before the call; what is found goes into the state and is compared with the program like any other resource.
    A deletion and an update are made again, from the same start: whatever part of them was done is done once more.
    """

    def __init__(self, run: Run, providers: Providers, deletion: Deletion) -> None:
        self._run = run
        self._providers = providers
        self._deletion = deletion

    async def finish(self, command: str) -> None:
        """Deals with every cut operation; a refresh only looks, and a destroy need not bring anything up to date."""
        cut = list(self._run.state.cut)
        await asyncio.gather(*(self._adopt(one) for one in cut if one.kind == "creating"))
        if command in ("preview", "up"):
            await asyncio.gather(*(self._update_again(one) for one in cut if one.kind == "updating"))
        if command != "refresh":
            for one in cut:
                if one.kind == "deleting":
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

    async def _update_again(self, operation: Operation) -> None:
        run, wanted = self._run, operation.resource
        old = next((one for one in run.state.earlier if one.urn == wanted.urn and one.id == wanted.id), None)
        if old is None:
            return
        try:
            _, provider = await self._providers.get(old.provider, old.type)
            request = sdk.UpdateRequest(
                wanted.urn,
                wanted.id,
                to_properties(old.outputs),
                to_properties(wanted.inputs),
                wanted.custom_timeouts.get("update", 0.0),
                wanted.ignore_changes,
                run.preview,
            )
            answer = await run.step("update", wanted, lambda: provider.update(request), "updating")
        except Halted:
            return
        except Exception as exc:  # noqa: BLE001 - the program may have been changed since, because it failed
            run.journal.message("warning", f"the update of {old.name} that was cut fails: {exc}", old.urn)
            return
        old.inputs, old.outputs = wanted.inputs, from_properties(answer.properties)
        old.outputs = with_secret_outputs(old)
        run.state.resolve(operation)
        await run.saver.save()
        run.journal.ended("update", wanted)


_LOOK = "Nothing can be said about what it left: look for it ({type}) and remove it by hand."


def _cut(resource: Resource) -> str:
    return f"An earlier run was cut while it created {resource.name}."
