"""What every instance and function shares: a Python, the real AWS CLI and Lambda's runtime client, made once.

The folder is keyed by what it is made from, built beside its place and moved there in one rename, so a cut run leaves
nothing half made and two that start together make one. Inside: `python/` (see `interpreter`), `awscli/` and `lambda/`
(import roots), `tools.json`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import interpreter

LOCK = Path(__file__).with_name("tools-requirements.txt")
# What is installed where. The CLI has an import root of its own, as it brings an older botocore than Lambda's runtime.
ROOTS = {"awscli": ("awscli",), "lambda": ("awslambdaric", "boto3")}
LAYOUT = "1"

Progress = Callable[[str], None]


class ToolsError(RuntimeError):
    """The tools could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Tools:
    """The shared folder and what a report should say about it."""

    folder: Path
    python: str
    python_version: str
    notes: tuple[str, ...]


def ensure(folder: Path, progress: Progress = lambda message: None) -> Tools:
    """The tools below `folder` (usually `.sandbox/tools`), made if they are not there; raises ToolsError."""
    try:
        source = interpreter.find()
        home = folder / _key(source)
        if not _description(home).exists():
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder / ".lock"):
                if not _description(home).exists():
                    _make(home, source, progress)
    except (OSError, interpreter.InterpreterError) as error:
        raise ToolsError(f"the instances' tools cannot be made in {folder}: {error}") from error
    return load(home)


def hold(folder: Path) -> tuple[Tools, IO[str]]:
    """The tools below `folder`, and a file: while that is open nobody removes them, whatever tools he makes."""
    while True:
        made = ensure(folder)
        with contextlib.suppress(FileNotFoundError):  # removed since, for others: made once more
            handle = _description(made.folder).open()
            fcntl.flock(handle, fcntl.LOCK_SH)
            if _description(made.folder).exists():
                return made, handle
            handle.close()


def held(folder: Path) -> Tools | None:
    """The tools below `folder` that somebody holds; None where nobody does."""
    for path in sorted(folder.glob("*/tools.json")):
        with path.open() as handle:
            if not _is_free(handle):
                return load(path.parent)
    return None


def _is_free(handle: IO[str]) -> bool:
    """Whether nobody holds what this file describes; if so, it is ours until it is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _description(home: Path) -> Path:
    return home / "tools.json"


def load(home: Path) -> Tools:
    """The tools that were made in `home`."""
    said = json.loads(_description(home).read_text())
    return Tools(home, said["python"], said["python_version"], tuple(said["notes"]))


def _key(source: interpreter.Interpreter) -> str:
    made_from = (LAYOUT, LOCK.read_text(), str(source.executable), str(source.version), platform.machine())
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(home: Path, source: interpreter.Interpreter, progress: Progress) -> None:
    for old in home.parent.iterdir():
        if old.is_dir():
            _remove(old)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=home.parent))
    new.chmod(0o755)
    try:
        progress(f"copying Python {source.name} for the instances")
        python = interpreter.copy(source, new / "python")
        for root, packages in ROOTS.items():
            progress(f"installing {' and '.join(packages)} for the instances")
            _install(python, new / root, packages)
        _compile(python, new)
        _describe(new, python, source)
        _readable(new)
        new.rename(home)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _remove(home: Path) -> None:
    """Remove tools that were made from something else, unless the machines of a sandbox that runs are using them."""
    with contextlib.ExitStack() as stack:
        if _description(home).exists() and not _is_free(stack.enter_context(_description(home).open())):
            return
        shutil.rmtree(home, ignore_errors=True)


def _install(python: Path, target: Path, packages: tuple[str, ...]) -> None:
    uv = _uv()
    common = ["--target", str(target), "--constraint", str(LOCK), "--only-binary", ":all:", *packages]
    if uv:
        argv = [uv, "pip", "install", "--quiet", "--system-certs", "--python", str(python), *common]
    else:
        argv = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
        argv += ["--disable-pip-version-check", *common]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise ToolsError(
            f"cannot install {' '.join(packages)} for the sandbox's instances; it needs the package index once\n  "
            + "\n  ".join(reason)
        )


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _compile(python: Path, folder: Path) -> None:
    # The folder is read-only where it is used: what is not compiled now is compiled at each start.
    environment = {"PATH": os.defpath}
    argv = [str(python), "-I", "-m", "compileall", "-q", "-j", "0", *(str(folder / root) for root in ROOTS)]
    subprocess.run(argv, env=environment, capture_output=True, check=False)


def _describe(folder: Path, python: Path, source: interpreter.Interpreter) -> None:
    version = ".".join(map(str, source.version))
    notes = []
    if source.version[:2] != interpreter.WANTED:
        wanted = ".".join(map(str, interpreter.WANTED))
        notes.append(f"Python {version} of this machine stands in for the instances' python{wanted}")
    said = {"python": str(python.relative_to(folder)), "python_version": version, "notes": notes}
    _description(folder).write_text(json.dumps(said, indent=1))


def _readable(folder: Path) -> None:
    """Users of an instance are not the user who made the folder; nothing in it is secret."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
