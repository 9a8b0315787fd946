"""Processes on hosts: what they may, what they leave, how they end."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.hosts import Hosts, OperationFailed

from .conftest import Change
from .programs import run, until
from .worlds import CACHE, CACHE_IP, CLIENT

pytestmark = pytest.mark.namespaces


def start(hosts: Hosts, script: str, name: str = "p", **more: Any) -> dict[str, Any]:
    return hosts.start_process(CACHE, name, ["sh", "-c", script], **more)


def log(hosts: Hosts, name: str = "p") -> list[str]:
    return hosts.process_log(CACHE, name, 5000)


def test_a_process_sees_its_hosts_address_and_nothing_of_the_machine(
    hosts: Hosts, world: dict[str, Any]
) -> None:
    start(hosts, "ip -4 -o address show; env; echo end", env={"KEY": "value"})
    until(lambda: log(hosts)[-1:] == ["end"])
    text = "\n".join(log(hosts))
    assert f"inet {CACHE_IP}/24" in text
    assert text.count(" inet ") == 2, "its own address and the loopback"
    variables = {line.partition("=")[0] for line in text.splitlines() if "=" in line and " " not in line}
    assert variables <= {"PATH", "LANG", "KEY", "PWD", "SHLVL", "OLDPWD", "_"}


def test_a_process_has_no_capability_and_cannot_gain_one(hosts: Hosts, world: dict[str, Any]) -> None:
    start(
        hosts,
        "grep -E 'Cap(Eff|Prm|Bnd|Amb|Inh)|NoNewPrivs' /proc/self/status; ip link set lo down || echo refused",
    )
    until(lambda: log(hosts)[-1:] == ["refused"])
    values = dict(line.split() for line in log(hosts) if line.startswith(("Cap", "NoNew")))
    assert set(values.values()) == {"0" * 16, "1"}
    assert values["NoNewPrivs:"] == "1"


def test_files_are_private_and_lie_where_the_process_runs(hosts: Hosts, world: dict[str, Any]) -> None:
    start(hosts, "cat conf/secret; stat -c %a conf/secret .; echo end", files={"conf/secret": "token\n"})
    until(lambda: log(hosts)[-1:] == ["end"])
    assert log(hosts) == ["token", "600", "700", "end"]


def test_the_machines_own_run_folder_is_out_of_sight(hosts: Hosts, world: dict[str, Any]) -> None:
    assert run(hosts, CACHE, "import os; print(*sorted(os.listdir('/run')))") == ["netns sandbox"]


def test_the_state_tells_exit_freeze_and_thaw(hosts: Hosts, world: dict[str, Any]) -> None:
    assert hosts.process_state(CACHE, "p") is None
    start(hosts, "exec sleep 60")
    until(lambda: hosts.process_state(CACHE, "p")["running"])
    hosts.signal(CACHE, "p", signal.SIGSTOP)
    until(lambda: hosts.process_state(CACHE, "p")["stopped"])
    hosts.signal(CACHE, "p", signal.SIGCONT)
    until(lambda: not hosts.process_state(CACHE, "p")["stopped"])
    hosts.signal(CACHE, "p", signal.SIGKILL)
    state = until(lambda: _ended(hosts))
    assert (state["exit_code"], state["stopped"]) == (-9, False)


def _ended(hosts: Hosts) -> dict[str, Any] | None:
    state = hosts.process_state(CACHE, "p")
    return None if state["running"] else state


DEAF = "trap '' TERM; echo up; while :; do sleep 0.1; done"


@pytest.mark.parametrize(("script", "grace", "code"), [("echo up; exec sleep 60", 5.0, -15), (DEAF, 0.2, -9)])
def test_stop_asks_first_and_then_kills(
    hosts: Hosts, world: dict[str, Any], script: str, grace: float, code: int
) -> None:
    start(hosts, script)
    until(lambda: log(hosts) == ["up"])
    started = time.monotonic()
    assert hosts.stop_process(CACHE, "p", grace)["exit_code"] == code
    assert time.monotonic() - started < grace + 1
    assert hosts.stop_process(CACHE, "p")["exit_code"] == code, "stopping twice is no error"


def test_a_removed_process_leaves_neither_file_nor_log(hosts: Hosts, world: dict[str, Any]) -> None:
    state = start(hosts, "exec sleep 60", files={"conf": "token"})
    hosts.remove_process(CACHE, "p")
    hosts.remove_process(CACHE, "p")
    assert hosts.process_state(CACHE, "p") is None
    assert run(hosts, CLIENT, f"import os; print(os.path.exists({state['directory']!r}))") == ["False"]


def test_a_frozen_process_can_be_stopped(hosts: Hosts, world: dict[str, Any]) -> None:
    start(hosts, "exec sleep 60")
    hosts.signal(CACHE, "p", signal.SIGSTOP)
    assert hosts.stop_process(CACHE, "p", 2.0)["exit_code"] == -15


def test_a_name_is_taken_while_it_runs_and_free_afterwards(hosts: Hosts, world: dict[str, Any]) -> None:
    start(hosts, "exec sleep 60")
    with pytest.raises(OperationFailed, match="p already runs on eni-cache"):
        start(hosts, "true")
    hosts.stop_process(CACHE, "p")
    start(hosts, "echo again")
    until(lambda: log(hosts) == ["again"])


def test_the_log_keeps_the_last_lines_of_a_process_that_never_stops_talking(
    hosts: Hosts, world: dict[str, Any]
) -> None:
    start(hosts, "seq 1 5000; echo end")
    until(lambda: log(hosts)[-1:] == ["end"])
    assert log(hosts)[:2] == ["3002", "3003"]
    assert hosts.process_log(CACHE, "p", 2) == ["5000", "end"]


def test_whatever_ends_is_reaped_orphans_too(hosts: Hosts, world: dict[str, Any]) -> None:
    pid = start(hosts, "exec sleep 60")["pid"]
    start(hosts, "setsid sh -c 'sleep 0.05 & exit 0' & exit 0", "q")
    sleeping = [*hosts.enter_command(pid), "sh", "-c", "cat /proc/[0-9]*/stat"]
    until(lambda: not [line for line in _lines(sleeping) if ") Z " in line or "(sleep) S 1 " in line])


def _lines(command: list[str]) -> list[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()


def test_a_removed_host_takes_its_processes_and_files_along(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    state = start(hosts, "exec sleep 60")
    outside = hosts.outside_pid(state["pid"])
    del here["hosts"][CACHE]
    change()
    assert not Path(f"/proc/{outside}").exists()
    assert hosts.process_state(CACHE, "p") is None
    with pytest.raises(OperationFailed, match="there is no host eni-cache"):
        start(hosts, "true")
    assert run(hosts, CLIENT, f"import os; print(os.path.exists({state['directory']!r}))") == ["False"]


def test_a_command_that_is_not_there_is_seen_in_the_log(hosts: Hosts, world: dict[str, Any]) -> None:
    hosts.start_process(CACHE, "p", ["no-such-command"])
    assert until(lambda: _ended(hosts))["exit_code"] == 127
    until(lambda: "no-such-command" in "".join(log(hosts)))
