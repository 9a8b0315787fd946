"""A Pulumi engine for tests: it records what a program registers and answers as AWS would, without AWS."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2
from pulumi.runtime.settings import reset_options
from pulumi.runtime.stack import run_in_stack

from tests.answers import INVOKES, computed

UNKNOWN = rpc.UNKNOWN
STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass
class Recorded:
    """One registered resource as the engine saw it; names of properties are Pulumi's camelCase."""

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    secrets: set[str]
    """Dotted paths of inputs that arrived as secrets."""
    protect: bool = False
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    custom: bool = True
    provider: str = ""
    """Reference of the provider that makes it; empty for the default one."""
    dependencies: frozenset[str] = frozenset()
    property_dependencies: dict[str, frozenset[str]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """What register_outputs said (components and the stack only)."""
    secret_outputs: set[str] = field(default_factory=set)


@dataclass
class Deployment:
    """What one run of a program declared."""

    resources: dict[str, Recorded]
    logs: list[tuple[str, str, str]]
    """(severity, message, urn of the resource it is about), severity one of info, warning, error."""
    invokes: list[tuple[str, dict[str, Any]]]
    lookup_providers: set[str]
    """References of the providers that the lookups went through; empty text for the default one."""
    result: Any
    """What the program returned."""

    @property
    def stack(self) -> Recorded:
        """The stack itself; its outputs are the program's exports."""
        return next(item for item in self.resources.values() if item.type == STACK_TYPE)

    @property
    def warnings(self) -> list[str]:
        """The messages of all warnings, sorted, as their order of arrival is not fixed."""
        return sorted(message for severity, message, _ in self.logs if severity == "warning")

    def of_type(self, type_: str) -> dict[str, Recorded]:
        """Return the resources of this type by name."""
        return {item.name: item for item in self.resources.values() if item.type == type_}

    def one(self, type_: str, name: str | None = None) -> Recorded:
        """Return the only resource of this type (and name)."""
        found = [item for key, item in self.of_type(type_).items() if name in (None, key)]
        assert len(found) == 1, f"{len(found)} of {type_} {name or ''}: {sorted(self.of_type(type_))}"
        return found[0]

    def counts(self) -> dict[str, int]:
        """Return how many resources of each type there are, the stack left out."""
        return dict(Counter(item.type for item in self.resources.values() if item.type != STACK_TYPE))

    def ancestors(self, resource: Recorded) -> list[str]:
        """Return the names of the resource's parents, nearest first, without the stack."""
        names = []
        while (resource := self.resources[resource.parent]).type != STACK_TYPE:
            names.append(resource.name)
        return names


class Recorder(MockMonitor):
    """The resource monitor: records registrations, refuses what the real engine would refuse."""

    def __init__(self, invokes: Mapping[str, Any], preview: bool, answers: Mapping[str, Any]) -> None:
        self.recorded: dict[str, Recorded] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.call_providers: set[str] = set()
        self._invokes = invokes
        self._preview = preview
        self._answers = answers
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Join the whole chain of parent types, as the engine does; the stack's own type is left out."""
        chain = parent.split("::")[2] if parent else ""
        types = type_ if chain in ("", STACK_TYPE) else f"{chain}${type_}"
        return "::".join(("urn:pulumi:" + pulumi.get_stack(), pulumi.get_project(), types, name))

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs, secrets = unwrap(request.object)
        item = Recorded(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=inputs,
            secrets=secrets,
            protect=request.protect,
            aliases=tuple(request.aliasURNs),
            ignore_changes=tuple(request.ignoreChanges),
            delete_before_replace=request.deleteBeforeReplace,
            custom=request.custom,
            provider=request.provider,
            dependencies=frozenset(request.dependencies),
            property_dependencies={
                key: frozenset(value.urns) for key, value in request.propertyDependencies.items()
            },
        )
        with self._lock:
            if urn in self.recorded:
                raise AssertionError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.recorded[urn] = item
        id_, state = self._answer(item, request.object)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=state)

    def _answer(self, item: Recorded, wire: struct_pb2.Struct) -> tuple[str, struct_pb2.Struct]:
        state = struct_pb2.Struct()
        state.CopyFrom(wire)
        if not item.custom:
            return "", state
        # The built-in stash answers its input as output, still secret.
        if item.type == "pulumi:index:Stash":
            state.fields["output"].CopyFrom(wire.fields["input"])
            return "" if self._preview else f"{item.name}-id", state
        if self._preview:
            return "", state
        id_, values = computed(item.type, item.name, item.inputs)
        values.update(self._answers.get(item.type, {}))
        state.update({key: value for key, value in values.items() if key not in item.inputs})
        return id_, state

    def RegisterResourceOutputs(self, request: Any) -> Any:
        item = self.recorded[request.urn]
        item.outputs, item.secret_outputs = unwrap(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        arguments, _ = unwrap(request.args)
        self.calls.append((request.tok, arguments))
        self.call_providers.add(request.provider)
        if request.tok not in self._invokes:
            raise AssertionError(f"unexpected lookup {request.tok} {arguments}")
        answer = self._invokes[request.tok]
        result = struct_pb2.Struct()
        try:
            result.update(answer(arguments) if callable(answer) else answer)
        except LookupError as error:
            reason = provider_pb2.CheckFailure(reason=str(error))
            return resource_pb2.ResourceInvokeResponse(failures=[reason])
        return resource_pb2.ResourceInvokeResponse(**{"return": result})

    def GetDeploymentInfo(self, request: Any) -> Any:
        # Without ALIAS_SPECS the SDK sends aliases as ready URNs, which a test can compare.
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
                resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
            ]
        )


class LogRecorder:
    """The engine's other half: logs and the root resource."""

    _SEVERITIES = {
        engine_pb2.INFO: "info",
        engine_pb2.WARNING: "warning",
        engine_pb2.ERROR: "error",
    }

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self._root = ""

    def Log(self, request: Any) -> Any:
        if request.severity != engine_pb2.DEBUG:  # those are the SDK's own
            self.lines.append((self._SEVERITIES[request.severity], request.message, request.urn))
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any) -> Any:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


def unwrap(wire: struct_pb2.Struct) -> tuple[dict[str, Any], set[str]]:
    """Return the plain values of a wire form, and the dotted paths of those that were secret."""
    secrets: set[str] = set()
    return _plain(json_format.MessageToDict(wire), "", secrets), secrets


def _plain(value: Any, path: str, secrets: set[str]) -> Any:
    if isinstance(value, list):
        return [_plain(item, f"{path}[{index}]", secrets) for index, item in enumerate(value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, dict):
        return value
    signature = value.get(rpc._special_sig_key)
    if signature == rpc._special_secret_sig:
        secrets.add(path)
        return _plain(value["value"], path, secrets)
    if signature == rpc._special_resource_sig:
        return value.get("id") or value["urn"]
    return {key: _plain(item, f"{path}.{key}".lstrip("."), secrets) for key, item in value.items()}


def deploy(
    program: Callable[[], Any],
    *,
    config: Mapping[str, str] | None = None,
    project: str = "aws-cache",
    stack: str = "dev",
    preview: bool = False,
    invokes: Mapping[str, Any] | None = None,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
) -> Deployment:
    """Run the program as the engine would and wait for every registration.

    preview leaves computed outputs unknown. invokes adds or replaces lookups (token -> answer or function of the
    arguments, whose LookupError is the provider's refusal); a lookup nobody expected fails. answers adds computed
    outputs by type. What the program raises, or any apply in it, is raised here.
    """
    recorder = Recorder({**INVOKES, **(invokes or {})}, preview, answers or {})
    engine = LogRecorder()
    returned: list[Any] = []

    def run() -> None:
        reset_options(
            project=project,
            stack=stack,
            organization="organization",
            monitor_address=recorder,
            engine_address=engine,
            preview=preview,
        )
        pulumi.runtime.set_all_config(dict(config or {}))
        loop = asyncio.new_event_loop()
        # A program that fails leaves futures nobody asks. Told of by the collector in the middle of an ast.parse,
        # their traceback, which parses too, ends in "AST constructor recursion depth mismatch" (CPython 3.11).
        loop.set_exception_handler(lambda _loop, _context: None)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(run_in_stack(lambda: returned.append(program())))
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    # The SDK keeps its settings in context variables: a copy keeps one run from leaking into the next.
    contextvars.copy_context().run(run)
    return Deployment(recorder.recorded, engine.lines, recorder.calls, recorder.call_providers, returned[0])
