"""Whoever dies, everything is gone; and where nothing can start, the reason is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.hosts import Hosts, HostsGone, HostsUnavailable, OperationFailed, available
from sandbox.hosts.certificates import CertificateAuthority
from tests.sandbox.cloud.conftest import family

from .programs import run, until
from .worlds import CACHE, CLIENT, VPC, small_world

pytestmark = pytest.mark.namespaces
GONE_SECONDS = 1.0
PROJECT = Path(__file__).resolve().parents[3]
SUPERVISOR = """
import json, sys, time
from sandbox.hosts import Hosts
from sandbox.hosts.certificates import CertificateAuthority
from tests.sandbox.hosts.worlds import small_world
hosts = Hosts.start(("127.0.0.1", 9), CertificateAuthority.create())
hosts.apply(small_world())
hosts.start_process("eni-cache", "p", ["sleep", "600"])
print(hosts.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _needs_namespaces() -> None:
    reason = available()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def supervisor() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that owns a small world, and the launcher's id."""
    command = [sys.executable, "-c", SUPERVISOR]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def alive(pids: list[int]) -> list[int]:
    """Those that run; one that its parent has not yet fetched runs no more."""
    living = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            living.append(pid)
    return living


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_supervisor_leaves_no_process(
    supervisor: tuple[subprocess.Popen[str], int], number: signal.Signals
) -> None:
    process, launcher = supervisor
    everyone = family(launcher)
    assert len(everyone) == 4, "launcher, PID 1, daemon, and the process on the host"
    process.send_signal(number)
    until(lambda: not alive(everyone), GONE_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("which", [0, 1, 2], ids=["launcher", "PID 1", "daemon"])
def test_any_part_that_is_killed_takes_the_rest_along(
    supervisor: tuple[subprocess.Popen[str], int], which: int, number: signal.Signals
) -> None:
    everyone = family(supervisor[1])
    os.kill(everyone[which], number)
    until(lambda: not alive(everyone), GONE_SECONDS)


def test_a_frozen_daemon_does_not_outlive_its_supervisor(
    supervisor: tuple[subprocess.Popen[str], int],
) -> None:
    process, launcher = supervisor
    everyone = family(launcher)
    os.kill(everyone[2], signal.SIGSTOP)
    process.kill()
    until(lambda: not alive(everyone), GONE_SECONDS)


def test_stop_leaves_no_process_mount_or_state(authority: CertificateAuthority) -> None:
    before = Path("/proc/self/mounts").read_text()
    hosts = Hosts.start(("127.0.0.1", 9), authority)
    hosts.apply(small_world())
    everyone = family(hosts.pid)
    assert not Path("/run/sandbox").exists(), "all state is out of the machine's sight"
    assert not Path("/run/netns", CACHE).exists()
    started = time.monotonic()
    hosts.stop()
    assert not alive(everyone)
    assert time.monotonic() - started < GONE_SECONDS
    assert Path("/proc/self/mounts").read_text() == before


def test_a_call_that_waits_hears_of_the_end_and_later_ones_too(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = []
    asked = threading.Event()
    hosts = Hosts.start(("127.0.0.1", 9), authority)
    hosts.apply(small_world())
    send = hosts._channel._send

    def send_and_tell(message: dict[str, Any], *descriptors: list[int]) -> None:
        send(message, *descriptors)
        if message.get("op") == "probe":
            asked.set()

    monkeypatch.setattr(hosts._channel, "_send", send_and_tell)

    def wait() -> None:
        try:
            hosts.probe(CLIENT, "10.20.9.9", 1, 30)
        except HostsGone as error:
            failures.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert asked.wait(10)
    hosts.stop()
    waiting.join(GONE_SECONDS)
    assert [str(failure) for failure in failures] == [
        "probe: the sandbox's hosts went away before they answered"
    ]
    with pytest.raises(HostsGone):
        hosts.apply(small_world())


def test_two_sandboxes_know_nothing_of_each_other(authority: CertificateAuthority) -> None:
    with Hosts.start(("127.0.0.1", 9), authority) as one, Hosts.start(("127.0.0.1", 9), authority) as two:
        one.apply(small_world())
        assert sorted(two.apply(small_world())["created"]) == sorted(small_world()["vpcs"][VPC]["hosts"])
        two.stop()
        assert one.probe(CLIENT, "10.20.0.20", 6379) == "refused"


def test_start_and_a_first_network_are_quick(authority: CertificateAuthority) -> None:
    started = time.monotonic()
    with Hosts.start(("127.0.0.1", 9), authority) as hosts:
        ready = time.monotonic()
        assert ready - started < 3 * 0.5
        hosts.apply(small_world())
        assert time.monotonic() - ready < 3 * 0.6


def test_inside_nobody_is_the_machines_root(authority: CertificateAuthority) -> None:
    with Hosts.start(("127.0.0.1", 9), authority) as hosts:
        hosts.apply(small_world())
        inside = hosts.start_process(CACHE, "p", ["sleep", "60"])["pid"]
        status = Path(f"/proc/{hosts.outside_pid(inside)}/status").read_text()
        users = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
        assert "0" not in users
        if os.geteuid() != 0:
            assert set(users) == {str(os.geteuid())}


def test_a_readable_path_below_a_closed_folder_is_seen_and_its_neighbours_are_not(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    for name in ("tools", "private"):
        (closed / name).mkdir(parents=True)
        (closed / name / "file").write_text(name)
        (closed / name).chmod(0o755)
    closed.chmod(0o700)
    with Hosts.start(("127.0.0.1", 9), authority, readable_paths=[closed / "tools"]) as hosts:
        hosts.apply(small_world())
        code = "import os, sys; print(open(sys.argv[1] + '/tools/file').read(), *sorted(os.listdir(sys.argv[1])))"
        seen = run(hosts, CACHE, code, str(closed))
    assert seen == (["tools tools"] if os.geteuid() == 0 else ["tools private tools"])


def test_a_path_that_others_may_not_read_is_named(authority: CertificateAuthority, tmp_path: Path) -> None:
    secret = tmp_path / "secret" if os.geteuid() == 0 else Path("/etc/shadow")
    if os.geteuid() == 0:
        secret.mkdir(mode=0o000)
    with pytest.raises(HostsUnavailable, match=f"cannot read {secret}.*chmod"):
        Hosts.start(("127.0.0.1", 9), authority, readable_paths=[secret])


def test_refused_namespaces_are_explained_with_a_way_out() -> None:
    code = "from sandbox.hosts import available; print(available())"
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    assert "refuses namespaces" in done.stdout
    assert "sysctl user.max_user_namespaces=15000" in done.stdout
    assert "--privileged" in done.stdout
    assert done.stderr == ""


def test_missing_commands_are_named_with_their_packages(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.hosts.hosts.PATH", "/nowhere")
    with pytest.raises(HostsUnavailable, match="apt-get install iproute2 nftables util-linux"):
        Hosts.start(("127.0.0.1", 9), authority)


def test_an_unknown_operation_is_refused_by_name(authority: CertificateAuthority) -> None:
    with (
        Hosts.start(("127.0.0.1", 9), authority) as hosts,
        pytest.raises(OperationFailed, match="no operation fly"),
    ):
        hosts.call("fly")


@pytest.fixture
def counting() -> Callable[[], int]:
    return lambda: len(os.listdir("/proc/self/fd"))


def test_no_descriptor_is_left_in_the_supervisor(
    authority: CertificateAuthority, counting: Callable[[], int]
) -> None:
    before = counting()
    with Hosts.start(("127.0.0.1", 9), authority) as hosts:
        hosts.apply(small_world())
    until(lambda: counting() == before)
