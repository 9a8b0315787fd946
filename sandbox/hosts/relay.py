"""TLS endpoints of AWS's services: end TLS with the sandbox's certificate and carry the bytes to the API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

HANDSHAKE_SECONDS = 10
PIECE = 1 << 16


def server_context(folder: Path, service: str, pair: dict[str, str]) -> ssl.SSLContext:
    """A TLS context of this service's certificate; `ssl` reads files only, so they lie in the daemon's own tmpfs."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{service}.pem"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w") as file:
        file.write(pair["key"] + pair["certificate"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    return context


class Relay:
    """One listening address; every connection gets a connection of its own to the API."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        context: ssl.SSLContext,
        dial: Callable[[], socket.socket],
    ) -> None:
        self._loop = loop
        self._dial = dial
        self._writers: set[asyncio.StreamWriter] = set()
        start = asyncio.start_server(
            self._connected, sock=listening, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )
        self._server = asyncio.run_coroutine_threadsafe(start, loop).result()

    def close(self) -> None:
        """Stop listening and end every connection, from any thread."""
        self._loop.call_soon_threadsafe(self._close)

    def _close(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        api_writer = None
        try:
            api = await self._loop.run_in_executor(None, self._dial)
            api.setblocking(False)
            api_reader, api_writer = await asyncio.open_connection(sock=api)
            ways = [
                asyncio.ensure_future(_copy(reader, api_writer)),
                asyncio.ensure_future(_copy(api_reader, writer)),
            ]
            # HTTP ends with the first side that hangs up; what it had sent is written by then.
            _, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in rest:
                way.cancel()
        except (OSError, RuntimeError):
            pass  # the API is not there: the client sees a closed connection
        finally:
            self._writers.discard(writer)
            for each in (writer, api_writer):
                if each:
                    each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
