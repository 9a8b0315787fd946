"""A cloud of JSON files and a provider for it, with failures, delays and cuts on demand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.deploy.wire import from_properties, to_properties

REPLACING = {"zone"}  # a change of it makes a new one first
DELETING_FIRST = {"address"}  # a change of it deletes the old one first


class PartlyMade(Exception):
    """What a provider raises for something that exists and could not be finished."""

    def __init__(self, message: str, resource_id: str, properties: Mapping[str, PropertyValue]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = dict(properties)


class FakeCloud:
    """Things by id, each a file, so that they outlive a killed process; names are unique per type."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def things(self) -> dict[str, dict[str, Any]]:
        return {path.stem: json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))}

    def by_logical_name(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for thing in self.things().values():
            found.setdefault(thing["logical_name"], []).append(thing)
        return found

    def write(self, thing_id: str, thing: Mapping[str, Any]) -> None:
        temporary = self.folder / f"{thing_id}.part"
        temporary.write_text(json.dumps(thing))
        os.replace(temporary, self.folder / f"{thing_id}.json")

    def thing(self, thing_id: str) -> dict[str, Any] | None:
        path = self.folder / f"{thing_id}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def find(self, type_: str, name: str) -> str | None:
        found = next(self.folder.glob(f"*-{_digest(type_, name)}.json"), None)
        return found.stem if found else None

    def remove(self, thing_id: str) -> None:
        (self.folder / f"{thing_id}.json").unlink(missing_ok=True)


class FakeProvider(sdk.Provider):
    """Types `fake:index:*`: any inputs, a made-up name when none is given, `arn` and a secret `token` as outputs."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        self.calls: list[tuple[str, str]] = []
        self.failures: dict[tuple[str, str], Exception] = {}
        self.gates: dict[tuple[str, str], threading.Event] = {}
        self.reached: dict[tuple[str, str], threading.Event] = {}
        self.timeouts: dict[tuple[str, str], float] = {}
        self.configured: dict[str, str] = {}
        self.most_at_once = 0
        self._at_once = 0
        self.cut_at: Callable[[], None] = lambda: None

    def hold(self, call: str, name: str) -> tuple[threading.Event, threading.Event]:
        """(reached, go): the call waits inside the provider until `go` is set."""
        reached, go = threading.Event(), threading.Event()
        self.reached[call, name], self.gates[call, name] = reached, go
        return reached, go

    def named(self, call: str) -> list[str]:
        return [name for made, name in self.calls if made == call]

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        self.configured = dict(request.variables)
        self._raise("configure", "provider")
        return await super().configure(request)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        inputs = dict(request.new_inputs)
        if "wrong" in inputs:
            return sdk.CheckResponse(failures=[sdk.CheckFailure("wrong", "is not an input")])
        if "name" not in inputs:
            made_up = f"{request.name}-{hashlib.sha256(request.random_seed).hexdigest()[:7]}"
            inputs["name"] = request.old_inputs.get("name", PropertyValue(made_up))
        return sdk.CheckResponse(inputs)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        old, new = from_properties(request.old_state), from_properties(request.new_inputs)
        changed = [key for key in {*new, *old.get("asked", {})} if old.get(key) != new.get(key)]
        changed += [
            key for key in changed if key in old.get("asked", {}) and key not in new and key not in changed
        ]
        replaces = [key for key in changed if key in REPLACING | DELETING_FIRST | {"name"}]
        return sdk.DiffResponse(
            changes=bool(changed),
            diffs=changed,
            replaces=replaces,
            delete_before_replace=bool(DELETING_FIRST & set(replaces)),
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        inputs = from_properties(request.properties)
        if request.preview:
            return sdk.CreateResponse("", request.properties)
        self.timeouts["create", request.name] = request.timeout
        await self._meet("create", request.name)
        if self.cloud.find(request.type, inputs["name"]):
            raise Exception(f"AlreadyExists: {inputs['name']}")
        thing_id = f"{request.name}-{_digest(request.type, inputs['name'])}"
        self.cut_at()
        self.cloud.write(thing_id, self._thing(request.type, request.name, inputs))
        self.cut_at()
        outputs = self._outputs(thing_id, inputs)
        self._raise("finish", request.name, thing_id, outputs)
        return sdk.CreateResponse(thing_id, to_properties(outputs))

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        inputs = from_properties(request.news)
        outputs = self._outputs(request.resource_id, inputs)
        if not request.preview:
            self.timeouts["update", request.name] = request.timeout
            await self._meet("update", request.name)
            self.cut_at()
            self.cloud.write(request.resource_id, self._thing(request.type, request.name, inputs))
            self.cut_at()
        return sdk.UpdateResponse(to_properties(outputs))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        self.timeouts["delete", request.name] = request.timeout
        await self._meet("delete", request.name)
        self.cut_at()
        self.cloud.remove(request.resource_id)
        self.cut_at()

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        await self._meet("read", request.name)
        thing = self.cloud.thing(request.resource_id)
        if thing is None:
            return sdk.ReadResponse()
        inputs = thing["inputs"]
        outputs = self._outputs(request.resource_id, inputs)
        return sdk.ReadResponse(request.resource_id, to_properties(outputs), to_properties(inputs))

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        if request.tok != "fake:index:lookup":
            return sdk.InvokeResponse(failures=[sdk.CheckFailure("", f"no function {request.tok}")])
        return sdk.InvokeResponse({"answer": request.args["question"], "account": PropertyValue("123")})

    async def adopt(
        self, type_: str, inputs: Mapping[str, PropertyValue], urn: str
    ) -> tuple[str, dict[str, PropertyValue]] | None:
        name = urn.rsplit("::", 1)[-1]
        self._raise("adopt", name)
        self.calls.append(("adopt", name))
        known = from_properties(dict(inputs))
        thing_id = self.cloud.find(type_, known["name"])
        return None if thing_id is None else (thing_id, to_properties(self._outputs(thing_id, known)))

    async def _meet(self, call: str, name: str) -> None:
        self.calls.append((call, name))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0)
            if (call, name) in self.gates:
                self.reached[call, name].set()
                await asyncio.to_thread(self.gates[call, name].wait, 20)
            self._raise(call, name)
        finally:
            self._at_once -= 1

    def _raise(
        self, call: str, name: str, thing_id: str = "", outputs: Mapping[str, Any] | None = None
    ) -> None:
        problem = self.failures.get((call, name))
        if problem and outputs is not None:
            raise PartlyMade(str(problem), thing_id, to_properties(dict(outputs)))
        if problem:
            raise problem

    @staticmethod
    def _thing(type_: str, logical_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": type_, "logical_name": logical_name, "name": inputs["name"], "inputs": inputs}

    @staticmethod
    def _outputs(thing_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {**inputs, "asked": dict(inputs), "arn": f"arn:{thing_id}", "token": f"token-of-{thing_id}"}


def _digest(type_: str, name: str) -> str:
    return hashlib.sha256(f"{type_} {name}".encode()).hexdigest()[:6]


def die_at(count: int) -> Callable[[], None]:
    """Kills this process, as `kill -9` does, at the n-th moment it is called."""
    left = count

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count_down
