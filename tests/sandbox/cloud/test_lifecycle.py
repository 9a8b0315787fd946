"""The supervisor's life: one per folder, detached, and nothing left when it ends, however it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import threading

import pytest

from sandbox.api.server import listen
from sandbox.cloud import Cloud
from sandbox.errors import ControlFailed, NoSandbox, SandboxError, StartFailed
from sandbox.launching import PACKAGE_FOLDER
from sandbox.state import StateFolder

from .conftest import alive, eventually, family

pytestmark = pytest.mark.namespaces


def port_is_free(port):
    try:
        listen(port).close()
    except SandboxError:
        return False
    return True


def state_files(project):
    return sorted(one.name for one in (project / ".sandbox").iterdir())


def test_a_life_from_start_to_stop(project):
    steps = []
    cloud = Cloud.start(project, steps.append, region="eu-north-1")
    assert steps == ["starting the hosts"]
    assert (cloud.region, cloud.account_id) == ("eu-north-1", "123456789012")
    assert cloud.client("sts").get_caller_identity()["Account"] == "123456789012"

    again = Cloud.start(project, steps.append)
    assert (again.incarnation, again.record) == (cloud.incarnation, cloud.record)
    assert Cloud.attach(project).incarnation == cloud.incarnation
    assert len(steps) == 1

    told = cloud.status()
    assert (told["caches"], told["instances"], told["functions"], told["endpoints"]) == ([], [], [], [])
    assert told["memory_mib"] > 50

    pid = cloud.record.pid
    assert os.getsid(pid) not in (os.getsid(0), 0)
    for name in ("cloud.json", "lock", "supervisor.log"):
        assert stat.S_IMODE((project / ".sandbox" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((project / ".sandbox").stat().st_mode) == 0o700
    with open(f"/proc/{pid}/cmdline") as file:
        words = file.read()
    assert cloud.record.key not in words
    assert cloud.record.secret_access_key not in words

    processes = family(pid)
    cloud.stop()
    assert not any(map(alive, processes))
    assert port_is_free(cloud.record.port)
    assert state_files(project) == ["lock", "supervisor.log", "tools"]
    assert Cloud.attach(project) is None
    with pytest.raises(NoSandbox, match="python -m sandbox up"):
        Cloud.require(project)


def test_a_control_route_needs_the_key_of_this_sandbox(project):
    cloud = Cloud.start(project)
    for key in ("", "x" * 43):
        connection = http.client.HTTPConnection("127.0.0.1", cloud.record.port, timeout=30)
        connection.request("POST", "/_sandbox/stop", b"{}", {"X-Sandbox-Key": key})
        assert connection.getresponse().status == 403
        connection.close()
    assert alive(cloud.record.pid)
    with pytest.raises(ControlFailed, match="no running instance has the id i-1"):
        cloud.run("i-1", "true")
    cloud.ask("stop")
    eventually(lambda: not alive(cloud.record.pid))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_a_second_after_a_signal(project, number):
    cloud = Cloud.start(project)
    processes = family(cloud.record.pid)
    assert len(processes) >= 3
    os.kill(cloud.record.pid, number)
    eventually(lambda: not any(map(alive, processes)))
    eventually(lambda: port_is_free(cloud.record.port))
    assert Cloud.attach(project) is None
    assert not (project / ".sandbox" / "cloud.json").exists()


def test_when_the_hosts_are_killed_the_sandbox_ends(project):
    cloud = Cloud.start(project)
    processes = family(cloud.record.pid)
    os.kill(processes[1], signal.SIGKILL)
    eventually(lambda: not any(map(alive, processes)), seconds=2.0)


def test_it_sees_nothing_of_the_persons_accounts_but_their_module_path(project, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-a-real-account")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "of-a-real-account")
    monkeypatch.setenv("PYTHONPATH", str(project / "modules"))
    cloud = Cloud.start(project)
    for pid in family(cloud.record.pid):
        with open(f"/proc/{pid}/environ", "rb") as file:
            assert b"of-a-real-account" not in file.read()
    with open(f"/proc/{cloud.record.pid}/environ") as file:
        variables = dict(line.split("=", 1) for line in file.read().split("\0") if line)
    assert variables["PYTHONPATH"] == f"{PACKAGE_FOLDER}:{project / 'modules'}"


def test_a_new_sandbox_is_a_new_incarnation(project):
    first = Cloud.start(project)
    os.kill(first.record.pid, signal.SIGKILL)
    eventually(lambda: not alive(first.record.pid))
    second = Cloud.start(project)
    assert second.incarnation != first.incarnation
    assert second.record.key != first.record.key


def test_two_that_start_it_at_once_get_the_same_or_are_told(project):
    got, told = [], []

    def start():
        try:
            got.append(Cloud.start(project).incarnation)
        except StartFailed as error:
            told.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(got)) == 1
    assert all("another process is starting the sandbox" in text for text in told)


def test_a_port_in_use_is_told_and_nothing_is_left(project):
    with listen() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=rf"port {port} is in use by another program\n.*--port"):
            Cloud.start(project, port=port)
    assert Cloud.attach(project) is None


def test_the_port_asked_for_is_the_apis(project):
    with listen() as probe:
        port = probe.getsockname()[1]
    cloud = Cloud.start(project, port=port)
    assert cloud.endpoint_url == f"http://127.0.0.1:{port}"
    with socket.create_connection(("127.0.0.1", port), 5):
        pass


def test_what_a_dead_sandbox_left_is_cleaned_away(project):
    folder = StateFolder(project)
    folder.create()
    folder.cloud_file.write_text('{"pid": 1, "port": 1}')
    assert Cloud.attach(project) is None
    assert not folder.cloud_file.exists()


def test_a_damaged_cloud_file_of_a_running_sandbox_is_told_and_stop_ends_it(project):
    cloud = Cloud.start(project)
    folder = StateFolder(project)
    folder.cloud_file.write_text("{")
    with pytest.raises(StartFailed, match=r"cloud.json is damaged.*\n.*python -m sandbox stop"):
        Cloud.attach(project)
    command = [os.sys.executable, "-m", "sandbox", "stop"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER)}
    answer = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == "stopped\n"
    assert not alive(cloud.record.pid)
