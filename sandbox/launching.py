"""Starting and ending the process behind a folder: the supervisor.

`python3 -m sandbox.launching` ends that of the folder it is typed in, with the standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .errors import StartFailed
from .state import CloudRecord, StateFolder

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
START_SECONDS = 30.0
STOP_SECONDS = 10.0
# Settings of the person's real accounts: no process of the sandbox shall see them.
FOREIGN = ("AWS_", "PULUMI_")

Progress = Callable[[str], None]


def end_supervisor(folder: StateFolder) -> bool:
    """Ends the supervisor of a folder, by force when it does not obey; False when none was running."""
    pid = folder.supervisor_pid()
    if pid is None or pid <= 0:
        folder.forget_cloud()
        return False
    with contextlib.suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                signal.pidfd_send_signal(process, number)
                ended, _, _ = select.select([process], [], [], STOP_SECONDS)
                if ended:
                    break
        finally:
            os.close(process)
    folder.forget_cloud()
    return True


def await_record(folder: StateFolder, pid: int) -> CloudRecord | None:
    """cloud.json of the supervisor that holds the folder; it may just be starting."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and folder.supervisor_pid() is not None:
        record = folder.record()
        if record is not None and record.pid == pid:
            return record
        if folder.cloud_file.exists():
            return None
        time.sleep(0.02)
    return None


def start_supervisor(folder: StateFolder, progress: Progress, region: str, port: int) -> None:
    """Starts a supervisor that outlives us, and returns when it is ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    inherited = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    environment["PYTHONPATH"] = os.pathsep.join([str(PACKAGE_FOLDER), *map(os.path.abspath, inherited)])
    ours, theirs = os.pipe()
    log = os.open(folder.log_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        command = [
            sys.executable,
            "-m",
            "sandbox.supervisor",
            str(folder.project),
            region,
            str(port),
            str(theirs),
        ]
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=PACKAGE_FOLDER,
            env=environment,
            pass_fds=[theirs],
            start_new_session=True,
        )
    finally:
        os.close(log)
        os.close(theirs)
    try:
        _follow(ours, folder, progress)
    finally:
        os.close(ours)
        child.wait()


def _follow(pipe: int, folder: StateFolder, progress: Progress) -> None:
    deadline = time.monotonic() + START_SECONDS
    pending = b""
    while True:
        readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            end_supervisor(folder)
            raise StartFailed(
                f"the sandbox did not start within {START_SECONDS:.0f} s\n  see {folder.log_file}"
            )
        received = os.read(pipe, 65536)
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "step" in told:
                progress(told["step"])
            elif "error" in told:
                raise StartFailed(told["error"])
            else:
                return
        if not received:
            raise StartFailed(f"the sandbox ended before it was ready\n  see {folder.log_file}")


if __name__ == "__main__":
    end_supervisor(StateFolder(Path()))
