"""What importing the package costs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(code: str) -> str:
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def test_importing_it_loads_no_third_party_module():
    code = (
        "before = set(sys.modules); from client import Endpoint, connect; "
        "print(*sorted({n.split('.')[0] for n in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    assert run(code).split() == ["client"]


def test_the_help_of_the_command_line_imports_click_and_no_command():
    code = (
        "before = set(sys.modules); from client.command_line import run; run(['--help']); "
        "print('LOADED', *sorted(name for name in set(sys.modules) - before "
        "if name.partition('.')[0] not in sys.stdlib_module_names | {'click'}))"
    )
    loaded = "client client.command_line client.commands client.endpoint client.errors client.exits"
    assert run(code).split("LOADED")[1].split() == loaded.split()


def test_without_hiredis_as_in_a_function_it_works_and_says_which_parser_it_uses(node):
    code = (
        f"sys.path += {sys.path!r}; sys.modules['hiredis'] = None; from client import Endpoint, connect; "
        f"cache = connect(Endpoint('redis', '127.0.0.1', {node.port}, tls=False, auth_token={node.token!r}), 5); "
        "cache.set_many({'a': 'x' * 100_000, 'b': '2'}, ttl_seconds=60); "
        "print(cache.library, len(cache.get('a')), cache.get('none'), cache.increment('b'), sep=', ')"
    )
    assert run(code).strip().split(", ")[1:] == ["Python parser", "100000", "None", "3"]


def test_every_public_name_exists():
    import client

    assert [name for name in client.__all__ if not hasattr(client, name)] == []


@pytest.mark.parametrize("name", ["redis_client.RedisClient", "memcached_client.MemcachedClient"])
def test_every_call_of_a_client_says_what_it_raises(name):
    module, _, kind = name.partition(".")
    client = getattr(importlib.import_module(f"client.{module}"), kind)
    calls = {
        name: inspect.getdoc(call) or ""
        for name, call in inspect.getmembers(client, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }
    assert len(calls) >= 7
    silent = {name for name, text in calls.items() if "Raises" not in text.split()}
    # Without cluster mode every key has the same owner: nothing is asked.
    assert silent <= ({"node_for"} if kind == "RedisClient" else set())


def test_type_checkers_may_rely_on_its_annotations():
    assert (ROOT / "client" / "py.typed").is_file()
