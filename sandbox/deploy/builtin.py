"""What the engine itself provides under the package `pulumi`: the Stash, a value kept in the state."""

from __future__ import annotations

import uuid

from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    InvokeResponse,
    Provider,
    UpdateRequest,
    UpdateResponse,
)

STASH = "pulumi:index:Stash"


class BuiltinProvider(Provider):
    """A Stash's `output` is the first `input` it was given; only a replacement takes a new one."""

    async def check(self, request: CheckRequest) -> CheckResponse:
        if request.type.split("$")[-1] != STASH:
            return CheckResponse(
                failures=[CheckFailure("", f"the embedded deployer does not support {request.type}")]
            )
        if "input" not in request.new_inputs:
            return CheckResponse(failures=[CheckFailure("input", "missing")])
        return CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        changed = request.old_state.get("input") != request.new_inputs.get("input")
        return DiffResponse(changes=changed, diffs=["input"] if changed else [])

    async def create(self, request: CreateRequest) -> CreateResponse:
        given = request.properties["input"]
        return CreateResponse("" if request.preview else str(uuid.uuid4()), {"input": given, "output": given})

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        return UpdateResponse({"input": request.news["input"], "output": request.olds["output"]})

    async def delete(self, request: DeleteRequest) -> None:
        """Nothing stands behind a stash but its entry in the state."""

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        return InvokeResponse(
            failures=[CheckFailure("", f"the embedded deployer does not support {request.tok}")]
        )
