"""The provider over gRPC, for a real Pulumi engine (`PULUMI_DEBUG_PROVIDERS=aws:PORT`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from .assets import ASSET_KEY
from .aws_provider import AwsProvider, Missing
from .errors import PartlyCreated, one_line

# The version that the program's SDK asks for is not checked; this one is shown by the engine.
_VERSION = "7.51.1"
_SIGNATURES = {rpc._special_asset_sig, rpc._special_archive_sig}
_CALLS = (
    "CheckConfig",
    "Configure",
    "Check",
    "Diff",
    "Create",
    "Read",
    "Update",
    "Delete",
    "Invoke",
)


class Servicer(ProviderServicer):
    """The SDK's servicer, attachable, and with errors of one line instead of its tracebacks."""

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        """The engine has connected to a provider that was running already."""
        return empty_pb2.Empty()

    async def Handshake(self, request: Any, context: Any) -> None:
        """Unimplemented, upon which the engine goes on with Configure."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Handshake is not implemented")

    async def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """No setting replaces the provider: it is configured anew each time. The SDK's answer fails to encode."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)


def _with_plain_errors(name: str) -> Callable[..., Awaitable[Any]]:
    inherited = getattr(ProviderServicer, name)

    async def call(self: Servicer, request: Any, context: Any) -> Any:
        for bag in _bags(request):
            rename_signature(bag, rpc._special_sig_key, ASSET_KEY)
        try:
            response = await inherited(self, request, context)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the engine has to be told
            # The SDK raises anew with a traceback in the message; the first error is its context.
            cause = exc.__context__ or exc
            if isinstance(cause, PartlyCreated):
                return await context.abort_with_status(_partly_created(cause))
            return await context.abort(grpc.StatusCode.UNKNOWN, one_line(cause))
        for bag in _bags(response):
            rename_signature(bag, ASSET_KEY, rpc._special_sig_key)
        return response

    return call


def _bags(message: Any) -> list[struct_pb2.Struct]:
    """The property bags of a request or response."""
    return [value for _, value in message.ListFields() if isinstance(value, struct_pb2.Struct)]


def rename_signature(bag: struct_pb2.Struct, old: str, new: str) -> None:
    """Renames the signature of assets and archives, at any depth.

    The engine often sends their hash only, which the SDK refuses to read, and where it sends all, the SDK drops the
    hash. Under another name they are plain objects to the SDK, and go back to the engine unchanged.
    """
    values = list(bag.fields.values())
    while values:
        value = values.pop()
        if value.HasField("list_value"):
            values.extend(value.list_value.values)
        elif value.HasField("struct_value"):
            fields = value.struct_value.fields
            if old in fields and fields[old].string_value in _SIGNATURES:
                fields[new].string_value = fields[old].string_value
                del fields[old]
            values.extend(fields.values())


for _name in _CALLS:
    setattr(Servicer, _name, _with_plain_errors(_name))


class _Status:
    """What grpc.aio wants of a status."""

    def __init__(self, code: grpc.StatusCode, details: str, status: status_pb2.Status) -> None:
        self.code, self.details = code, details
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _partly_created(error: PartlyCreated) -> _Status:
    """The engine keeps the resource in its state when it is told what was made."""
    detail = any_pb2.Any()
    properties = {key: value for key, value in error.properties.items() if isinstance(value, PropertyValue)}
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=PropertyValue.marshal_map(properties),
            reasons=error.reasons,
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.append(detail)
    return _Status(grpc.StatusCode.UNKNOWN, str(error), status)


def start_server(
    endpoint_url: str,
    region: str,
    folder: Path | str = ".",
    credentials: tuple[str, str] | None = None,
    missing: Missing = lambda engine: None,
) -> int:
    """Serves the provider on 127.0.0.1 from a thread of its own until the process ends; returns the port."""
    port: Future[int] = Future()
    provider = AwsProvider(endpoint_url, region, folder, credentials, missing)
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(provider, port)),
        name="provider-server",
        daemon=True,
    )
    thread.start()
    return port.result(timeout=30)


async def _serve(provider: AwsProvider, port: Future[int]) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = Servicer([], _VERSION, provider, "")
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port.set_result(server.add_insecure_port("127.0.0.1:0"))
    await server.start()
    await server.wait_for_termination()
