"""The `aws` provider: Pulumi's provider protocol over the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from . import plan, provider_config, state, steps
from .errors import FAILURES, PartlyCreated, ProviderError, one_line
from .functions import FUNCTIONS
from .resource_type import ResourceType
from .tables import TYPES
from .values import MARK_KEY, Bag, plain, plain_bag, secret_texts, short_digest, wrap
from .work import Aws, Work

Result = TypeVar("Result")

_THREADS = 32


class AwsProvider(protocol.Provider):
    """Talks to one endpoint. Its methods run boto3 in threads of their own; they may run at the same time.

    `folder` is the Pulumi project's folder, against which relative asset paths are read.
    """

    def __init__(self, endpoint_url: str, region: str, folder: Path | str = ".") -> None:
        self.aws = Aws(endpoint_url, region, Path(folder))
        self._default_tags: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aws-provider")

    async def check_config(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        failures = [
            protocol.CheckFailure(key, f"aws:{key} is not modelled by the sandbox")
            for key in provider_config.unknown_keys(request.new_inputs)
        ]
        return protocol.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff_config(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        return protocol.DiffResponse(changes=False)

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        variables = {key.removeprefix("aws:config:"): value for key, value in request.variables.items()}
        config = variables | {key: plain(value) for key, value in request.args.items()}
        self._default_tags = provider_config.default_tags(config)
        region = config.get("region", self.aws.region)
        if region != self.aws.region:
            raise ProviderError(
                f"the sandbox runs as region {self.aws.region}, the program asks for {region}"
            )
        return protocol.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=True
        )

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Refuses what no row models, and decides names before anything is created."""
        row, inputs = row_of(request.type), dict(request.new_inputs)
        failures = list(plan.problems(row, plain_bag(inputs), self.aws.region))
        auto = row.auto_name
        if auto and _absent(inputs, auto.property):
            kept = request.old_inputs.get(auto.property)
            if kept is None and (reason := plan.too_long(auto, request.name)):
                failures.append((auto.property, f"{row.token}: {reason}"))
            name = plan.automatic_name(auto, request.name, request.random_seed)
            inputs[auto.property] = PropertyValue(name) if kept is None else kept
        if row.marked:
            mark = PropertyValue(short_digest(request.random_seed or request.urn)[:20])
            inputs[MARK_KEY] = request.old_inputs.get(MARK_KEY, mark)
        found = [protocol.CheckFailure(_printable(inputs, name), reason) for name, reason in failures]
        return protocol.CheckResponse(inputs, found)

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        return await self._run(lambda: self._diff(request), request.new_inputs)

    def _diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        row = row_of(request.type)
        new = plain_bag(_bag(state.echo_of(request.new_inputs, self.aws.assets.digest)))
        echo = plain_bag(state.echoed(request.old_state))
        found = plan.differences(row, plain_bag(request.old_state), echo, new, self._default_tags)
        detail = {
            each.name: protocol.PropertyDiff(
                protocol.PropertyDiffKind[each.kind + ("_REPLACE" if each.replaces else "")],
                input_diff=each.name != "tagsAll",
            )
            for each in found
        }
        return protocol.DiffResponse(
            changes=bool(found),
            diffs=[each.name for each in found],
            replaces=[each.name for each in found if each.replaces],
            delete_before_replace=row.delete_before_replace,
            detailed_diff=detail,
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        row, inputs = row_of(request.type), request.properties
        if request.preview:
            values = plan.planned_creation(row, plain_bag(inputs), self.aws.region, self._default_tags)
            properties = state.planned(row, inputs, values, {}, self._digest_if_there)
            return protocol.CreateResponse(resource_id="", properties=properties)
        work = self._work(row, request.timeout or row.timeouts[0], inputs)
        resource, properties = await self._run(lambda: self._create(row, work, inputs), inputs)
        return protocol.CreateResponse(resource_id=resource, properties=properties)

    def _create(self, row: ResourceType, work: Work, inputs: Bag) -> tuple[str, dict[str, PropertyValue]]:
        given = plain_bag(inputs)
        resource = steps.start(row, work, given, self._default_tags)
        try:
            return resource, self._finish(row, work, resource, inputs)
        except Exception as exc:
            self._undo(row, resource, inputs, exc)
            raise

    def _undo(self, row: ResourceType, resource: str, inputs: Bag, cause: Exception) -> None:
        """Removes what was half made; where that fails too, the error says so and carries what is left."""
        given = plain_bag(inputs)
        try:
            steps.remove(row, self._work(row, row.timeouts[2], inputs), resource, given)
        except FAILURES as exc:
            left = state.settled(row, inputs, {}, self.aws.assets.digest)
            message = one_line(cause, secret_texts(inputs))
            raise PartlyCreated(
                f"{message}; {resource} is left half made: {one_line(exc, secret_texts(inputs))}",
                resource,
                left,
            ) from cause

    def _finish(self, row: ResourceType, work: Work, resource: str, inputs: Bag) -> dict[str, PropertyValue]:
        given = plain_bag(inputs)
        steps.finish(row, work, resource, given)
        return self._settled(row, work, resource, inputs)

    def _settled(self, row: ResourceType, work: Work, resource: str, inputs: Bag) -> dict[str, PropertyValue]:
        live = steps.look(row, work, resource, plain_bag(inputs), self._default_tags)
        if live is None:
            raise ProviderError(f"{row.token} {resource} vanished while it was being made")
        return state.settled(row, inputs, live, self.aws.assets.digest)

    async def adopt(self, type_: str, inputs: Bag, urn: str) -> tuple[str, dict[str, PropertyValue]] | None:
        """What a creation that was cut off left behind: its id and state, finished; None when nothing was made.

        `inputs` are those that `check` returned for the cut creation.
        """
        row = row_of(type_)

        def adopt() -> tuple[str, dict[str, PropertyValue]] | None:
            work = self._work(row, row.timeouts[0], inputs)
            given = plain_bag(inputs)
            resource = steps.find(row, work, given)
            if not resource:
                return None
            work.tags = plan.all_tags(given, self._default_tags)
            return resource, self._finish(row, work, resource, inputs)

        return await self._run(adopt, inputs)

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """What is there now; an answer without an id says that the resource is gone."""
        row = row_of(request.type)
        known = {**request.inputs, **request.properties}
        work = self._work(row, row.timeouts[0], known)
        live = await self._run(
            lambda: steps.look(row, work, request.resource_id, plain_bag(known), self._default_tags), known
        )
        if live is None:
            return protocol.ReadResponse()
        refresh = state.Refresh(row, request.properties, request.inputs)
        refresh.apply(live)
        return protocol.ReadResponse(request.resource_id, refresh.state, refresh.inputs)

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        row, news = row_of(request.type), request.news
        secret = {**request.olds, **news}
        names = await self._run(lambda: self._changed(row, request), secret)
        if request.preview:
            values = plan.planned_update(row, names, plain_bag(news), self._default_tags)
            return protocol.UpdateResponse(
                state.planned(row, news, values, request.olds, self._digest_if_there)
            )
        work = self._work(row, request.timeout or row.timeouts[1], news)

        def update() -> dict[str, PropertyValue]:
            old, new = plain_bag(request.olds), plain_bag(news)
            steps.change(row, work, request.resource_id, new, old, names, self._default_tags)
            return self._settled(row, work, request.resource_id, news)

        return protocol.UpdateResponse(await self._run(update, secret))

    def _changed(self, row: ResourceType, request: protocol.UpdateRequest) -> set[str]:
        echo = plain_bag(state.echoed(request.olds))
        new = plain_bag(_bag(state.echo_of(request.news, self._digest_if_there)))
        found = plan.differences(row, plain_bag(request.olds), echo, new, self._default_tags)
        return {each.name for each in found}

    async def delete(self, request: protocol.DeleteRequest) -> None:
        row = row_of(request.type)
        work = self._work(row, request.timeout or row.timeouts[2], request.properties)
        properties = plain_bag(request.properties)
        await self._run(lambda: steps.remove(row, work, request.resource_id, properties), request.properties)

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        function = FUNCTIONS.get(request.tok)
        if function is None:
            reason = f"{request.tok}: this function is not modelled by the sandbox"
            return protocol.InvokeResponse(failures=[protocol.CheckFailure("", reason)])
        try:
            result = await self._run(lambda: function(self.aws, plain_bag(request.args)), request.args)
        except ProviderError as exc:
            return protocol.InvokeResponse(failures=[protocol.CheckFailure("", f"{request.tok}: {exc}")])
        return protocol.InvokeResponse({key: wrap(value) for key, value in result.items()})

    def _work(self, row: ResourceType, seconds: float, inputs: Bag) -> Work:
        mark = inputs.get(MARK_KEY)
        return Work(self.aws, row.service, seconds, str(mark.value) if mark is not None else "")

    def _digest_if_there(self, asset: Any) -> str:
        """In a preview a file may not have been built yet."""
        try:
            return self.aws.assets.digest(asset)
        except OSError:
            return "not built yet"

    async def _run(self, action: Callable[[], Result], secret: Bag) -> Result:
        """Runs blocking work in a thread; whatever goes wrong becomes one line without secrets."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, action)
        except ProviderError as exc:
            exc.args = (one_line(exc, secret_texts(secret)),)
            raise
        except Exception as exc:
            raise ProviderError(one_line(exc, secret_texts(secret))) from exc

    def close(self) -> None:
        """Lets the threads go."""
        self._threads.shutdown(wait=False)


def row_of(type_: str) -> ResourceType:
    """The row of a resource type; the SDK's requests give it with the types of its parents, `A$B`."""
    type_ = type_.rpartition("$")[2]
    if type_ not in TYPES:
        raise ProviderError(f"{type_}: this resource type is not modelled by the sandbox")
    return TYPES[type_]


def modelled() -> Mapping[str, Iterable[str]]:
    """Every modelled type token with the inputs it takes."""
    return {token: frozenset(row.all_fields()) for token, row in TYPES.items()}


def _printable(inputs: Bag, name: str) -> str:
    """The property of a failure: engines print its value, so a secret one is named in the reason only."""
    return "" if name in inputs and inputs[name].contains_secret() else name


def _absent(inputs: Bag, name: str) -> bool:
    return name not in inputs or inputs[name].value is None


def _bag(value: PropertyValue) -> dict[str, PropertyValue]:
    return dict(value.value) if isinstance(value.value, Mapping) else {}
