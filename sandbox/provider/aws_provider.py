"""The `aws` provider: Pulumi's provider protocol over the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from . import plan, provider_config, state
from .errors import ProviderError, one_line
from .functions import FUNCTIONS
from .operations import Operations, State
from .resource_type import ResourceType
from .tables import TYPES
from .values import MARK_KEY, Bag, plain, plain_bag, secret_texts, short_digest, wrap
from .work import Aws

Result = TypeVar("Result")
Missing = Callable[[str], str | None]

_THREADS = 32


class AwsProvider(protocol.Provider):
    """Talks to one endpoint. Its methods run boto3 in threads of their own; they may run at the same time.

    `folder` is the Pulumi project's folder, against which relative asset paths are read; `credentials` see `Aws`.
    `missing` says why an engine has no server program there, if it has none.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        folder: Path | str = ".",
        credentials: tuple[str, str] | None = None,
        missing: Missing = lambda engine: None,
    ) -> None:
        self.aws = Aws(endpoint_url, region, Path(folder), credentials)
        self._default_tags: dict[str, str] = {}
        self._operations = Operations(self.aws, {})
        self._missing = missing
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
        self._operations = Operations(self.aws, self._default_tags)
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
        given = plain_bag(inputs)
        failures = list(plan.problems(row, given, self.aws.region))
        if row.engine:
            engine = str(given.get("engine") or row.engine)
            if reason := await self._run(lambda: self._missing(engine), inputs):
                failures.append(("engine", f"{row.token}: {reason}"))
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
        """Which inputs differ, and which of them replace the resource."""
        row, operations = row_of(request.type), self._operations
        found = await self._run(
            lambda: operations.differences(row, request.old_state, request.new_inputs, self._digest_if_there),
            request.new_inputs,
        )
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
        """Makes the resource; a preview answers with what is known of it."""
        row, inputs, operations = row_of(request.type), request.properties, self._operations
        if request.preview:
            values = plan.planned_creation(row, plain_bag(inputs), self.aws.region, self._default_tags)
            return protocol.CreateResponse("", state.planned(row, inputs, values, {}, self._digest_if_there))
        made = await self._run(lambda: operations.create(row, request.timeout, inputs), inputs)
        return protocol.CreateResponse(*made)

    async def adopt(self, type_: str, inputs: Bag, urn: str) -> tuple[str, State] | None:
        """What a creation that was cut off left behind: its id and state, finished; None when nothing was made.

        `inputs` are those that `check` returned for the cut creation.
        """
        row, operations = row_of(type_), self._operations
        return await self._run(lambda: operations.adopt(row, inputs), inputs)

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """What is there now; an answer without an id says that the resource is gone."""
        row, operations = row_of(request.type), self._operations
        known = {**request.inputs, **request.properties}
        live = await self._run(lambda: operations.look(row, request.resource_id, known), known)
        if live is None:
            return protocol.ReadResponse()
        refresh = state.Refresh(row, request.properties, request.inputs)
        refresh.apply(live)
        return protocol.ReadResponse(request.resource_id, refresh.state, refresh.inputs)

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        """Sends what changed; a preview answers with what may change."""
        row, olds, news, operations = row_of(request.type), request.olds, request.news, self._operations
        if request.preview:
            names = {each.name for each in operations.differences(row, olds, news, self._digest_if_there)}
            values = plan.planned_update(row, names, plain_bag(news), self._default_tags)
            return protocol.UpdateResponse(state.planned(row, news, values, olds, self._digest_if_there))
        updated = await self._run(lambda: operations.update(row, request), {**olds, **news})
        return protocol.UpdateResponse(updated)

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Removes the resource and waits until it is gone."""
        row, operations = row_of(request.type), self._operations
        await self._run(lambda: operations.delete(row, request), request.properties)

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
