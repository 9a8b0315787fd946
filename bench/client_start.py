"""What a start costs: the command line's help as a whole process, and a new connection with its first reply.

With TLS all verify the certificate; redis-py loads the trusted certificates for every connection, this client
once for each process. The bare socket, with one context and an address instead of a name, is what remains without any
client: mostly the server's signature.
"""

from __future__ import annotations

import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
from _results import ROOT, show

from client import Endpoint, connect
from tests.client.certificates import make_certificates
from tests.client.redis_servers import TOKEN, RedisNode

STARTS, CONNECTIONS = 11, 60


def process(*arguments: str) -> Callable[[], object]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return lambda: subprocess.run(
        [sys.executable, "-P", *arguments], env=environment, capture_output=True, check=True
    )


def milliseconds(what: str, call: Callable[[], object], runs: int) -> dict[str, object]:
    call()
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        found.append((time.perf_counter() - started) * 1000)
    return {"what": what, "median ms": statistics.median(found), "best ms": min(found), "runs": runs}


def connections(node: RedisNode, how: str) -> list[dict[str, object]]:
    """A new connection and its first reply: name, TCP, TLS, login and GET."""
    authority = str(node.certificates.authority) if node.certificates else None
    endpoint = Endpoint(
        "redis", "localhost", node.port, tls=authority is not None, auth_token=TOKEN, ca_file=authority
    )
    secured = {"ssl": True, "ssl_ca_certs": authority} if authority else {}

    def ours() -> None:
        with connect(endpoint, 5) as cache:
            cache.get("key")

    def theirs() -> None:
        with redis.Redis("localhost", node.port, password=TOKEN, **secured) as cache:
            cache.get("key")

    context = ssl.create_default_context(cafile=authority) if authority else None

    def bare() -> None:
        sock = socket.create_connection(("127.0.0.1", node.port))
        with context.wrap_socket(sock, server_hostname="localhost") if context else sock as wire:
            wire.sendall(b"AUTH %b\r\nGET key\r\n" % TOKEN.encode())
            while not wire.recv(4096).endswith(b"$-1\r\n"):
                pass

    return [
        milliseconds(f"first reply, {how}: client", ours, CONNECTIONS),
        milliseconds(f"first reply, {how}: redis-py", theirs, CONNECTIONS),
        milliseconds(f"first reply, {how}: bare socket", bare, CONNECTIONS),
    ]


def main() -> None:
    rows = [
        milliseconds("python -c pass", process("-c", "pass"), STARTS),
        milliseconds("cache-client --help", process("-m", "client", "--help"), STARTS),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for how, certificates in (("plain", None), ("TLS", make_certificates(folder))):
            node = RedisNode(folder / how, certificates)
            try:
                rows += connections(node, how)
            finally:
                node.stop()
    show("client_start", rows)


if __name__ == "__main__":
    main()
