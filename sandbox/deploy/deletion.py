"""What has to go: in the order of what refers to what, otherwise at the same time."""

from __future__ import annotations

import asyncio

from pulumi.provider.experimental import provider as sdk

from .bags import UNKNOWN
from .errors import DeployError, Halted
from .providers import NeedFailed, Providers
from .resource import Resource
from .run import Run
from .state import Operation
from .wire import to_properties


class Deletion:
    """Deletes resources of the state, each after those that refer to it."""

    def __init__(self, run: Run, providers: Providers) -> None:
        self._run = run
        self._providers = providers

    async def delete_all(self, resources: list[Resource]) -> None:
        """Deletes all of them, or none when one is protected."""
        protected = [one for one in resources if one.protect and not one.delete]
        for one in protected:
            self._run.journal.failed_step(
                one, DeployError("it is protected; unprotect it before deleting it"), "delete"
            )
        if not protected:
            await self._delete(resources)

    async def delete_before(self, root: Resource) -> None:
        """Deletes what is about to be replaced, after all that cannot outlive it; they are replaced too."""
        doomed = await self._doomed_with(root)
        for one in doomed:
            if one.protect and one is not root:  # the program has said of the root that it may go
                raise DeployError(
                    f"{one.type} {one.name} is protected and would have to be replaced; unprotect it first"
                )
        self._run.replacing |= {one.urn for one in doomed}
        await self._delete(doomed, "delete-replaced")
        if any(one in self._run.state.earlier for one in doomed):
            self._run.require_going_on()
            raise DeployError("it could not be deleted before its replacement")

    async def delete_again(self, operation: Operation) -> None:
        """Finishes a deletion that an earlier run was cut in."""
        state = self._run.state
        for one in [one for one in state.earlier if self._is(one, operation.resource)]:
            await self._delete([one])
        if not any(self._is(one, operation.resource) for one in state.earlier):
            state.resolve(operation)

    @staticmethod
    def _is(one: Resource, other: Resource) -> bool:
        return one.urn == other.urn and one.id == other.id

    async def _delete(self, resources: list[Resource], op: str = "delete") -> None:
        gone = {id(one): asyncio.get_running_loop().create_future() for one in resources}
        going = {one.urn for one in resources}

        async def one_of_them(resource: Resource) -> None:
            users = [one for one in resources if one.urn != resource.urn and resource.urn in one.refers_to()]
            done = all([await gone[id(one)] for one in users])
            if done:
                done = await self._delete_one(resource, "delete-replaced" if resource.delete else op, going)
            gone[id(resource)].set_result(done)

        await asyncio.gather(*map(one_of_them, resources))

    async def _delete_one(self, resource: Resource, op: str, going: set[str]) -> bool:
        run = self._run
        goes_by_itself = resource.retain_on_delete or resource.deleted_with in going
        try:
            run.require_going_on()
            if resource.is_real and not goes_by_itself and not run.preview:
                _, provider = await self._providers.get(resource.provider, resource.type)
                request = sdk.DeleteRequest(
                    resource.urn,
                    resource.id,
                    to_properties(resource.outputs),
                    resource.custom_timeouts.get("delete", 0.0),
                )
                await run.step(op, resource, lambda: provider.delete(request), "deleting")
            run.state.drop(resource)
            await run.saver.save()
        except Halted:
            return False
        except NeedFailed:
            run.journal.skipped(resource)
            return False
        except Exception as exc:  # noqa: BLE001 - whatever a provider raises keeps this resource and those it needs
            run.journal.failed_step(resource, exc, op)
            return False
        run.journal.ended("discard" if resource.external else op, resource)
        return True

    async def _doomed_with(self, root: Resource) -> list[Resource]:
        doomed = {root.urn: root}
        for one in self._run.state.earlier:
            if not one.is_real or one.delete or one.urn in self._run.seen:
                continue
            held = {key for key, urns in one.property_dependencies.items() if doomed.keys() & set(urns)}
            if one.provider_urn not in doomed and not (held and await self._must_be_replaced(one, held)):
                continue
            doomed[one.urn] = one
        return list(doomed.values())

    async def _must_be_replaced(self, resource: Resource, held: set[str]) -> bool:
        _, provider = await self._providers.get(resource.provider, resource.type)
        inputs = {key: UNKNOWN if key in held else value for key, value in resource.inputs.items()}
        answer = await provider.diff(
            sdk.DiffRequest(
                resource.urn, resource.id, to_properties(resource.outputs), to_properties(inputs), []
            )
        )
        kinds = [diff.kind.name for diff in answer.detailed_diff.values()]
        return bool(answer.replaces) or any(kind.endswith("_REPLACE") for kind in kinds)
