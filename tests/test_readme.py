"""What the README shows is so: its settings, its report of problems, its Python, its tables, its pictures.

Its commands are run in tests/e2e/test_newcomer.py.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml
from packaging.version import Version

import client
import settings
from client import CacheRefused, CacheUnreachable, CheckFailed, exits
from components.problems import ConfigurationError
from settings_report import SECTIONS
from tests.client.redis_servers import TOKEN, RedisNode
from tests.commands import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
LAYOUT = BLOCKS[-1][1]


def block(kind):
    """The only block of a kind, but the layout's."""
    (text,) = [text for word, text in BLOCKS if word == kind and text != LAYOUT]
    return text


def check(**changes):
    config = yaml.safe_load(block("yaml"))["config"]
    for section, values in changes.items():
        config[f"aws-cache:{section}"] = {**config.get(f"aws-cache:{section}", {}), **values}
    return settings.check(config, "aws-cache", "dev")


def test_no_block_is_of_a_kind_that_no_test_reads():
    assert {kind for kind, _ in BLOCKS} == {"console", "yaml", "python", ""}


def test_the_environment_is_a_right_one():
    checked = check()

    assert (checked.cache["replicas"], checked.instances["instances"], checked.function) == (1, ["app"], {})


def test_the_problems_are_told_as_shown():
    with pytest.raises(ConfigurationError) as told:
        check(
            cache={"replicas": 9, "maintenance_window": "sun:05:00-sun:05:30"},
            network={"availability_zone": "eu-west-1a"},
        )

    wanted, found = block("").splitlines(), f"error: {told.value}".splitlines()
    assert (wanted[0], sorted(wanted[1:])) == (found[0], sorted(found[1:]))


def test_the_python_runs(tmp_path):
    node = RedisNode(tmp_path / "node")
    place = {"CACHE_HOST": "127.0.0.1", "CACHE_READER_HOST": "127.0.0.1", "CACHE_TLS": "false"}
    try:
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", block("python")],
            cwd=ROOT,
            env={**place, "CACHE_PORT": str(node.port), **credentials(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        visits = node.command("GET", "visits")
    finally:
        node.stop()

    assert (result.returncode, result.stderr) == (0, "")
    assert visits == b"1"


def credentials(folder):
    file = folder / "token"
    file.touch(mode=0o600)
    file.write_text(TOKEN)
    return {"CACHE_AUTH_FILE": str(file)}


def test_every_section_has_its_row_and_there_is_no_other():
    rows = re.findall(r"^\| `(\w+)` \| ", README, re.MULTILINE)

    assert sorted(rows) == sorted(SECTIONS)


def test_every_output_is_named_and_there_is_no_other():
    program = (ROOT / "__main__.py").read_text("utf-8")
    exported = set(re.findall(r'^    "(\w+)": ', program.split("\noutputs = {")[1], re.MULTILINE))
    told = README.split("Stack outputs: ")[1].split(" None is\nsecret")[0].split("None is secret")[0]

    assert set(re.findall(r"`(\w+)`", told)) == exported


def test_every_exit_code_is_told():
    text = " ".join(README.split("Exit codes: ")[1].split(".")[0].split())

    codes = [int(code) for code in re.findall(r"(?:^|, )(\d)", text)]
    assert codes == [
        0,
        CheckFailed.exit_code,
        exits.USAGE,
        CacheUnreachable.exit_code,
        CacheRefused.exit_code,
        exits.INTERRUPTED,
    ]


def test_every_folder_of_the_layout_is_there():
    named = re.findall(r"^(\w+/)|([\w.]+\.(?:py|yaml))", LAYOUT, re.MULTILINE)

    assert len(named) > 10
    assert [name for pair in named for name in pair if name and not (ROOT / name).exists()] == []


def test_pictures_are_small_and_have_words():
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", README)

    assert len(pictures) == 2
    for words, file in pictures:
        assert len(words) > 20
        assert (ROOT / file).stat().st_size <= 150_000


def test_the_version_has_its_changes_and_the_licence_its_text():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    version = Version(client.__version__)
    released = Version(re.findall(r"^## \[(\d[\d.]*)\] - \d{4}-\d\d-\d\d$", changes, re.MULTILINE)[0])
    unreleased = re.findall(r"^## \[Unreleased\]\n+(###)?", changes, re.MULTILINE) == ["###"]

    assert version.is_devrelease == unreleased
    assert version > released if unreleased else version == released
    assert 'license = "Apache-2.0"' in project
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text("utf-8")
