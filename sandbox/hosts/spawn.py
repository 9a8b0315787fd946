"""Start the daemon: out of root's rights, into namespaces of its own, below an init that reaps.

Three processes: the launcher waits outside, PID 1 reaps inside, the daemon works. Each dies with its parent, and the
launcher dies with the supervisor's end of the control socket, so whoever is killed, the kernel removes all the rest.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import secrets
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from . import namespaces as ns
from .errors import HostsUnavailable
from .exposure import expose, interpreter_paths, require_readable
from .rpc import read_frame, write_frame

UNUSED_USERS = range(61184, 65520)  # no Debian or Red Hat account is made here
FILES = 65536  # descriptors: listeners and relayed connections of many hosts
SWITCHES = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "/proc/sys/user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=15000"),
}


def main() -> NoReturn:
    """Entry of the launcher; argv: the project's folder and the control descriptor, where its configuration waits."""
    control = socket.socket(fileno=int(sys.argv[2]))
    config = read_frame(control)
    sys.path[:] = config["search"]
    readable = [Path(path) for path in config["readable_paths"]]
    try:
        _set_limits()
        user = _unused_user() if os.geteuid() == 0 else None
        if user is not None:
            ns.unshare(ns.CLONE_NEWNS)
            ns.mount("none", "/", None, ns.MS_REC | ns.MS_PRIVATE)
            expose([*interpreter_paths(config["search"]), *readable])
        _enter_namespaces(user)
        require_readable([Path(os.__file__), Path(__file__), *readable])
    except OSError as error:
        _fail(control, f"the machine refuses namespaces to user {os.getuid()} ({error}); {way_out()}")
    except HostsUnavailable as error:
        _fail(control, str(error))
    child = os.fork()
    if child == 0:
        _init(control, config)
    _watch(control, child)


def way_out() -> str:
    """What a person can change so that namespaces are allowed here."""
    cures = [
        cure
        for path, (bad, cure) in SWITCHES.items()
        if Path(path).exists() and Path(path).read_text().strip() == bad
    ]
    return "; or ".join([*cures, "in a container: start it with --privileged"])


def _set_limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if most == resource.RLIM_INFINITY else min(most, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def _unused_user() -> int | None:
    """A user id that nobody has, or None for root of a container that maps nobody else: that is not the machine's."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    for path in Path("/proc").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
            taken.add(path.stat().st_uid)
    mapped = [_span(line) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    free = [user for user in UNUSED_USERS if user not in taken and any(user in span for span in mapped)]
    return secrets.choice(free) if free else None


def _span(line: str) -> range:
    first, _, count = map(int, line.split())
    return range(first, first + count)


def _enter_namespaces(user: int | None) -> None:
    if user is None:
        own, group = os.geteuid(), os.getegid()
        ns.unshare(ns.CLONE_NEWUSER)
        _write_maps("self", own, group)
    else:
        _become(user)
    ns.unshare(ns.CLONE_NEWNS | ns.CLONE_NEWNET | ns.CLONE_NEWPID | ns.CLONE_NEWIPC | ns.CLONE_NEWUTS)
    ns.mount("none", "/", None, ns.MS_REC | ns.MS_PRIVATE)
    ns.mount("tmpfs", "/run", "tmpfs", ns.MS_NOSUID | ns.MS_NODEV, "mode=755")


def _become(user: int) -> None:
    """Enter a user namespace whose root is `user`, and be that for good.

    Made while still root: some machines let nobody else have namespaces. Then only a process outside may write a map
    with a user that is not the maker's own.
    """
    os.setgroups([])
    wait, go = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.read(wait, 1)
        _write_maps(str(os.getppid()), user, user)
        os._exit(0)
    ns.unshare(ns.CLONE_NEWUSER)
    os.write(go, b"x")
    if os.waitpid(writer, 0)[1]:
        raise HostsUnavailable(f"the machine refuses a user map for {user}; {way_out()}")
    os.close(wait)
    os.close(go)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    # A process that changed its user is not dumpable: its files in /proc would stay the machine's root's.
    ns.set_process_option(ns.PR_SET_DUMPABLE, 1)


def _write_maps(process: str, user: int, group: int) -> None:
    folder = Path("/proc", process)
    (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text(f"0 {user} 1")
    (folder / "gid_map").write_text(f"0 {group} 1")


def _init(control: socket.socket, config: dict[str, Any]) -> NoReturn:
    """PID 1: starts the daemon, reaps orphans, and ends with the daemon."""
    ns.set_process_option(ns.PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        ns.mount("proc", "/proc", "proc", ns.MS_NOSUID | ns.MS_NODEV | ns.MS_NOEXEC)
    except OSError as error:
        _fail(control, f"the machine refuses a /proc of its own ({error}); {way_out()}")
    daemon = os.fork()
    if daemon == 0:
        ns.set_process_option(ns.PR_SET_PDEATHSIG, signal.SIGKILL)
        from .daemon import run  # only the daemon pays for its modules

        run(control, config)
        os._exit(0)
    control.close()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # PID 1 would ignore it
    while os.wait()[0] != daemon:
        pass
    os._exit(0)


def _watch(control: socket.socket, child: int) -> NoReturn:
    """Outside: wait for the end of the supervisor or of PID 1, whichever is first."""
    poll = select.poll()
    poll.register(control, 0)  # only the hang-up; what is said belongs to the daemon
    poll.register(os.pidfd_open(child), select.POLLIN)
    poll.poll()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os._exit(0)


def _fail(control: socket.socket, reason: str) -> NoReturn:
    write_frame(control, {"id": 0, "op": "failed", "args": {"reason": reason}})
    os._exit(1)
