"""The sandbox's processes as the machine sees them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .errors import HostsError


def outside_pid(launcher: int, inside: int) -> int:
    """The machine's id of the process that has the id `inside` below this launcher; HostsError if there is none."""
    parents: dict[int, int] = {}
    candidates = []
    for path in Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            pid = int(path.name)
            parents[pid], numbers = _parent_and_numbers(path)
            if len(numbers) > 1 and numbers[1] == inside:
                candidates.append(pid)
    for pid in candidates:
        if launcher in _ancestors(pid, parents):
            return pid
    raise HostsError(f"no process {inside} in the sandbox")


def _parent_and_numbers(path: Path) -> tuple[int, list[int]]:
    """The parent, and the process's own ids from this machine's view inwards, one for each pid namespace."""
    lines = (path / "status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["PPid"]), [int(number) for number in fields["NSpid"].split()]


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    above = []
    while pid in parents:
        pid = parents[pid]
        above.append(pid)
    return above
