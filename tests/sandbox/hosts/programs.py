"""Small programs that tests run on hosts, and waiting with a deadline."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.hosts import Hosts

T = TypeVar("T")
PYTHON = [sys.executable, "-I", "-u", "-c"]

ECHO = """
import socketserver, sys
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
"""

# Says a number every 10 ms when the answer to it came back; says "stopped" after a silence of 0.4 s, and goes on.
TICKS = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
s.settimeout(0.4)
for number in range(100000):
    s.sendall(b"%d\\n" % number)
    while True:
        try:
            s.recv(64)
            break
        except TimeoutError:
            print("stopped")
    print(number)
    time.sleep(0.01)
"""


def until(look: Callable[[], T], seconds: float = 5.0) -> T:
    """The first true answer; fails with the last one when the time is over."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {seconds} s; last seen: {seen!r}"
        time.sleep(0.01)
    return seen


def echo(hosts: Hosts, host_id: str, address: str, port: int) -> None:
    """An echo server on a host, answering when this returns."""
    hosts.start_process(host_id, f"echo-{port}", [*PYTHON, ECHO, address, str(port)])
    until(lambda: hosts.probe(host_id, address, port, 1) == "open")


def ticks(hosts: Hosts, host_id: str, address: str, port: int) -> Callable[[], list[str]]:
    """A client with one long connection on a host; the returned function reads what it said so far."""
    hosts.start_process(host_id, "ticks", [*PYTHON, TICKS, address, str(port)])

    def said() -> list[str]:
        return hosts.process_log(host_id, "ticks", 2000)

    until(lambda: "3" in said())
    return said


def run(hosts: Hosts, host_id: str, code: str, *arguments: str, seconds: float = 20.0) -> list[str]:
    """Run Python on a host to its end; what it printed."""
    name = f"run-{time.monotonic_ns()}"
    hosts.start_process(host_id, name, [*PYTHON, code, *arguments])
    state: dict[str, Any] = until(lambda: _ended(hosts, host_id, name), seconds)
    lines = hosts.process_log(host_id, name, 2000)
    assert state["exit_code"] == 0, lines
    return lines


def _ended(hosts: Hosts, host_id: str, name: str) -> dict[str, Any] | None:
    state = hosts.process_state(host_id, name)
    return state if state and not state["running"] else None
