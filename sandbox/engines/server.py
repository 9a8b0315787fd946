"""Which server program runs behind an endpoint, and whether it is good enough."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass

from .errors import EngineUnavailable

# 6.2 is the first with CLIENT PAUSE WRITE, on which a hand-over without a lost write rests.
MINIMUM_VERSION = (6, 2, 0)
PROGRAMS = {"redis": ("redis-server",), "valkey": ("valkey-server", "redis-server")}
INSTALL = "install it with: apt-get install redis-server"


@dataclass(frozen=True)
class Server:
    """A server program found on this machine."""

    path: str
    name: str
    version: tuple[int, int, int]
    stands_in: bool = False

    @property
    def description(self) -> str:
        """Name and version, as told to a person."""
        return f"{self.name} {'.'.join(map(str, self.version))}"


@functools.lru_cache(maxsize=8)
def find_server(engine: str) -> Server:
    """The best program for an engine; raises EngineUnavailable with the way out.

    A Valkey cache runs valkey-server where one with TLS is installed; else redis-server stands in for it.
    """
    if engine not in PROGRAMS:
        raise EngineUnavailable(f"no server program is known for engine {engine!r}")
    reasons = []
    for name in PROGRAMS[engine]:
        path = shutil.which(name)
        if path is None:
            reasons.append(f"{name} is not installed")
            continue
        version, has_tls = _probe(path)
        if version < MINIMUM_VERSION:
            reasons.append(f"{path} is {'.'.join(map(str, version))}, older than 6.2")
        elif not has_tls:
            reasons.append(f"{path} was built without TLS")
        else:
            return Server(path, name, version, stands_in=not name.startswith(engine))
    raise EngineUnavailable(f"{engine} cannot run here: {'; '.join(reasons)}; {INSTALL}")


def _probe(path: str) -> tuple[tuple[int, int, int], bool]:
    """Version, and whether TLS is built in: a build without it trips over `tls-port`, not over our mark."""
    try:
        shown = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
        trial = subprocess.run(
            [path, "-"],
            input="tls-port 0\nsandbox-probe yes\n",
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailable(f"{path} does not run: {error}; {INSTALL}") from error
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", shown.stdout)
    if not found:
        raise EngineUnavailable(
            f"{path} --version gave no version: {shown.stdout.strip()[:200]!r}; {INSTALL}"
        )
    version = (int(found[1]), int(found[2]), int(found[3]))
    return version, "sandbox-probe" in trial.stdout + trial.stderr
