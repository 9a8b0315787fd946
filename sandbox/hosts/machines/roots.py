"""A machine's own root: private disk, process, mount, host name and IPC namespaces, on the network of its host.

Inside, everything belongs to one user id of the computer, which has no rights outside. So `ec2-user` is kept from
root's capabilities, but **not** from root's files: a machine separates the stack from the computer and from the other
hosts, not its own users from each other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import HostsError
from .image import BUNDLE, PATH, Identity, populate

INIT = Path(__file__).with_name("init.sh")
START_SECONDS = 10.0
# Root on a machine may do what a container's root may: without sys_admin nobody clears the read-only flag of a mount.
ROOT_CAPABILITIES = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap"
ROOT_CAPABILITIES += ",+net_bind_service,+net_raw,+net_admin,+sys_chroot,+audit_write"
USERS = {"ec2-user": (1000, 1000), "sbx_user1051": (993, 990)}
HOMES = {"root": "/root", "ec2-user": "/home/ec2-user"}
FLAGS = {
    os.ST_NOSUID: "nosuid",
    os.ST_NODEV: "nodev",
    os.ST_NOEXEC: "noexec",
    os.ST_NOATIME: "noatime",
    os.ST_NODIRATIME: "nodiratime",
    os.ST_RELATIME: "relatime",
}


def mount_flags(path: Path) -> str:
    """The flags of the mount that holds `path`, as `,flag,flag`: a remount in a user namespace must repeat them."""
    present = os.statvfs(path).f_flag
    return "".join(f",{name}" for flag, name in FLAGS.items() if present & flag)


class Root:
    """One machine's root. `start` may be called again after `stop`: the disk stays until `remove`."""

    def __init__(
        self, home: Path, identity: Identity, tools: Path, kind: str = "instance", usr: str = "overlay"
    ) -> None:
        self.home, self.identity, self.tools, self.kind, self._usr = home, identity, tools, kind, usr
        self.init_pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("disk", "upper", "work", "local", "task", "layers"):
            (home / name).mkdir(parents=True)
        populate(home, identity)

    @property
    def overlay(self) -> bool:
        """Whether /usr is an overlay, which hides the computer's own programs; else it is bound as it is.

        Kernels before 5.11 have no overlay in user namespaces.
        """
        return (self.home / "usr").read_text().strip() == "overlay"

    def start(self, network: str) -> None:
        """Boot on the named network; returns when PID 1 is in its own root."""
        log = self.home / "init.log"
        arguments = (self.home, self.kind, self.tools, mount_flags(Path("/usr")), mount_flags(self.tools))
        argv = ["nsenter", f"--net={network}", "unshare", "--mount", "--pid", "--uts", "--ipc", "--fork"]
        argv += ["--kill-child", "/bin/sh", str(INIT), *map(str, arguments)]
        argv += [f"{self.identity.hostname}.{self.identity.domain}", ROOT_CAPABILITIES, self._usr]
        environment = {"PATH": PATH, "LANG": "C.UTF-8"}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd="/"
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._moved_in():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise HostsError(
                    f"a machine did not start: {log.read_text(errors='replace').strip()[-2000:]}"
                )
            time.sleep(0.002)

    def _moved_in(self) -> bool:
        process = self._process
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if not children or Path(f"/proc/{children[0]}/comm").read_text() != "sleep\n":
                return False
        except (FileNotFoundError, ProcessLookupError):
            return False
        self.init_pid = int(children[0])
        return True

    def popen(
        self,
        argv: Sequence[str],
        *,
        user: str = "root",
        env: Mapping[str, str],
        cwd: str = "/",
        **options: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a program on the machine with exactly this environment, in a process group of its own."""
        enter = ["nsenter", "-t", str(self.init_pid), "-m", "-p", "-n", "-u", "-i", "-r"]
        enter += ["setpriv", *privileges(user), "env", "-C", cwd]
        if not self.running:
            raise HostsError("the machine is not running")
        return subprocess.Popen(
            [*enter, *argv], env={"PATH": PATH, **env}, cwd="/", start_new_session=True, **options
        )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None and self.init_pid > 0

    def stop(self) -> None:
        """Kill PID 1 and with it every process of the machine."""
        process, self._process = self._process, None
        if process is None:
            return
        if self.init_pid:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(self.init_pid, signal.SIGKILL)
            self.init_pid = 0
        else:
            process.kill()
        process.wait()

    def remove(self) -> None:
        """Stop and delete the disk."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def privileges(user: str) -> list[str]:
    """Arguments of setpriv that make a program of the machine's root into one of `user`."""
    if user == "root":
        return [f"--bounding-set={ROOT_CAPABILITIES}", "--inh-caps=-all"]
    uid, gid = USERS[user]
    # The kernel lets only a holder of setfcap give its id 0 another number; the exec after it drops that one too.
    drop = ["--bounding-set=-all,+setfcap", "--inh-caps=-all", "--no-new-privs"]
    return [*drop, "unshare", "--user", f"--map-user={uid}", f"--map-group={gid}"]


def environment(user: str = "root", home: bool = True) -> dict[str, str]:
    """The environment that the machine's own services start a program with."""
    values = {"PATH": PATH, "LANG": "C.UTF-8", "AWS_CA_BUNDLE": BUNDLE}
    return {**values, "HOME": HOMES[user], "USER": user} if home else values
