"""What a whole life of the default environment calls is in its deploy policy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .environment import REPOSITORY

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(300)]


def test_every_call_of_a_new_record_is_in_the_committed_one(tools_ready: None, tmp_path: Path):
    script = REPOSITORY / "scripts" / "deploy-policy"
    command = [sys.executable, str(script), "dev", "--folder", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=280)

    new = json.loads((tmp_path / "recorded.json").read_text("utf-8"))
    committed = json.loads(
        (script.parents[1] / "docs" / "deploy-policy" / "recorded.json").read_text("utf-8")
    )

    assert new["stacks"]["dev"] == committed["stacks"]["dev"]
    calls = {(kind, action) for kind, actions in new["types"].items() for action in actions}
    known = {(kind, action) for kind, actions in committed["types"].items() for action in actions}
    assert len(calls) > 100
    assert calls - known == set()
