"""A Python of the sandbox's own: the machine's, copied to a folder that works wherever it is mounted.

An instance sees nothing of the machine but `/usr`, and the machine's Python may live under somebody's home, so the
interpreter, its standard library and (where it is a shared build) libpython are copied into one relocatable folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WANTED = (3, 11)
LEFT_OUT = (
    "test",
    "idlelib",
    "lib2to3",
    "site-packages",
    "dist-packages",
    "tkinter",
    "turtledemo",
    "config-*",
)

_ASK = """
import json, os, sys, sysconfig
maps = open("/proc/self/maps").read().split("\\n")
shared = [line.split()[-1] for line in maps if "/libpython3" in line]
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "executable": os.path.realpath(sys.executable),
    "library": sysconfig.get_path("stdlib"),
    "shared": shared[0] if shared else None,
    "prefix": sys.base_prefix,
}))
"""


class InterpreterError(RuntimeError):
    """No Python of this machine can be copied so that it runs on an instance."""


@dataclass(frozen=True)
class Interpreter:
    """One Python as it describes itself."""

    version: tuple[int, int, int]
    executable: Path
    library: Path
    shared: Path | None
    prefix: Path

    @property
    def name(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"


def describe(executable: str) -> Interpreter | None:
    """What `executable` says of itself when nothing of our environment leaks in; None when it does not run."""
    environment = {"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _ASK],
            env=environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        said = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    shared = Path(said["shared"]) if said["shared"] else None
    version = tuple(said["version"])
    return Interpreter(version, Path(said["executable"]), Path(said["library"]), shared, Path(said["prefix"]))


def find() -> Interpreter:
    """The newest 3.11 of this machine, as user data asks for that one; else the Python that runs the sandbox."""
    name = f"python{WANTED[0]}.{WANTED[1]}"
    places = dict.fromkeys([sys.executable, shutil.which(name), f"/usr/bin/{name}", f"/usr/local/bin/{name}"])
    found = [python for place in places if place and (python := describe(place))]
    if not found:
        raise InterpreterError(f"no Python of this machine answers; tried {', '.join(map(str, places))}")
    wanted = [python for python in found if python.version[:2] == WANTED]
    return max(wanted or found[:1], key=lambda python: python.version)


def copy(source: Interpreter, folder: Path) -> Path:
    """Copy `source` to `folder` and return the copy's executable, proved to use nothing outside `folder`."""
    name = f"python{source.name}"
    shutil.copytree(
        source.library, folder / "lib" / name, symlinks=False, ignore=shutil.ignore_patterns(*LEFT_OUT)
    )
    (folder / "bin").mkdir()
    target = folder / "bin" / name
    shutil.copy2(source.executable, target)
    if source.shared:
        shutil.copy2(source.shared, folder / "lib" / source.shared.name)
        _point_at_own_library(target, source.shared.parent)
    if not _stands_alone(target, folder) and source.shared:
        _wrap(target, folder)
    if not _stands_alone(target, folder):
        raise InterpreterError(f"{source.executable} does not run from a copy of it in {folder}")
    (folder / "bin" / "python3").symlink_to(name)
    return target


def _point_at_own_library(executable: Path, library_folder: Path) -> None:
    """Write the relative run path over the absolute one, as patchelf would, in the room that it takes."""
    old, new = os.fsencode(library_folder) + b"\0", b"$ORIGIN/../lib\0"
    image = executable.read_bytes()
    if len(new) <= len(old):
        executable.write_bytes(image.replace(old, new.ljust(len(old), b"\0")))


def _wrap(executable: Path, folder: Path) -> None:
    """Where there is no run path to overwrite, a script names the library's folder."""
    real = folder / "libexec" / executable.name
    real.parent.mkdir()
    executable.rename(real)
    executable.write_text(
        "#!/bin/sh\n"
        f'here=$(dirname "$(readlink -f "$0")")/..\n'
        f'LD_LIBRARY_PATH="$here/lib" exec "$here/libexec/{executable.name}" "$@"\n'
    )
    executable.chmod(0o755)


def _stands_alone(executable: Path, folder: Path) -> bool:
    said = describe(str(executable))
    return said is not None and all(
        path.resolve().is_relative_to(folder.resolve())
        for path in (said.executable, said.library, said.shared or said.library)
    )
