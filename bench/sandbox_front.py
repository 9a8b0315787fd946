"""What the front before a Memcached node costs: requests of one client a second, its own processor time, its memory.

Beside it memcached itself on a port of its own, in the same run: plain, and with its own TLS.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from _results import show

from sandbox.engines.keeper import Keeper
from sandbox.engines.launcher import LocalLauncher
from sandbox.hosts.certificates import CertificateAuthority

PORT, DIRECT_PORT = 23411, 23412
ADDRESSES = {"off": "127.31.0.1", "required": "127.31.0.2"}
CALLS, ROUNDS = 4000, 5
GET, SET = b"get key\r\n", b"set key 0 0 100 noreply\r\n" + b"x" * 100 + b"\r\n"
REQUESTS = {
    "get": GET,
    "100 sets and a get in one write": SET * 100 + GET,
    "config get cluster": b"config get cluster\r\n",
}


def main() -> None:
    """Prints the median of several rounds, which take turns."""
    authority = CertificateAuthority.create()
    issued = authority.issue(["localhost"])
    tls = {
        "certificate": issued.certificate_pem,
        "key": issued.key_pem,
        "authority": authority.certificate_pem,
    }
    trust = ssl.create_default_context(cadata=authority.certificate_pem)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        keeper = Keeper(f"{folder}/engines", LocalLauncher())
        stack.callback(keeper.close)
        rows = []
        for mode in ADDRESSES:
            keeper.apply(mode, specification(mode, tls))
            front = front_of(f"{folder}/engines/{mode}/node")
            stack.enter_context(direct_server(mode, Path(folder), tls))
            context = trust if mode == "required" else None
            for name, request in REQUESTS.items():
                rows.append({"clients": mode, "request": name, **compare(mode, request, context, front)})
        show("sandbox_front", rows)


def compare(mode: str, request: bytes, trust: ssl.SSLContext | None, front: psutil.Process) -> dict[str, Any]:
    """The figures of one kind of request."""
    rates: dict[int, list[float]] = {PORT: [], DIRECT_PORT: []}
    spent = 0.0
    for _ in range(ROUNDS):
        for port, found in rates.items():
            before = sum(front.cpu_times()[:2])
            found.append(rate(ADDRESSES[mode], port, request, trust))
            spent += sum(front.cpu_times()[:2]) - before
    through, direct = (statistics.median(found) for found in rates.values())
    return {
        "through the front 1/s": through,
        "memcached alone 1/s": direct,
        "more µs": 1e6 / through - 1e6 / direct,
        "front's processor µs": spent / (ROUNDS * calls(request)) * 1e6,
        "front's own MiB": front.memory_full_info().uss / 2**20,
    }


def calls(request: bytes) -> int:
    """How often a request is made in a round: less often where it is a hundred."""
    return max(100, CALLS * len(GET) // len(request))


def rate(address: str, port: int, request: bytes, trust: ssl.SSLContext | None) -> float:
    """Requests a second of one connection, each after the answer to the one before."""
    with socket.create_connection((address, port)) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with trust.wrap_socket(plain, server_hostname="localhost") if trust else plain as connection:
            connection.sendall(SET)
            end = b"ERROR\r\n" if port == DIRECT_PORT and request.startswith(b"config") else b"END\r\n"
            began = time.perf_counter()
            for _ in range(calls(request)):
                connection.sendall(request)
                while not connection.recv(65536).endswith(end):
                    pass
            return calls(request) / (time.perf_counter() - began)


def specification(mode: str, tls: dict[str, str]) -> dict[str, Any]:
    """A cluster of one node, as the API would ask for it."""
    return {
        "engine": "memcached",
        "version": "1.6.22",
        "port": PORT,
        "transit_encryption": mode,
        "nodes": {"node": {"host_id": "here", "address": ADDRESSES[mode]}},
        "megabytes": 512,
        "threads": 2,
        "configuration": {"version": 1, "nodes": f"localhost|{ADDRESSES[mode]}|{PORT}"},
        "tls": tls,
    }


def front_of(directory: str) -> psutil.Process:
    """The process that stands before the node in a directory."""
    (front,) = [
        child
        for child in psutil.Process().children()
        if child.cwd() == directory and "memcached" not in child.name()
    ]
    return front


@contextlib.contextmanager
def direct_server(mode: str, folder: Path, tls: dict[str, str]) -> Iterator[None]:
    """memcached itself, on the same address and another port."""
    words = ["memcached", "-u", "root", "-l", ADDRESSES[mode], "-p", str(DIRECT_PORT), "-m", "412", "-t", "2"]
    if mode == "required":
        for name in ("certificate", "key"):
            (folder / name).write_text(tls[name])
        words += ["-Z", "-o", f"ssl_chain_cert={folder}/certificate,ssl_key={folder}/key"]
    process = subprocess.Popen(words)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((ADDRESSES[mode], DIRECT_PORT)).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
