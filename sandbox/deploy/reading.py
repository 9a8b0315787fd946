"""What is only looked at: resources read by id, functions invoked, and the whole stack refreshed."""

from __future__ import annotations

import asyncio
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.runtime.proto import provider_pb2, resource_pb2

from . import wire
from .bags import UNKNOWN, Bag
from .diffing import changed_keys
from .errors import DeployError, Halted, Unsupported
from .goal import with_secret_outputs
from .journal import one_text
from .providers import NeedFailed, Providers
from .resource import Resource
from .run import Run
from .wire import from_properties, to_properties

_GET_RESOURCE = "pulumi:pulumi:getResource"
_STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Reading:
    """Answers ReadResource and Invoke, and reads every resource of a refresh."""

    def __init__(self, run: Run, providers: Providers) -> None:
        self._run = run
        self._providers = providers

    async def read(self, request: Any) -> resource_pb2.ReadResourceResponse:
        run = self._run
        urn = run.urn(request.parent, request.type, request.name)
        resource = Resource(urn=urn, type=request.type, custom=True, external=True, parent=request.parent)
        try:
            run.require_going_on()
            if request.type == _STACK_REFERENCE:
                raise Unsupported("stack references")
            if urn in run.seen:
                raise DeployError("registered twice; give each resource of a type and parent its own name")
            run.seen.add(urn)
            if request.id == UNKNOWN:
                return resource_pb2.ReadResourceResponse(urn=urn, unknown=True)
            await self._read_one(resource, request)
        except Halted:
            return resource_pb2.ReadResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        except NeedFailed:
            run.journal.skipped(resource)
            return resource_pb2.ReadResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        except Exception as exc:  # noqa: BLE001 - whatever a provider raises fails this resource, and no other
            run.journal.failed_step(resource, exc, "read")
            return resource_pb2.ReadResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        return resource_pb2.ReadResourceResponse(
            urn=urn, id=resource.id, properties=wire.to_struct(resource.outputs)
        )

    async def invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:
        arguments = wire.from_struct(request.args)
        self._run.journal.learn_secrets(arguments)
        try:
            if request.tok == _GET_RESOURCE:
                return _answer(self._registered(arguments["urn"]))
            _, provider = await self._providers.get(request.provider, request.tok, request.version)
            got = await self._run.ask(
                lambda: provider.invoke(sdk.InvokeRequest(request.tok, to_properties(arguments)))
            )
        except Exception as exc:  # noqa: BLE001 - the SDK raises it in the program, at the call
            reason = self._run.journal.mask(one_text(exc))
            return resource_pb2.ResourceInvokeResponse(failures=[provider_pb2.CheckFailure(reason=reason)])
        failures = [
            provider_pb2.CheckFailure(property=one.property, reason=one.reason) for one in got.failures
        ]
        return _answer(from_properties(got.return_value), failures)

    async def refresh_all(self) -> None:
        """Brings the state to what is really there, and lets the state's order as it is."""
        await asyncio.gather(*(self._refresh(one) for one in list(self._run.state.earlier)))

    async def _read_one(self, resource: Resource, request: Any) -> None:
        run = self._run
        resource.provider, provider = await self._providers.get(
            request.provider, request.type, request.version
        )
        resource.dependencies = sorted(set(request.dependencies))
        resource.additional_secret_outputs = list(request.additionalSecretOutputs)
        given = wire.from_struct(request.properties)
        run.journal.started("read", resource)
        got = await run.ask(
            lambda: provider.read(sdk.ReadRequest(resource.urn, request.id, to_properties(given), {}))
        )
        if not got.resource_id:
            raise DeployError(f"there is none with id {request.id!r}")
        resource.id, resource.inputs = got.resource_id, given
        resource.outputs = from_properties(got.properties)
        resource.outputs = with_secret_outputs(resource)
        old = run.state.find(resource.urn)
        replaced = old is not None and not old.external and old.id != resource.id
        if old and replaced:
            old.delete = True  # what the program owned gives way to what it only reads
        await run.settle("read", resource, old, keep_old=replaced)

    async def _refresh(self, resource: Resource) -> None:
        run = self._run
        if not resource.is_real:
            run.journal.ended("same", resource)
            return
        try:
            run.require_going_on()
            _, provider = await self._providers.get(resource.provider, resource.type)
            run.journal.started("refresh", resource)
            request = sdk.ReadRequest(
                resource.urn, resource.id, to_properties(resource.outputs), to_properties(resource.inputs)
            )
            got = await run.ask(lambda: provider.read(request))
        except Halted:
            return
        except NeedFailed:
            run.journal.skipped(resource)
            return
        except Exception as exc:  # noqa: BLE001 - whatever a provider raises leaves this resource as it was
            run.journal.failed_step(resource, exc, "refresh")
            return
        if not got.resource_id:
            run.state.forget(resource)
            run.journal.ended("delete", resource)
            return
        run.journal.ended(*self._refreshed(resource, got))

    def _refreshed(self, resource: Resource, got: sdk.ReadResponse) -> tuple[str, Resource, tuple[str, ...]]:
        before, inputs = resource.outputs, resource.inputs
        resource.outputs = from_properties(got.properties)
        resource.outputs = with_secret_outputs(resource)
        resource.inputs = from_properties(got.inputs) or inputs
        changed = changed_keys(before, resource.outputs)
        if (before, inputs) != (resource.outputs, resource.inputs) or resource.init_errors:
            resource.init_errors = []
            self._run.state.changed = True
        return "update" if changed else "same", resource, changed

    def _registered(self, urn: str) -> Bag:
        # A component's old outputs may refer to a child that this run registers only after it.
        resource = self._run.live.get(urn) or self._run.state.find(urn)
        if resource is None:
            raise DeployError(f"no resource {urn} is registered")
        known_id = "" if resource.id == UNKNOWN else resource.id
        return {"urn": urn, "id": known_id, "state": resource.outputs}


def _answer(bag: Bag, failures: list[Any] | None = None) -> resource_pb2.ResourceInvokeResponse:
    fields: dict[str, Any] = {"return": wire.to_struct(bag), "failures": failures or []}
    return resource_pb2.ResourceInvokeResponse(**fields)
