"""Processes on hosts: each in its host's network, without capabilities, its output in a bounded log."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import HostsError
from .namespaces import PATH, in_network

if TYPE_CHECKING:
    from .daemon import Daemon

LOG_LINES, LINE_BYTES = 2000, 4096
WITHOUT_RIGHTS = [
    "setpriv",
    "--no-new-privs",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--",
]


class Process:
    """One started process and the last lines it wrote."""

    def __init__(self, child: subprocess.Popen[bytes], directory: Path) -> None:
        self.child = child
        self.directory = directory
        self.started = time.time()
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._reader = threading.Thread(target=self._read, name=f"log-{child.pid}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None  # noqa: S101 - opened as a pipe by Processes.start
        with self.child.stdout as output:
            for line in iter(lambda: output.readline(LINE_BYTES), b""):
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
        self.child.wait()  # an exit is reaped when it happens, not when somebody asks

    def drain(self) -> None:
        """Wait until what an ended process left in the pipe is read; a child that it left there is not waited for."""
        self._reader.join(1.0)

    def state(self) -> dict[str, Any]:
        """For the caller of process_state."""
        code = self.child.poll()
        stopped = code is None and _status(self.child.pid) == "T"
        return {
            "pid": self.child.pid,
            "running": code is None,
            "stopped": stopped,
            "exit_code": code,
            "started": self.started,
            "directory": str(self.directory),
        }

    def signal(self, number: int) -> None:
        """To the process and the children that stayed in its group."""
        if self.child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)

    def stop(self, grace_seconds: float) -> None:
        """SIGTERM, also for a frozen one, then SIGKILL."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            self.child.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.child.wait()


class Processes:
    """All processes, by host and name."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._processes: dict[tuple[str, str], Process] = {}
        self._lock = threading.RLock()
        daemon.add_operation("start_process", self.start)
        daemon.add_operation("stop_process", self.stop)
        daemon.add_operation("remove_process", self.remove)
        daemon.add_operation("signal_process", self.signal)
        daemon.add_operation("process_state", self.state)
        daemon.add_operation("process_log", self.log)

    def directory(self, host_id: str, name: str) -> Path:
        """Where a process runs: its files are there, and what it writes; it stays until its host is removed."""
        return self._daemon.state / "processes" / host_id / name

    def start(
        self, host_id: str, name: str, argv: Sequence[str], env: dict[str, str], files: dict[str, str]
    ) -> dict[str, Any]:
        """Start a process with its directory as working directory and `files` (name to text, mode 0600) in it."""
        host = self._daemon.network.host(host_id)
        with self._lock:
            before = self._processes.get((host_id, name))
            if before and before.child.poll() is None:
                raise HostsError(f"{name} already runs on {host_id}")
            directory = self.directory(host_id, name)
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file, text in files.items():
                _write_private(directory / file, text)
            child = in_network(host.id, lambda: self._popen(argv, env, directory))
            process = self._processes[host_id, name] = Process(child, directory)
        return process.state()

    def _popen(self, argv: Sequence[str], env: dict[str, str], directory: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*WITHOUT_RIGHTS, *argv],
            cwd=directory,
            env={"PATH": PATH, "LANG": "C.UTF-8", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def get(self, host_id: str, name: str) -> Process:
        """The process, running or not."""
        process = self._processes.get((host_id, name))
        if process is None:
            raise HostsError(f"there is no process {name} on {host_id}")
        return process

    def stop(self, host_id: str, name: str, grace_seconds: float = 2.0) -> dict[str, Any]:
        """End a process; it is no error when it ended before."""
        process = self.get(host_id, name)
        process.stop(grace_seconds)
        return process.state()

    def remove(self, host_id: str, name: str) -> None:
        """End a process at once, and forget its files and its log; it is no error when there never was one."""
        with self._lock:
            process = self._processes.pop((host_id, name), None)
        if process:
            process.stop(grace_seconds=0)
        shutil.rmtree(self.directory(host_id, name), ignore_errors=True)

    def signal(self, host_id: str, name: str, signal_number: int) -> None:
        """Send one signal."""
        self.get(host_id, name).signal(signal_number)

    def state(self, host_id: str, name: str) -> dict[str, Any] | None:
        """Its state, or None when there never was one."""
        process = self._processes.get((host_id, name))
        return process.state() if process else None

    def log(self, host_id: str, name: str, lines: int = 50) -> list[str]:
        """The last lines of its output; of an ended process all that it wrote."""
        process = self.get(host_id, name)
        if process.child.poll() is not None:
            process.drain()
        return list(process.lines)[-lines:]

    def remove_host(self, host_id: str) -> None:
        """Nothing of a removed host goes on."""
        with self._lock:
            gone = [key for key in self._processes if key[0] == host_id]
            for key in gone:
                self._processes.pop(key).stop(grace_seconds=0)
        shutil.rmtree(self._daemon.state / "processes" / host_id, ignore_errors=True)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
