"""What a start costs: the command line's help as a whole process, and a new connection with its first reply.

What is beside each other takes turns. With TLS all verify the certificate; redis-py loads the trusted certificates
for every connection, this client once for each process. The bare socket, with one context and an address instead of
a name, is what remains without any client: mostly the server's signature. Closing is not counted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import redis
from _results import ROOT, show

from client import Endpoint, connect
from tests.client.certificates import make_certificates
from tests.client.redis_servers import TOKEN, RedisNode

STARTS, CONNECTIONS = 11, 60

Call = Callable[[contextlib.ExitStack], object]
"""What is measured; what has to be closed afterwards it puts on the stack."""


def process(*arguments: str) -> Call:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return lambda opened: subprocess.run(
        [sys.executable, "-P", *arguments], env=environment, capture_output=True, check=True
    )


def milliseconds(calls: Mapping[str, Call], runs: int) -> list[dict[str, object]]:
    """A row per call; they take turns, so that what else the machine does meets all alike."""
    found: dict[str, list[tuple[float, float]]] = {what: [] for what in calls}
    for turn in range(runs + 1):
        for what, call in calls.items():
            with contextlib.ExitStack() as opened:
                started, busy = time.perf_counter(), _processor_seconds()
                call(opened)
                took = time.perf_counter() - started, _processor_seconds() - busy
            if turn:  # the first one warms up
                found[what].append(took)
    return [
        {
            "what": what,
            "median ms": 1000 * statistics.median(took for took, _ in times),
            "best ms": 1000 * min(took for took, _ in times),
            "median CPU ms": 1000 * statistics.median(busy for _, busy in times),
            "runs": runs,
        }
        for what, times in found.items()
    ]


def _processor_seconds() -> float:
    """What this process and those that it waited for have had of the processor."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def connections(node: RedisNode, how: str) -> list[dict[str, object]]:
    """A new connection and its first reply: name, TCP, TLS, login and GET."""
    authority = str(node.certificates.authority) if node.certificates else None
    endpoint = Endpoint(
        "redis", "localhost", node.port, tls=authority is not None, auth_token=TOKEN, ca_file=authority
    )
    secured = {"ssl": True, "ssl_ca_certs": authority} if authority else {}

    def ours(opened: contextlib.ExitStack) -> None:
        opened.enter_context(connect(endpoint, 5)).get("key")

    def theirs(opened: contextlib.ExitStack) -> None:
        opened.enter_context(redis.Redis("localhost", node.port, password=TOKEN, **secured)).get("key")

    context = ssl.create_default_context(cafile=authority) if authority else None

    def bare(opened: contextlib.ExitStack) -> None:
        sock = socket.create_connection(("127.0.0.1", node.port))
        wire = opened.enter_context(
            context.wrap_socket(sock, server_hostname="localhost") if context else sock
        )
        wire.sendall(b"AUTH %b\r\nGET key\r\n" % TOKEN.encode())
        while not wire.recv(4096).endswith(b"$-1\r\n"):
            pass

    calls = {"client": ours, "redis-py": theirs, "bare socket": bare}
    return milliseconds({f"first reply, {how}: {who}": call for who, call in calls.items()}, CONNECTIONS)


def main() -> None:
    starts = {
        "python -c pass": process("-c", "pass"),
        "python -c 'import click'": process("-c", "import click"),
        "cache-client --help": process("-m", "client", "--help"),
    }
    rows = milliseconds(starts, STARTS)
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
