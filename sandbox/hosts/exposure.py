"""Make chosen folders readable for the daemon when root starts it and gives up being root.

The interpreter, the environment or the project may live below a folder that only root may enter. In a mount namespace
of its own, such a folder is covered by an empty one, in which only the chosen folders appear again, read-only.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from .errors import HostsUnavailable
from .namespaces import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REC, MS_REMOUNT, mount

PACKAGE = Path(__file__).resolve().parents[1]


def interpreter_paths(search: Iterable[str]) -> list[Path]:
    """What this interpreter and the sandbox's modules are read from; `search` is the module search path."""
    executable = Path(sys.executable)
    named = [
        sys.base_prefix,
        sys.base_exec_prefix,
        sys.prefix,
        str(executable.parent),
        str(executable.resolve().parent),
    ]
    entries = [entry for entry in search if entry and Path(entry).resolve() != PACKAGE.parent]
    paths = [PACKAGE, *map(Path, named), *map(Path, entries)]
    both = [form for path in paths for form in (path.absolute(), path.resolve())]
    return list(dict.fromkeys(path for path in both if path.exists()))


def expose(paths: Iterable[Path]) -> None:
    """Give the others on this machine a way to each path, in the caller's mount namespace only."""
    blocked: dict[Path, list[Path]] = {}
    for path in sorted(set(paths)):
        closed = first_closed_parent(path)
        if closed:
            blocked.setdefault(closed, []).append(path)
    for closed, below in blocked.items():
        _cover(closed, below)


def require_readable(paths: Iterable[Path]) -> None:
    """Refuse, by name, what the calling user cannot read."""
    for path in paths:
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            raise HostsUnavailable(
                f"the sandbox's hosts run as an unprivileged user and cannot read {path}; "
                f"make it readable with: chmod -R go+rX {path}"
            )


def first_closed_parent(path: Path) -> Path | None:
    """The topmost folder above `path` that others may not enter, or None."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def _cover(closed: Path, below: list[Path]) -> None:
    # Descriptors first: once the folder is covered, the originals have no path any more.
    originals = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in below]
    mount("tmpfs", str(closed), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")
    for path, descriptor in originals:
        try:
            if path.is_symlink() or path.exists():
                continue  # it came with a folder above it
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            mount(f"/proc/self/fd/{descriptor}", str(path), None, MS_BIND | MS_REC)
            kept = os.statvfs(path).f_flag & (MS_NODEV | MS_NOEXEC)  # a container may not take these away
            mount("none", str(path), None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | kept)
        finally:
            os.close(descriptor)
