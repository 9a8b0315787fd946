"""Which tests need a real Pulumi engine, and what else it needs to run Python programs."""

from __future__ import annotations

import shutil

import pytest

NEEDS_ENGINE = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="there is no pulumi command on PATH"),
    pytest.mark.skipif(
        shutil.which("pulumi-language-python-exec") is None,
        reason="the pulumi on PATH cannot run Python programs",
    ),
]
