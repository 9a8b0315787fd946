"""Bad input and bad luck at the command line: one clear message, the right exit code, and nothing half done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from .environment import Environment
from .inventory import counts

pytestmark = pytest.mark.namespaces

UP = ("up", "--engine", "embedded")


@pytest.fixture(scope="module")
def refused(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A folder whose stack file is wrong in one way after the other; nothing ever comes up in it."""
    with Environment(tmp_path_factory.mktemp("refused")) as environment:
        yield environment


@contextmanager
def stack_file(environment: Environment, text: str) -> Iterator[None]:
    """Another content of Pulumi.dev.yaml for a while."""
    path = environment.folder / "Pulumi.dev.yaml"
    before = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def up_with(environment: Environment, *words: str, preparation: str) -> subprocess.CompletedProcess[str]:
    """Run `up` after some shell lines, in namespaces of its own that `unshare` makes as the words say."""
    trial = subprocess.run(["unshare", *words, "true"], check=False, capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"nothing can be hidden from `up` here: {trial.stderr.strip()}")
    script = f'set -e; {preparation}; exec "{sys.executable}" -m sandbox up --engine embedded'
    result = subprocess.run(
        ["unshare", *words, "sh", "-c", script],
        cwd=environment.folder,
        env=environment.variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    return result


def up_with_server(environment: Environment, server: Path) -> subprocess.CompletedProcess[str]:
    """Run `up` where this file is the machine's redis-server."""
    there = shutil.which("redis-server")
    assert there, "Debian's redis-server is needed by these tests anyhow"
    words = ["-m"] if os.geteuid() == 0 else ["-Urm"]
    return up_with(environment, *words, preparation=f"mount --bind {server} {os.path.realpath(there)}")


def the_error(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of the one message on standard error."""
    lines = result.stderr.splitlines()
    assert "Traceback" not in result.stdout + result.stderr
    assert [line for line in lines if line.startswith("error: ")] == lines[:1], result.stderr
    assert all(line.startswith("  ") for line in lines[1:]), result.stderr
    return lines


WRONG = {
    "aws:region": "eu-west-1",
    "aws-cache:network": {"availability_zone": ["eu-west-1a"]},
    "aws-cache:cache": {
        "engine": "redis",
        "replicas": 9,
        "port": "many",
        "maintenance_window": "sun:05:00-sun:05:30",
        "nodetype": "cache.t4g.small",
    },
    "aws-cache:clients": {"instances": "app", "function": True},
    "aws-cache:client": {"instances": ["app"]},
}


def test_all_problems_of_the_configuration_are_in_one_report(refused: Environment):
    with stack_file(refused, yaml.safe_dump({"config": WRONG})):
        result = refused.sandbox(*UP, code=2)

    first, *problems = the_error(result)
    assert first == (
        f"error: {len(problems)} problems in the configuration of aws-cache (stack dev); nothing was changed"
    )
    told = dict(line.strip().split(": ", 1) for line in problems)
    assert set(told) == {
        "client",
        "network.availability_zone",
        "network.availability_zones",
        "cache.replicas",
        "cache.port",
        "cache.maintenance_window",
        "cache.nodetype",
        "clients.instances",
    }
    assert "did you mean clients?" in told["client"]
    assert "did you mean availability_zones?" in told["network.availability_zone"]
    assert "did you mean node_type?" in told["cache.nodetype"]
    assert "got 9" in told["cache.replicas"]
    assert "many" in told["cache.port"]
    assert "30 minutes" in told["cache.maintenance_window"]
    assert counts(refused) == {}
    assert {one["type"] for one in refused.resources().values()} <= {"pulumi:pulumi:Stack"}


def test_one_zone_cannot_hold_a_primary_and_a_replica(refused: Environment):
    document = yaml.safe_load((refused.folder / "Pulumi.dev.yaml").read_text())
    document["config"]["aws-cache:network"] = {"availability_zones": ["eu-west-1a"]}
    with stack_file(refused, yaml.safe_dump(document)):
        result = refused.sandbox(*UP, code=2)

    first, problem = the_error(result)
    assert first.startswith("error: 1 problem in the configuration of aws-cache (stack dev)")
    assert "zone" in problem
    assert counts(refused) == {}


def test_a_stack_file_that_is_no_yaml_is_named_with_the_line(refused: Environment):
    with stack_file(refused, "config:\n  aws-cache:cache: {engine: redis\n"):
        result = refused.sandbox(*UP, code=2)

    assert "Pulumi.dev.yaml" in the_error(result)[0]
    assert "line" in result.stderr


def test_a_stack_without_a_file_is_refused_with_the_stacks_there_are(refused: Environment):
    first, second = the_error(refused.sandbox("up", "--stack", "nowhere", code=2))

    assert first.startswith("error: no stack nowhere: there is no Pulumi.nowhere.yaml in ")
    assert second == "  the stacks there are: dev, prod"


def test_a_port_in_use_is_refused_and_nothing_runs_afterwards(new_environment: Environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = new_environment.sandbox(*UP, "--port", str(port), code=1)

    assert the_error(result)[0] == f"error: port {port} is in use by another program"
    assert new_environment.sandbox("status").stdout == "no sandbox is running in this folder\n"


def test_without_a_redis_server_up_says_how_to_install_it(new_environment: Environment, tmp_path: Path):
    no_program = tmp_path / "no-program"
    no_program.touch(mode=0o644)

    result = up_with_server(new_environment, no_program)

    assert "redis-server" in the_error(result)[0]
    assert "apt-get install" in result.stderr
    assert json.loads(new_environment.sandbox("status", "--json").stdout)["caches"] == []


def test_a_redis_server_that_is_too_old_is_refused_by_its_version(
    new_environment: Environment, tmp_path: Path
):
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.7 sha=00000000:0 malloc=libc bits=64'\n")
    old.chmod(0o755)

    result = up_with_server(new_environment, old)

    assert "5.0.7, older than 6.2" in "\n".join(the_error(result))
    assert json.loads(new_environment.sandbox("status", "--json").stdout)["caches"] == []


def test_where_namespaces_are_refused_up_says_so_with_the_way_out(new_environment: Environment):
    result = up_with(new_environment, "-Ur", preparation="echo 0 > /proc/sys/user/max_user_namespaces")

    said = "\n".join(the_error(result))
    assert "namespace" in said
    assert "max_user_namespaces" in said or "privileged" in said
    assert new_environment.sandbox("status").stdout == "no sandbox is running in this folder\n"


def test_a_second_up_at_the_same_time_is_refused_in_one_line(dev: Environment):
    first = dev.start(*UP)
    lock = dev.folder / ".sandbox" / "stacks" / "dev.lock"
    try:
        deadline = time.monotonic() + 30
        while lock.read_text() != str(first.pid) and time.monotonic() < deadline:
            time.sleep(0.005)
        first.send_signal(signal.SIGSTOP)
        second = dev.sandbox(*UP, code=1)
    finally:
        first.send_signal(signal.SIGCONT)
        said, _ = first.communicate(timeout=60)

    expected = f"error: another run holds stack dev (process {first.pid}); wait until it has ended"
    assert the_error(second) == [expected]
    assert first.returncode == 0, said


@pytest.mark.parametrize(
    "text",
    ['{"version": 3, "deploy', '{"version": 2, "deployment": {}}', "\0" * 100],
    ids=["cut short", "an old format", "zeros"],
)
def test_a_state_file_that_makes_no_sense_is_left_alone_and_named(dev: Environment, text: str):
    file = dev.folder / ".sandbox" / "stacks" / "dev.json"
    before, made = file.read_text(), counts(dev)
    file.write_text(text)
    try:
        result = dev.sandbox(*UP, code=None)
        after = file.read_text()
    finally:
        file.write_text(before)

    assert (result.returncode, after) == (1, text)
    first, *rest = the_error(result)
    assert first == "error: the state of stack dev cannot be read; nothing was changed"
    assert str(file) in rest[0]
    assert any(line.startswith("  move it away to begin with an empty state: mv ") for line in rest)
    assert counts(dev) == made


@pytest.fixture
def small_disk(new_environment: Environment) -> Iterator[Path]:
    """The state's folder on a disk of its own, of 96 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = new_environment.folder / ".sandbox"
    tools = (folder / "tools").readlink()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m,mode=700", "small", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    (folder / "tools").symlink_to(tools)
    try:
        yield folder
    finally:
        new_environment.stop()
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, bytes_left: int) -> Path:
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - bytes_left)
    return filler


def test_on_a_full_disk_nothing_is_begun(new_environment: Environment, small_disk: Path):
    fill(small_disk, 1 << 20)

    first, second = the_error(new_environment.sandbox(*UP, code=1))

    assert first == f"error: {small_disk} cannot hold the sandbox's state: only 1 MiB are free, 64 are needed"
    assert second == "  free some space, then try again"
    assert not (small_disk / "cloud.json").exists()


def test_a_disk_that_is_full_later_stops_up_before_anything_is_made(
    new_environment: Environment, small_disk: Path
):
    assert new_environment.aws["AWS_ENDPOINT_URL"]
    filler = fill(small_disk, 0)

    result = new_environment.sandbox(*UP, code=1)

    first, second = the_error(result)
    assert first.endswith(": No space left on device")
    assert second.startswith("  free some space, then ")
    assert counts(new_environment) == {}
    filler.unlink()
    again = new_environment.sandbox("preview", "--engine", "embedded").stdout
    assert "to create in" in again


def test_the_state_is_readable_by_its_owner_only(dev: Environment):
    folder = dev.folder / ".sandbox"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.json*")}
    assert set(modes.values()) == {0o600}, modes
