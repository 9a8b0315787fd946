"""A machine of its own for a measurement: its own loopback, and a resolver whose one name leads where it is told.

So every client, whatever language it is written in, follows a name as it would follow an endpoint's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from dnslib import QTYPE, RR, A
from dnslib.dns import DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

NAME = "master.league.test"
_INSIDE = "BENCH_INSIDE"


def enter() -> None:
    """Start this program again in namespaces of its own, unless that is done; never returns in the first."""
    if os.environ.get(_INSIDE) != "yes":
        os.environ[_INSIDE] = "yes"
        command = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv]
        os.execvp(command[0], command)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
    os.unlink(file.name)


class NameServer(BaseResolver):
    """Answers with one address, which may be changed at any moment, and asks nobody to remember it."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        silent = DNSLogger(logf=lambda line: None)
        DNSServer(self, address="127.0.0.1", port=53, logger=silent).start_thread()

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        reply = request.reply()
        if str(request.q.qname).rstrip(".") == NAME and request.q.qtype in (QTYPE.A, QTYPE.ANY):
            reply.add_answer(RR(NAME, QTYPE.A, rdata=A(self.address), ttl=0))
        return reply


def drop(rules: list[str]) -> None:
    """Let the loopback drop what these nftables matches describe, beside what it drops already; [] for nothing."""
    if not rules:
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        return
    text = "".join(f"add rule inet league input {rule} drop\n" for rule in rules)
    table = "add table inet league\nadd chain inet league input { type filter hook input priority 0; }\n"
    subprocess.run(["nft", "-f", "-"], input=(table + text).encode(), check=True)
