"""The folder `.sandbox` of a project: who runs there, and what is kept between runs."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from .errors import AlreadyStarting, NoStateFolder

NAME = ".sandbox"
NEEDED_BYTES = 64 * 1024 * 1024
_LOCK_OUTLIVES_SECONDS = 2.0


@dataclass(frozen=True)
class CloudRecord:
    """What a supervisor tells of itself in cloud.json; the secrets do not show in `repr`."""

    pid: int
    port: int
    incarnation: str
    region: str
    started: float
    access_key_id: str
    sources: str = ""
    secret_access_key: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


AUTHORITY = "authority.pem"
"""The certificates that this sandbox's caches have are signed by this one; other machines need not trust it."""


class StateFolder:
    """Paths and files below `.sandbox` of one project folder; nothing in it is readable by others."""

    def __init__(self, project: Path) -> None:
        self.project = project.resolve()
        self.path = self.project / NAME
        self.cloud_file = self.path / "cloud.json"
        self.log_file = self.path / "supervisor.log"
        self.lock_file = self.path / "lock"
        self.authority_file = self.path / AUTHORITY
        self.tools = self.path / "tools"
        self.stacks = self.path / "stacks"
        self.pulumi = self.path / "pulumi"
        self.passphrase_file = self.path / "passphrase"

    def create(self) -> None:
        """Makes the folder; raises NoStateFolder when it cannot be written or the disk is full."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            free = shutil.disk_usage(self.path).free
            if free < NEEDED_BYTES:
                raise OSError(errno.ENOSPC, f"only {free // 1024 // 1024} MiB are free, 64 are needed")
            with tempfile.TemporaryFile(dir=self.path) as probe:
                probe.write(b"x")
        except OSError as error:
            raise NoStateFolder(self.path, error) from error

    def record(self) -> CloudRecord | None:
        """What cloud.json says; None where there is none or it makes no sense."""
        try:
            values = json.loads(self.cloud_file.read_text(encoding="utf-8"))
            known = {one.name for one in fields(CloudRecord)}
            record = CloudRecord(**{name: value for name, value in values.items() if name in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        numbers = (record.pid, record.port)
        return record if all(isinstance(number, int) and number > 0 for number in numbers) else None

    def write_record(self, record: CloudRecord) -> None:
        """Writes cloud.json, whole or not at all."""
        write_private(self.cloud_file, json.dumps(asdict(record), indent=2) + "\n")

    def supervisor_pid(self) -> int | None:
        """The process that holds the folder now, whatever cloud.json says; None when nobody does."""
        deadline = time.monotonic() + _LOCK_OUTLIVES_SECONDS
        while (pid := self._lock_holder()) is not None and not _runs(pid) and time.monotonic() < deadline:
            # What a killed supervisor had forked holds the lock for a moment longer.
            time.sleep(0.02)
        return pid

    def _lock_holder(self) -> int | None:
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 32).decode("ascii", "replace").strip()
            return int(text) if text.isdigit() else -1
        finally:
            os.close(descriptor)
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder for one supervisor; AlreadyStarting when another has it. Freed by the kernel at death."""
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyStarting from error
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def forget_cloud(self) -> None:
        """Removes what a supervisor that is gone has left."""
        self.cloud_file.unlink(missing_ok=True)
        self.authority_file.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all; raises NoStateFolder when it cannot."""
    try:
        # A name of its own for each writer: two commands may start at the same time.
        descriptor, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise NoStateFolder(path.parent, error) from error


def _runs(pid: int) -> bool:
    """Whether the process lives; one whose number is not written yet counts as living, a zombie does not."""
    try:
        return pid < 0 or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
