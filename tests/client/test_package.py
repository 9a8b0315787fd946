"""What importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_the_help_of_the_command_line_imports_no_library_of_a_cache_or_of_aws():
    code = (
        "from client.command_line import run; run(['--help']); "
        "print('LOADED', *sorted({'redis', 'boto3', 'botocore', 'rich', 'pygal'} & set(sys.modules)))"
    )
    assert run(code).split("LOADED")[1].split() == []


def test_every_public_name_exists():
    import client

    assert [name for name in client.__all__ if not hasattr(client, name)] == []
