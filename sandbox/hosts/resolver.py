"""The VPC's resolver: AWS's names with a short life, CNAME chains, wildcards, and nothing else exists."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Mapping
from typing import Any

from dnslib import CLASS, CNAME, QTYPE, RCODE, RR, A, DNSError, DNSRecord

from .world import FUNCTION_URLS, service_domain

TTL_SECONDS = 5
PLAIN_UDP_BYTES = 512  # RFC 1035; more only where the question says so (EDNS)
CHAIN_LIMIT = 8
Names = Mapping[str, Mapping[str, Any]]


def vpc_names(vpc: Mapping[str, Any], services: Mapping[str, str], region: str) -> dict[str, dict[str, Any]]:
    """Every name of one VPC: {"addresses": [...]} or {"cname": name}, keys in lower case, without the last dot."""
    names: dict[str, dict[str, Any]] = {}
    for service, address in services.items():
        names[service_domain(service, region)] = {"addresses": [address]}
    private: dict[str, list[str]] = {}
    for host in vpc["hosts"].values():
        names[f"ip-{host['address'].replace('.', '-')}.{region}.compute.internal"] = {
            "addresses": [host["address"]]
        }
        if host["kind"] == "endpoint" and host.get("private_dns"):
            private.setdefault(f"{host['service']}.{region}.amazonaws.com", []).append(host["address"])
    names.update({name: {"addresses": addresses} for name, addresses in private.items()})
    for service in ("s3", FUNCTION_URLS):  # buckets and functions are addressed by host name
        parent = service_domain(service, region)
        if parent in names:
            names[f"*.{parent}"] = names[parent]
    names.update({name.rstrip(".").lower(): record for name, record in vpc.get("names", {}).items()})
    return names


def answer(question: bytes, names: Names, over_udp: bool) -> bytes:
    """The reply to one message. Addresses come in random order, as AWS's resolver gives them."""
    request = DNSRecord.parse(question)
    reply = request.reply(ra=1, aa=0)
    name, kind = str(request.q.qname).rstrip(".").lower(), QTYPE.get(request.q.qtype)
    owner: Any = request.q.qname
    for _ in range(CHAIN_LIMIT):
        record = _find(name, names)
        if record is None:
            reply.header.rcode = RCODE.NXDOMAIN
            break
        if "cname" not in record:
            addresses = record["addresses"] if kind in ("A", "ANY") else []
            for address in random.sample(addresses, len(addresses)):
                reply.add_answer(RR(owner, QTYPE.A, CLASS.IN, TTL_SECONDS, A(address)))
            break
        reply.add_answer(RR(owner, QTYPE.CNAME, CLASS.IN, TTL_SECONDS, CNAME(record["cname"])))
        owner, name = record["cname"], record["cname"].rstrip(".").lower()
        if kind == "CNAME":
            break
    else:
        reply.header.rcode = RCODE.SERVFAIL  # a chain that never ends
    packed = reply.pack()
    if over_udp and len(packed) > _limit(request):
        return reply.truncate().pack()
    return packed


def _find(name: str, names: Names) -> Mapping[str, Any] | None:
    return names.get(name) or names.get("*." + name.partition(".")[2])


def _limit(request: DNSRecord) -> int:
    sizes = [int(record.rclass) for record in request.ar if record.rtype == QTYPE.OPT]
    return max([PLAIN_UDP_BYTES, *sizes])


class Resolver:
    """Answers on UDP and TCP sockets of one VPC; `names` may be replaced at any time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.names: Names = {}
        self._loop = loop
        self._open: list[asyncio.BaseTransport | asyncio.AbstractServer] = []

    def listen(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve one address, from any thread."""
        asyncio.run_coroutine_threadsafe(self._listen(udp, tcp), self._loop).result()

    def close(self) -> None:
        """Stop, from any thread."""
        for served in self._open:
            self._loop.call_soon_threadsafe(served.close)

    async def _listen(self, udp: socket.socket, tcp: socket.socket) -> None:
        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._open += [transport, await asyncio.start_server(self._stream, sock=tcp)]

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await asyncio.wait_for(reader.readexactly(2), 10), "big")
                reply = answer(
                    await asyncio.wait_for(reader.readexactly(length), 10), self.names, over_udp=False
                )
                writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError, DNSError):
            pass  # the client is done, slow, or talks something else
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            reply = answer(data, self._resolver.names, over_udp=True)
        except DNSError:
            return  # not a question
        self._transport.sendto(reply, addr)  # type: ignore[attr-defined]
