"""The processes, namespaces and ports of one sandbox, as this machine sees them."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from .environment import Environment

NAMESPACES = ("net", "mnt", "pid", "user")


@dataclass(frozen=True)
class Footprint:
    """What a sandbox that runs has of this machine."""

    supervisor: psutil.Process
    processes: tuple[psutil.Process, ...]
    namespaces: frozenset[str]
    listening: frozenset[tuple[str, int]]
    seen_at: float

    @classmethod
    def of(cls, environment: Environment) -> Footprint:
        """The footprint of the sandbox that runs in the environment's folder."""
        record = json.loads((environment.folder / ".sandbox" / "cloud.json").read_text())
        supervisor = psutil.Process(record["pid"])
        processes = (supervisor, *supervisor.children(recursive=True))
        spaces = frozenset().union(*map(_namespaces, processes)) - _namespaces(psutil.Process())
        sockets = supervisor.net_connections(kind="inet")
        listening = {tuple(one.laddr) for one in sockets if one.status == psutil.CONN_LISTEN}
        return cls(supervisor, processes, spaces, frozenset(listening), time.time())

    def names(self) -> list[str]:
        """The names of its processes."""
        found = []
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(process.name())
        return found

    def left(self, seconds: float) -> list[str]:
        """What is still there after this time, waiting no longer than needed; nothing, if all is well."""
        deadline = time.monotonic() + seconds
        while (found := self._left()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def _left(self) -> list[str]:
        found = [told for one in self.processes if _runs(one) and (told := _told(one))]
        if found:
            return found
        # The kernel gives a namespace's number away again at once: whoever began later has another one.
        others = [one for one in psutil.process_iter(["create_time"]) if _runs(one)]
        others = [one for one in others if (one.info["create_time"] or self.seen_at) < self.seen_at]
        taken = frozenset().union(*map(_namespaces, others))
        found = [f"namespace {one}" for one in sorted(self.namespaces & taken)]
        mounts = Path("/proc/self/mountinfo").read_text()
        found += [f"mounted namespace {one}" for one in sorted(self.namespaces) if one in mounts]
        listening = {
            tuple(one.laddr)
            for one in psutil.net_connections(kind="inet")
            if one.status == psutil.CONN_LISTEN
        }
        return found + [f"port {port}" for _, port in sorted(self.listening & listening)]


def _told(process: psutil.Process) -> str | None:
    """A process as a message names it; None for one that has ended in the meantime."""
    try:
        return f"process {process.pid} {process.name()}"
    except psutil.NoSuchProcess:
        return None


def _runs(process: psutil.Process) -> bool:
    """Not so a dead one that the machine's init has not taken note of."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _namespaces(process: psutil.Process) -> frozenset[str]:
    """Such as `net:[4026531840]`; of a process that we may not look into, none."""
    found = set()
    for kind in NAMESPACES:
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/{process.pid}/ns/{kind}"))
    return frozenset(found)
