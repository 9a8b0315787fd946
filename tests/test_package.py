"""The components and the client as a package: what is installed elsewhere is whole, and the guide's program runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.commands import ROOT, programs

PACKAGES = ("client", "components", "webapp")
(PROGRAM,) = (code for code in programs("docs/guide.md") if "pulumi.run(" in code)
# The packages come from the wheel alone: the repository is asked last, for its recorder.
DRIVER = """
import json, sys
installed, repository, program = sys.argv[1:]
sys.path[:0] = [installed]
sys.path.append(repository)
import components
from tests.recorder import deploy
found = deploy(lambda: exec(compile(program, "guide", "exec"), {}))
print(json.dumps([components.__file__, found.counts(), found.stack.outputs]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.in"):
        shutil.copy(ROOT / name, source)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        target,
        source,
    ]
    subprocess.run(command, check=True, timeout=100)
    (file,) = target.iterdir()
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    return folder


def said_by_client(installed: Path, word: str) -> subprocess.CompletedProcess[str]:
    """Run the client of the wheel alone."""
    code = (
        "import runpy, sys; sys.path[:0] = [sys.argv.pop(1)]; runpy.run_module('client', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-c", code, installed, word]
    return subprocess.run(command, cwd=installed.parent, capture_output=True, text=True, check=False)


def test_every_file_of_the_packages_is_in_the_wheel_and_no_other(wheel):
    wanted = {
        file.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for file in (ROOT / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == wanted


def test_the_wheel_asks_for_what_pulumi_up_and_the_client_need(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    lines = [line.strip() for line in (ROOT / "requirements.in").read_text("utf-8").splitlines()]

    asked = map(Requirement, message_from_bytes(wheel.read(name)).get_all("Requires-Dist", []))
    assert set(asked) == {Requirement(line) for line in lines if line and not line.startswith("#")}


def test_the_wheel_has_the_version_that_its_commands_say(wheel, installed):
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    version = message_from_bytes(wheel.read(name))["Version"]

    assert said_by_client(installed, "--version").stdout == f"cache-client, version {version}\n"


def test_the_guide_s_program_runs_where_only_the_package_is(installed, tmp_path):
    command = [sys.executable, "-I", "-W", "ignore", "-c", DRIVER, installed, ROOT, PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    file, counts, outputs = json.loads(done.stdout)
    assert Path(file).is_relative_to(installed)
    assert counts["aws:elasticache/replicationGroup:ReplicationGroup"] == 2
    assert sorted(outputs) == ["basket_host", "session_host"]
    assert all(outputs.values())


def test_the_client_s_command_runs_where_only_the_package_is(installed):
    done = said_by_client(installed, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "verify" in done.stdout
