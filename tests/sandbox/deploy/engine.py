"""The same stack under a real engine: the fake provider served over gRPC, a backend in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from .fake_cloud import FakeProvider


class Servicer(ProviderServicer):
    """The SDK's servicer, which a running engine can attach to."""

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    async def Handshake(self, request: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "not needed")


@contextlib.contextmanager
def served(provider: FakeProvider) -> Iterator[int]:
    """The port at which the provider is served while the context is open."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started: Future[tuple[grpc.aio.Server, int]] = asyncio.run_coroutine_threadsafe(_start(provider), loop)
    server, port = started.result(30)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(1), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _start(provider: FakeProvider) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server()
    servicer = Servicer([], "1.0.0", provider, "")
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


class Engine:
    """The `pulumi` command on one project folder and a backend of its own."""

    def __init__(self, folder: Path, backend: Path, port: int) -> None:
        backend.mkdir(exist_ok=True)
        self.folder = folder
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": "for the tests",
            "PULUMI_HOME": str(backend / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_PROVIDERS": f"fake:{port}",
        }
        self.run("stack", "init", "dev")

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *words, "--non-interactive"]
        answer = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or answer.returncode == 0, answer.stdout + answer.stderr
        return answer

    def perform(self, command: str) -> dict[str, int]:
        """Runs up, refresh or destroy; the operations as the engine counted them."""
        self.run(command, "--yes", "--skip-preview", "--stack", "dev")
        (latest, *_) = json.loads(self.run("stack", "history", "--json", "--stack", "dev").stdout)
        return latest.get("resourceChanges", {})

    def preview(self) -> dict[str, int]:
        summary = json.loads(self.run("preview", "--json", "--stack", "dev").stdout)
        return summary.get("changeSummary", {})

    def outputs(self) -> dict[str, Any]:
        return json.loads(self.run("stack", "output", "--json", "--stack", "dev").stdout)

    def resources(self) -> list[dict[str, Any]]:
        exported = json.loads(self.run("stack", "export", "--show-secrets", "--stack", "dev").stdout)
        return exported["deployment"].get("resources") or []
