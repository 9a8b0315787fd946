"""One port for clients with and without TLS, as the service has while encryption is `preferred`.

A server of the engines cannot do that, so this stands before it as a process of its own: the first byte of a TLS
client is a handshake record, no command begins with it. The server sees the node's own address as the client's.

    python front.py ADDRESS PORT PLAIN_PORT TLS_PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

HANDSHAKE = b"\x16"
CHUNK = 65536


async def serve(address: str, port: int, plain_port: int, tls_port: int) -> None:
    """Pass connections on until the process ends."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            first = await reader.read(1)
            if first:
                target = tls_port if first == HANDSHAKE else plain_port
                server_reader, server_writer = await asyncio.open_connection(address, target)
                server_writer.write(first)
                await asyncio.gather(_pump(reader, server_writer), _pump(server_reader, writer))
        writer.close()

    async with await asyncio.start_server(accept, address, port) as server:
        await server.serve_forever()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction until its end, and then close the other side."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], *map(int, sys.argv[2:5])))
