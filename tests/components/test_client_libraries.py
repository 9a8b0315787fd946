"""The libraries in the bundle: fetched once per CPU, pure ones once for all, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import client_bundle
from components.client_bundle import BundleError, build

PURE, COMPILED = "Root-Is-Purelib: true\n", "Root-Is-Purelib: false\n"


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("# locked\n\nCompiled_One==2.0; python_version > '3'\npure==1.0\n")
    return path


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """CPU and requirements of each call of pip, which puts in what was asked for."""
    calls: list[tuple[str, str]] = []

    def install(requirements: Path, cpu: str, target: Path) -> None:
        text = requirements.read_text("utf-8")
        calls.append((cpu, text))
        for name, kind in (("pure", PURE), ("Compiled_One", COMPILED)):
            if name in text:
                folder = target / f"{name.lower()}-1.0.dist-info"
                folder.mkdir(parents=True)
                (folder / "WHEEL").write_text(kind)
                (target / f"{name}.{cpu}").write_text(name)

    monkeypatch.setattr(client_bundle, "_run_pip", install)
    return calls


def full(*_paths: Path | str) -> None:
    """What a full disk does to a file that is to get its name."""
    raise OSError("no space left on device")


def test_only_what_is_compiled_is_fetched_for_the_second_cpu(locked, fetched, tmp_path):
    names = zipfile.ZipFile(build([], locked, tmp_path / "build").path).namelist()

    assert fetched == [
        ("x86_64", "Compiled_One==2.0; python_version > '3'\npure==1.0\n"),
        ("aarch64", "Compiled_One==2.0; python_version > '3'\n"),
    ]
    assert names == ["Compiled_One.aarch64", "Compiled_One.x86_64", "pure.x86_64"]


def test_pure_libraries_are_fetched_once(locked, fetched, tmp_path):
    locked.write_text("pure==1.0\n")
    build([], locked, tmp_path / "build")

    assert fetched == [("x86_64", "pure==1.0\n")]


def test_what_was_fetched_is_not_fetched_again(locked, fetched, tmp_path):
    first = build([], locked, tmp_path / "build")

    assert build([], locked, tmp_path / "build") == first
    assert len(fetched) == 2
    locked.write_text("pure==1.1\n")
    build([], locked, tmp_path / "build")
    assert fetched[2:] == [("x86_64", "pure==1.1\n")]


def test_a_bundle_that_is_there_is_not_written_again(locked, fetched, tmp_path):
    path = Path(build([], locked, tmp_path / "build").path)
    path.write_bytes(b"as it was")

    build([], locked, tmp_path / "build")
    assert path.read_bytes() == b"as it was"


def test_a_run_at_the_same_time_may_have_fetched_them_first(locked, fetched, tmp_path, monkeypatch):
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        (target / "by-the-other").mkdir(parents=True)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    locked.write_text("pure==1.0\n")

    build([], locked, tmp_path / "build")
    (folder,) = (tmp_path / "build").glob("libraries-*")
    assert [item.name for item in folder.iterdir()] == ["by-the-other"]
    assert not list((tmp_path / "build").glob("installing-*"))


def test_libraries_that_cannot_be_put_in_place_are_an_error(locked, fetched, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "rename", full)

    with pytest.raises(OSError, match="no space left on device"):
        build([], locked, tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []


def test_a_bundle_that_cannot_be_written_leaves_nothing(locked, fetched, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", full)

    with pytest.raises(OSError, match="no space left on device"):
        build([], locked, tmp_path / "build")
    assert not [item.name for item in (tmp_path / "build").iterdir() if item.is_file()]


def test_the_zip_is_readable_for_everyone_and_so_is_what_is_in_it(locked, fetched, tmp_path):
    path = Path(build([], locked, tmp_path / "build").path)

    assert path.stat().st_mode & 0o777 == 0o644
    items = zipfile.ZipFile(path).infolist()
    assert {(item.create_system, item.external_attr, item.compress_type) for item in items} == {
        (3, 0o100644 << 16, zipfile.ZIP_DEFLATED)
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "/usr/bin/python: No module named pip",
            f"the client bundle needs pip beside {sys.executable}: run `{sys.executable} -m ensurepip`",
        ),
        (
            "ERROR: Could not find a version\nERROR: No matching distribution found for pure==9\nnotice: new pip",
            "the client bundle cannot be built: ERROR: No matching distribution found for pure==9 (ready-made wheels "
            "for Linux x86_64, Python 3.11)",
        ),
        (
            "WARNING: Retrying after error\nERROR: Could not find\nERROR: No matching distribution found for pure==9\n",
            "the client bundle cannot be built: pip could not download its libraries. Go online once, set "
            "PIP_INDEX_URL, or PIP_FIND_LINKS=<folder of wheels> with PIP_NO_INDEX=1. Nothing was deployed. pip said: "
            "ERROR: Could not find / ERROR: No matching distribution found for pure==9",
        ),
    ],
)
def test_why_there_is_no_bundle_is_told_with_the_way_out(said, told, locked, tmp_path, monkeypatch):
    def failing(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", said)

    monkeypatch.setattr(subprocess, "run", failing)

    with pytest.raises(BundleError) as raised:
        build([], locked, tmp_path / "build")
    assert str(raised.value) == told


def test_pip_is_asked_for_ready_made_wheels_of_the_instances_system(locked, tmp_path, monkeypatch):
    commands = []

    def noting(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        Path(command[command.index("--target") + 1]).mkdir()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", noting)
    build([], locked, tmp_path / "build")

    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert {
        *("--no-deps", "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--no-input"),
        *(f"--platform={tag}_x86_64" for tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28")),
    } <= set(command)
