"""The providers of a run: made and configured once each, and kept in the state as the engine keeps them."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import Provider

from . import bags, wire
from .bags import UNKNOWN, Bag
from .builtin import BuiltinProvider
from .errors import DeployError
from .resource import PROVIDER_PREFIX, Resource
from .run import Run

MakeProvider = Callable[[str], Provider]
Loaded = tuple[str, Provider]

BUILTIN_PACKAGE = "pulumi"


class NeedFailed(DeployError):
    """Something that a resource needs has failed, and was told of there."""


class Providers:
    """Configured providers by URN; `get` makes a package's default provider when first asked for it."""

    def __init__(self, run: Run, make_provider: MakeProvider) -> None:
        self._run = run
        self._make_provider = make_provider
        self._declared: dict[str, asyncio.Future[Loaded]] = {}
        self._earlier: dict[str, asyncio.Future[Loaded]] = {}

    async def get(self, reference: str, token: str, version: str = "") -> Loaded:
        """(reference, provider) for an explicit reference, or for the default provider of the token's package.

        Raises NeedFailed when the provider cannot be had; the reason is told once, as the provider's own failure.
        """
        if reference:
            urn = reference.rsplit("::", 1)[0]
            loading = self._declared.get(urn) or self._earlier.get(urn)
            if (
                loading is None
            ):  # the program has not declared it, or not yet: an old resource is being dealt with
                loading = asyncio.ensure_future(self._configured(self._recorded(reference)))
                self._earlier[urn] = loading
            return await asyncio.shield(loading)
        package = token.split(":")[0]
        version = "" if package == BUILTIN_PACKAGE else version
        name = "default" + ("_" + re.sub("[^0-9A-Za-z]", "_", version) if version else "")
        urn = self._run.urn("", PROVIDER_PREFIX + package, name)
        if urn not in self._declared:
            resource = Resource(urn=urn, type=PROVIDER_PREFIX + package, custom=True)
            resource.inputs = self._default_inputs(package)
            self.claim(resource, version)
        return await asyncio.shield(self._declared[urn])

    def claim(self, resource: Resource, version: str) -> asyncio.Future[Loaded]:
        """Starts to settle a provider, before anything can ask for it a second time."""
        self._declared[resource.urn] = asyncio.ensure_future(self._declare(resource, version))
        return self._declared[resource.urn]

    async def _declare(self, resource: Resource, version: str) -> Loaded:
        run = self._run
        old = run.state.find(resource.urn)
        run.seen.add(resource.urn)
        if version:
            resource.inputs = {**resource.inputs, "version": version, "__internal": {}}
        resource.outputs = {key: value for key, value in resource.inputs.items() if key != "__internal"}
        resource.id = old.id if old else UNKNOWN if run.preview else str(uuid.uuid4())
        loaded = await self._configured(resource)
        op = "create" if old is None else "same" if old.inputs == resource.inputs else "update"
        await run.settle(op, resource, old)
        return loaded

    def _recorded(self, reference: str) -> Resource:
        for resource in self._run.state.all():
            if f"{resource.urn}::{resource.id}" == reference:
                return resource
        raise DeployError(f"the state has resources of a provider that it does not hold: {reference}")

    async def _configured(self, resource: Resource) -> Loaded:
        package = resource.type[len(PROVIDER_PREFIX) :]
        arguments = {
            key: value for key, value in resource.inputs.items() if key not in ("version", "__internal")
        }
        self._run.journal.learn_secrets(arguments)
        try:
            provider = BuiltinProvider() if package == BUILTIN_PACKAGE else self._make_provider(package)
            await _configure(provider, resource.urn, package, arguments, self._run.seed())
        except Exception as exc:
            self._run.journal.failed_step(resource, exc)
            raise NeedFailed(f"the provider {resource.name} failed") from exc
        return f"{resource.urn}::{resource.id}", provider

    def _default_inputs(self, package: str) -> Bag:
        project = self._run.project
        prefix = package + ":"
        return {
            key[len(prefix) :]: bags.secret(value) if key in project.secret_keys else value
            for key, value in project.config.items()
            if key.startswith(prefix)
        }


async def _configure(provider: Provider, urn: str, package: str, arguments: Bag, seed: bytes) -> None:
    properties = wire.to_properties(arguments)
    checked = await provider.check_config(sdk.CheckRequest(urn, {}, properties, seed))
    if checked.failures:
        raise DeployError("; ".join(f"{failure.property}: {failure.reason}" for failure in checked.failures))
    variables = {f"{package}:config:{key}": str(value) for key, value in bags.revealed(arguments).items()}
    await provider.configure(sdk.ConfigureRequest(variables, properties, True, True))
