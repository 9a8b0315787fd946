"""Fixtures for the tests of the components."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.recorder import Deployment
from tests.recorder import deploy as run_under_recorder


@pytest.fixture
def deploy() -> Callable[..., Deployment]:
    """Run a program under the recorder: see tests.recorder.deploy for what it takes and gives."""
    return run_under_recorder
