"""A resource that the program registers: found in the state, checked, compared, and brought to what is asked for."""

from __future__ import annotations

from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import Provider
from pulumi.runtime.proto import resource_pb2

from . import wire
from .aliases import Aliases
from .bags import UNKNOWN, Bag
from .deletion import Deletion
from .diffing import Change, component_change, provider_change
from .errors import DeployError, Halted
from .goal import goal, refuse_unsupported, with_secret_outputs
from .importing import Importing, is_import, must_not_replace
from .providers import NeedFailed, Providers
from .resource import STACK_TYPE, Resource
from .run import Run
from .wire import from_properties, to_properties

Result = resource_pb2.Result


class Registration:
    """Answers RegisterResource and RegisterResourceOutputs."""

    def __init__(self, run: Run, providers: Providers, deletion: Deletion) -> None:
        self.stack_outputs: Bag | None = None
        self._run = run
        self._providers = providers
        self._deletion = deletion
        self._importing = Importing(run, providers)
        self._aliases = Aliases()

    async def register(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        run = self._run
        urn = run.urn(request.parent, request.type, request.name)
        subject = Resource(urn=urn, type=request.type, custom=request.custom)
        try:
            run.require_going_on()
            if urn in run.seen:
                raise DeployError("registered twice; give each resource of a type and parent its own name")
            run.seen.add(urn)
            refuse_unsupported(request)
            if run.journal.failed & _needs(request):
                raise NeedFailed("something it needs has failed")
            resource = await self._settled(urn, request)
        except (NeedFailed, Halted) as exc:
            if isinstance(exc, NeedFailed):
                run.journal.skipped(subject)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=Result.FAIL)
        except Exception as exc:  # noqa: BLE001 - whatever a provider raises fails this resource, and no other
            run.journal.failed_step(subject, exc)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=Result.FAIL)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id="" if resource.id == UNKNOWN else resource.id, object=wire.to_struct(resource.outputs)
        )

    async def register_outputs(self, request: Any) -> None:
        """Keeps a component's outputs; the stack's are kept aside, as a failed run leaves the old ones."""
        run = self._run
        resource = run.live.get(request.urn)
        outputs = wire.from_struct(request.outputs)
        run.journal.learn_secrets(outputs)
        if resource is None or (UNKNOWN in str(outputs) and not run.preview):
            return  # something it is made of has failed
        if resource.type == STACK_TYPE:
            self.stack_outputs = outputs
        elif resource.outputs != outputs:
            resource.outputs = outputs
            run.state.changed = True
            await run.saver.save()

    async def _settled(self, urn: str, request: Any) -> Resource:
        run = self._run
        old, imported = self._find_old(urn, self._aliases.learn(urn, request)), ""
        if is_import(request, old):
            old, imported = await self._importing.by_option(urn, request, old)
        resource = goal(urn, request, old)
        run.journal.learn_secrets(resource.inputs)
        if resource.is_provider:
            await self._providers.claim(resource, request.version)
            return run.live[urn]
        if not request.custom:
            await self._settle_component(resource, old)
            return resource
        resource.provider, provider = await self._providers.get(
            request.provider, request.type, request.version
        )
        if old and old.external:  # it was only read before; now the program owns one
            run.state.drop(old)
            old = None
        await self._settle_custom(resource, old, provider, request, imported)
        return resource

    def _find_old(self, urn: str, aliases: list[str]) -> Resource | None:
        state = self._run.state
        for earlier_urn in aliases:
            if state.find(urn) is None and earlier_urn not in self._run.seen and state.find(earlier_urn):
                state.rename(earlier_urn, urn)
        return state.find(urn)

    async def _settle_component(self, resource: Resource, old: Resource | None) -> None:
        resource.outputs = old.outputs if old else {}  # until RegisterResourceOutputs
        change = component_change(old, resource) if old else Change("create")
        await self._run.settle(change.op, resource, old, changed=change.changed)

    async def _settle_custom(
        self, resource: Resource, old: Resource | None, provider: Provider, request: Any, imported: str
    ) -> None:
        """Checks, compares and does what is to be done; `imported` is the operation that has just found `old`."""
        run = self._run
        cut = run.state.cut_operation("creating", resource.urn)
        # The inputs of a creation that was cut hold the names made up for it: a second try uses the same ones.
        earlier_inputs = old.inputs if old else cut.resource.inputs if cut else {}
        resource.inputs = await self._checked(resource, resource.inputs, earlier_inputs, provider)
        change = Change("create")
        if old:
            change = await provider_change(provider, old, resource, list(request.replaceOnChanges))
            if imported and change.op != "same":
                run.journal.ended(imported, resource)
            if change.op == "update":
                await self._update(resource, old, provider, change)
                return
            if change.op == "same":
                resource.id, resource.outputs = old.id, old.outputs
                resource.outputs = with_secret_outputs(resource)
                unchanged = "replace" if resource.urn in run.replacing else "same"
                await run.settle(imported or unchanged, resource, old)
                return
            if resource.import_id:
                raise DeployError(must_not_replace(change))
            # A new one gets a new name, and nothing of the old one for the sake of ignored changes, as the engine does.
            resource.inputs = await self._checked(resource, wire.from_struct(request.object), {}, provider)
        await self._create(resource, old, provider, change, request)

    async def _checked(self, resource: Resource, inputs: Bag, old_inputs: Bag, provider: Provider) -> Bag:
        answer = await provider.check(
            sdk.CheckRequest(resource.urn, to_properties(old_inputs), to_properties(inputs), self._run.seed())
        )
        if answer.failures:
            raise DeployError(
                "; ".join(f"{found.property}: {found.reason}".lstrip(": ") for found in answer.failures)
            )
        return inputs if answer.inputs is None else from_properties(answer.inputs)

    async def _update(self, resource: Resource, old: Resource, provider: Provider, change: Change) -> None:
        run = self._run
        resource.id = old.id
        request = sdk.UpdateRequest(
            resource.urn,
            old.id,
            to_properties(old.outputs),
            to_properties(resource.inputs),
            resource.custom_timeouts.get("update", 0.0),
            resource.ignore_changes,
            run.preview,
        )
        answer = await run.step(
            "update", resource, lambda: provider.update(request), "updating", change.changed
        )
        resource.outputs = from_properties(answer.properties)
        resource.outputs = with_secret_outputs(resource)
        await run.settle("update", resource, old, changed=change.changed)

    async def _create(
        self, resource: Resource, old: Resource | None, provider: Provider, change: Change, asked: Any
    ) -> None:
        run = self._run
        delete_first = asked.deleteBeforeReplace if asked.deleteBeforeReplaceDefined else change.delete_first
        if old and resource.protect:  # what is no longer protected may be replaced in the same run
            reasons = ", ".join(change.reasons)
            raise DeployError(
                f"it is protected and would have to be replaced ({reasons}); unprotect it first"
            )
        if old and delete_first:
            await self._deletion.delete_before(old)
        op = "replace" if old or resource.urn in run.replacing else "create"
        request = sdk.CreateRequest(
            resource.urn,
            to_properties(resource.inputs),
            resource.custom_timeouts.get("create", 0.0),
            run.preview,
        )
        try:
            answer = await run.step(
                op, resource, lambda: provider.create(request), "creating", change.changed, change.reasons
            )
            resource.id, resource.outputs = answer.resource_id or UNKNOWN, from_properties(answer.properties)
        except Exception as exc:
            # A provider that made something and could not finish it says which, so that it is not lost.
            if not getattr(exc, "resource_id", ""):
                raise
            resource.id = exc.resource_id  # type: ignore[attr-defined]
            resource.outputs = from_properties(getattr(exc, "properties", None))
            resource.init_errors = [run.journal.mask(str(exc))]
        resource.outputs = with_secret_outputs(resource)
        if old and not delete_first:
            old.delete = True  # it goes when the program has ended and nothing uses it any more
        await self._settle_created(op, resource, old, change)

    async def _settle_created(
        self, op: str, resource: Resource, old: Resource | None, change: Change
    ) -> None:
        run = self._run
        if not resource.init_errors:
            await run.settle(op, resource, old, keep_old=True, changed=change.changed, reasons=change.reasons)
            return
        run.state.settle(resource, old, keep_old=True)
        await run.saver.save()
        raise DeployError(resource.init_errors[0])


def _needs(request: Any) -> set[str]:
    provider = request.provider.rsplit("::", 1)[0]
    return {request.parent, provider, request.deletedWith, *request.dependencies} - {""}
