"""docs/client.md names whatever a person can meet, and its Python runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from client import errors, exits, memcached_checks, redis_checks, sources
from client.cache_aside import CacheAside, CacheAsideStatus
from client.command_line import client
from client.commands._options import _OPTIONS

from .redis_servers import RedisNode
from .test_command_line import environment  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "client.md").read_text("utf-8")
ERRORS = [
    name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CacheError)
]


@pytest.mark.parametrize("name", client.list_commands(None))
def test_every_command_has_a_section_and_those_of_a_table_a_sample(name):
    headings = [line.lstrip("# ").split(", ") for line in TEXT.splitlines() if line.startswith("### ")]
    assert name in [word for words in headings for word in words]
    if not client.get_command(None, name).hidden:
        assert re.search(rf"^\$ .*(cache-client|-m client) {name}\b", TEXT, re.MULTILINE), "a sample"


@pytest.mark.parametrize("name", client.list_commands(None))
def test_every_option_is_named(name):
    for option in client.get_command(None, name).params:
        for word in option.opts:
            assert f"`{word}" in TEXT or f"[{word} " in TEXT or not word.startswith("--"), word


def test_every_common_option_has_a_row():
    assert _OPTIONS
    rows = [line for line in TEXT.splitlines() if line.startswith("| `--")]
    assert len(rows) == len(_OPTIONS) - 1, "a row each; --junit and --html share one"


@pytest.mark.parametrize("module", [redis_checks, memcached_checks])
def test_every_check_has_its_row_with_its_claim(module):
    for check in module.CHECKS:
        assert f"| `{check.name}` | {check.claim} |" in TEXT


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_has_a_row_and_its_exit_code_a_row(name):
    assert f"| `{name}` |" in TEXT
    assert f"\n| {getattr(errors, name).exit_code} | " in TEXT


@pytest.mark.parametrize("code", [0, exits.USAGE, exits.INTERRUPTED])
def test_every_other_exit_code_has_a_row(code):
    assert f"\n| {code} | " in TEXT


def test_every_cause_of_doctor_is_named():
    files = [*(ROOT / "client").glob("*doctor.py"), ROOT / "client" / "diagnosis.py"]
    causes = {
        cause for file in files for cause in re.findall(r'\bIll\(\s*f?"([a-z-]+)"', file.read_text("utf-8"))
    }
    assert len(causes) > 10
    assert {cause for cause in causes if f"`{cause}`" not in TEXT} == set()


def test_every_variable_is_named():
    variables = set(re.findall(r'"((?:CACHE|AWS)_[A-Z_]+)"', inspect.getsource(sources)))
    assert len(variables) > 6
    assert {name for name in variables if f"`{name}`" not in TEXT} == set()


def test_every_argument_and_counter_of_cache_aside_is_named():
    arguments = [
        name for name in inspect.signature(CacheAside).parameters if name not in ("client", "namespace")
    ]
    for name in [*arguments, *CacheAsideStatus.__dataclass_fields__]:
        assert f"`{name}`" in TEXT, name


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_the_python_runs(block, environment, node: RedisNode):  # noqa: F811
    node.command("FLUSHALL")
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
