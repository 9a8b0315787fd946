from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.hosts import interpreter, tools


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the interpreter that runs these tests."""
    return interpreter.copy(interpreter.describe(sys.executable), tmp_path_factory.mktemp("python") / "copy")


def test_a_copied_python_uses_nothing_outside_its_folder(python: Path) -> None:
    home = python.parents[1]
    script = """
import ctypes, sqlite3, ssl, sys, zlib
print(sys.version_info[:3], sys.prefix, sys.path)
print({line.split()[-1] for line in open("/proc/self/maps") if "python3" in line and "/lib-dynload/" not in line})
"""
    said = subprocess.run(
        [python, "-I", "-c", script], env={}, capture_output=True, text=True, check=True
    ).stdout
    version, places = said.splitlines()
    assert version.startswith(f"{sys.version_info[:3]} {home} ")
    assert [place for place in eval(places) if not place.startswith(f"{home}/")] == []


def test_a_copied_python_may_be_moved(python: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    subprocess.run(["cp", "-a", python.parents[1], moved], check=True)
    argv = [moved / "bin" / "python3", "-I", "-c", "import sys; print(sys.prefix)"]
    assert subprocess.run(argv, env={}, capture_output=True, text=True, check=True).stdout == f"{moved}\n"


def test_a_shared_build_that_names_no_folder_is_started_by_a_script(python: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-a", python.parents[1], folder], check=True)
    executable = folder / "bin" / python.name
    interpreter._wrap(executable, folder)
    said = interpreter.describe(str(executable))
    assert said is not None
    assert said.executable == folder / "libexec" / python.name
    assert said.library.is_relative_to(folder)


def test_without_the_package_index_it_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(tools.ToolsError, match=r"cannot install awscli .* needs the package index once"):
        tools.ensure(tmp_path / "tools")
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [".lock"]


def test_what_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(home: Path, source: interpreter.Interpreter, progress: tools.Progress) -> None:
        made.append(home)
        home.mkdir()
        (home / "tools.json").write_text('{"python": "p", "python_version": "3.11.9", "notes": ["n"]}')

    monkeypatch.setattr(tools, "_make", make)
    first, second = tools.ensure(tmp_path), tools.ensure(tmp_path)
    assert first == second == tools.Tools(made[0], "p", "3.11.9", ("n",))
    assert len(made) == 1


def test_another_lock_makes_other_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = interpreter.describe(sys.executable)
    before = tools._key(source)
    (tmp_path / "lock").write_text("awscli==0\n")
    monkeypatch.setattr(tools, "LOCK", tmp_path / "lock")
    assert tools._key(source) != before


@pytest.fixture
def made_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says what the tools are made from; making them takes no interpreter and no package index."""

    def copy(source: interpreter.Interpreter, folder: Path) -> Path:
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python3").touch()
        return folder / "bin" / "python3"

    monkeypatch.setattr(interpreter, "copy", copy)
    monkeypatch.setattr(tools, "_install", lambda *arguments: None)
    monkeypatch.setattr(tools, "_compile", lambda *arguments: None)
    monkeypatch.setattr(tools, "LOCK", tmp_path / "lock")

    def say(text: str) -> None:
        (tmp_path / "lock").write_text(text)

    return say


def test_tools_that_machines_use_outlive_others_being_made(
    tmp_path: Path, made_from: Callable[[str], None]
) -> None:
    folder = tmp_path / "tools"
    made_from("one")
    used, handle = tools.hold(folder)
    made_from("another")
    others = tools.ensure(folder)

    with handle:
        assert others != used
        assert (used.folder / "python" / "bin" / "python3").exists()
        assert tools.held(folder) == used
    made_from("a third")
    tools.ensure(folder)
    assert tools.held(folder) is None
    assert not used.folder.exists()
    assert not others.folder.exists()


def test_nobody_holds_what_is_not_there(tmp_path: Path) -> None:
    assert tools.held(tmp_path / "tools") is None
