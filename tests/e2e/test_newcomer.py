"""A newcomer's path, word for word: every command block of the README, in a folder like a fresh clone's."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .environment import REPOSITORY

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(600)]

README = (REPOSITORY / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
TYPED = "cache-cli PING\nexit\n"
"""What a person types into the shell that a block opens."""
# The tests do not start themselves; what else it takes is the same as `make demo`'s.
NOT_RUN = {"make test"}


class Newcomer:
    """A person with a fresh clone, who types what the README shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
        for name in filter(None, files.split("\0")):
            if (REPOSITORY / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, folder / name)
        # What takes a download is there already: the environment, the instances' tools and wheels.
        for name in (".venv", ".sandbox/tools", "build/client-bundle"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(REPOSITORY / name)
        self._programs = folder / "build" / "bin"
        self._programs.mkdir()
        self._make_pulumi()

    def _make_pulumi(self) -> None:
        """Put what the sandbox does in pulumi's place; the real one is tests/e2e/test_engine.py's."""
        python = shlex.quote(str(self.folder / ".venv" / "bin" / "python"))
        script = self._programs / "pulumi"
        cases = {
            "stack init dev": "true",
            "up": f"exec {python} -m sandbox up --engine embedded",
            "stack output --json": f"exec {python} -m sandbox outputs --json",
        }
        lines = [f'"{words}") {does} ;;' for words, does in cases.items()]
        script.write_text("\n".join(["#!/bin/sh", 'case "$*" in', *lines, "*) exit 2 ;;", "esac\n"]))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def types(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a line in bash."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "PULUMI_", "CACHE_", "MAKE", "MFLAGS"))
        }
        # It would be taken for the real one by whatever else looks for it.
        path = os.pathsep.join([str(self._programs), kept["PATH"]] if "pulumi " in line else [kept["PATH"]])
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={**kept, "PATH": path, "NO_COLOR": "1", **variables},
            input=TYPED,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def credentials(self) -> dict[str, str]:
        """What a person has who has an account: here the sandbox's."""
        words = shlex.split(self.types(".venv/bin/python -m sandbox env").stdout, comments=True)
        return dict(word.split("=", 1) for word in words if "=" in word)


@pytest.fixture(scope="module")
def newcomer(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    person = Newcomer(tmp_path_factory.mktemp("clone"))
    yield person
    person.types(".venv/bin/python -m sandbox stop")


def shown_by(line: str, said: str, newcomer: Newcomer) -> bool:
    """Say whether a line did what the README promises of it."""
    if line.startswith("make demo"):
        report = newcomer.folder / "build" / "demo" / "report"
        return "\nPASSED: " in said and all(
            report.with_suffix(end).exists() for end in (".html", ".json", ".xml")
        )
    promises = {
        "status": r"^cache-\w+ .* primary ",
        "shell app": r"^PONG$",
        "up": r"unchanged|created",
        "stop": r"^stopped$",
        "stack init dev": r"",
        "verify": r"^PASSED: 32 of 32 checks passed",
        "failover": r"^\d+ writes acknowledged, 0 lost, 0 doubled",
    }
    wanted = [pattern for word, pattern in promises.items() if re.search(rf" {word}\b", line)]
    assert len(wanted) == 1, f"nobody says what {line!r} promises"
    return re.search(wanted[0], said, re.MULTILINE) is not None


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_does_what_the_readme_says(newcomer: Newcomer, number: int):
    lines = [line.partition(" #")[0].strip() for line in BLOCKS[number].splitlines()]
    needs_account = any("pulumi" in line for line in lines)
    if needs_account:
        newcomer.types(".venv/bin/python -m sandbox up")
    variables = newcomer.credentials() if needs_account else {}
    for line in lines:
        if line not in NOT_RUN:
            result = newcomer.types(line, **variables)

            said = f"{result.stdout}\n{result.stderr}"
            assert result.returncode == 0, f"{line}\n{said}"
            assert shown_by(line, said, newcomer), f"{line}\n{said}"


def test_all_blocks_but_the_tests_are_run():
    lines = {line for text in BLOCKS for line in text.splitlines()}

    assert len(BLOCKS) == 4
    assert lines >= NOT_RUN
