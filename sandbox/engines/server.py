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
# The first with the meta commands that the front asks with.
MEMCACHED_MINIMUM = (1, 6, 6)
PACKAGES = {"redis": "redis-server", "valkey": "redis-server", "memcached": "memcached"}
INSTALL = "install it with: apt-get install {package}"


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
def find_server(engine: str, search: str | None = None) -> Server:
    """The best program for an engine in `search`, the PATH of whoever starts it; this process's when left out.

    Raises EngineUnavailable with the way out.
    A Valkey cache runs valkey-server where one with TLS is installed; else redis-server stands in for it.
    """
    if engine == "memcached":
        return _find_memcached(search)
    if engine not in PROGRAMS:
        raise EngineUnavailable(f"no server program is known for engine {engine!r}")
    reasons = []
    for name in PROGRAMS[engine]:
        path = shutil.which(name, path=search)
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
    raise _unavailable(engine, "; ".join(reasons))


def _find_memcached(search: str | None) -> Server:
    path = shutil.which("memcached", path=search)
    if path is None:
        raise _unavailable("memcached", "memcached is not installed")
    shown = _run([path, "-V"], "").stdout
    version = _version(path, shown, r"memcached (\d+)\.(\d+)\.(\d+)")
    if version < MEMCACHED_MINIMUM:
        raise _unavailable("memcached", f"{path} is {shown.split()[-1]}, older than 1.6.6")
    return Server(path, "memcached", version)


def _unavailable(engine: str, reasons: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"{engine} cannot run here: {reasons}; {INSTALL.format(package=PACKAGES[engine])}"
    )


def _probe(path: str) -> tuple[tuple[int, int, int], bool]:
    """Version, and whether TLS is built in: a build without it trips over `tls-port`, not over our mark."""
    shown = _run([path, "--version"], "")
    trial = _run([path, "-"], "tls-port 0\nsandbox-probe yes\n")
    return _version(
        path, shown.stdout, r"v=(\d+)\.(\d+)\.(\d+)"
    ), "sandbox-probe" in trial.stdout + trial.stderr


def _run(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailable(f"{command[0]} does not run: {error}; install its package anew") from error


def _version(path: str, shown: str, pattern: str) -> tuple[int, int, int]:
    found = re.search(pattern, shown)
    if not found:
        raise EngineUnavailable(f"{path} gave no version: {shown.strip()[:200]!r}; install its package anew")
    return int(found[1]), int(found[2]), int(found[3])
