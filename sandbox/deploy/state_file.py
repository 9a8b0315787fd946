"""The file that holds a stack's state: read with care, written whole or not at all, held by one run at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import StackBusy, StateProblem

FORMAT = 3


class StateFile:
    """STACK.json of one stack, with STACK.json.bak (the state before the last run that changed it) beside it."""

    def __init__(self, path: Path, stack: str) -> None:
        self.path = path
        self.stack = stack
        self.backup = path.with_name(path.name + ".bak")
        self._temporary = path.with_name(path.name + ".tmp")
        self._lock = path.with_suffix(".lock")
        self._kept_backup = False

    def load(self) -> dict[str, Any]:
        """The deployment in the file; empty when there is no file. StateProblem says how to get on."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as exc:
            raise self.unreadable(str(exc)) from exc
        try:
            saved = json.loads(text)
        except json.JSONDecodeError as exc:
            raise self.unreadable(f"it is not JSON: {exc}") from exc
        if not isinstance(saved, dict) or not isinstance(saved.get("deployment"), dict):
            raise self.unreadable("it holds no deployment")
        if saved.get("version") != FORMAT:
            raise self.unreadable(
                f"its format is {saved.get('version')!r}; this deployer reads format {FORMAT}"
            )
        return saved["deployment"]

    def unreadable(self, why: str) -> StateProblem:
        """The one message for a file that cannot be used; it is never touched."""
        ways = [f"  move it away to begin with an empty state: mv {self.path} {self.path}.broken"]
        if self.backup.exists():
            ways.insert(0, f"  go back to the state before the last run: cp {self.backup} {self.path}")
        return StateProblem(
            f"the state of stack {self.stack} cannot be read; nothing was changed\n"
            f"  {self.path}: {why}\n" + "\n".join(ways)
        )

    def write(self, text: str) -> None:
        """Replaces the file: after a cut at any moment either the old or the new state is there, never a part."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._kept_backup:
                self._keep_backup()
            self._replace(self.path, text, durable=True)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the stack for one run; StackBusy when another run has it. The kernel frees it when we die."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        try:
            self._take(lock)
            yield
            os.ftruncate(lock, 0)
        finally:
            os.close(lock)

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.read(lock, 32).decode()
            who = f" (process {owner})" if owner else ""
            raise StackBusy(f"another run holds stack {self.stack}{who}; wait until it has ended") from exc
        os.ftruncate(lock, 0)
        with suppress(OSError):  # the number only helps the reader; a full disk is told at the first save
            os.write(lock, str(os.getpid()).encode())

    def _keep_backup(self) -> None:
        with suppress(FileNotFoundError):
            self._replace(self.backup, self.path.read_text(encoding="utf-8"), durable=False)
        self._kept_backup = True

    def _replace(self, path: Path, text: str, durable: bool) -> None:
        try:
            descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(self._temporary, path)
        except OSError:
            with suppress(OSError):
                self._temporary.unlink(missing_ok=True)
            raise

    def _unwritable(self, exc: OSError) -> StateProblem:
        way = "free some space" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else "make it writable"
        return StateProblem(
            f"the state of stack {self.stack} cannot be written: {exc.strerror or exc}\n"
            f"  {self.path} holds the last state that could be saved\n"
            f"  {way}, then run the same command again: it goes on from there"
        )
