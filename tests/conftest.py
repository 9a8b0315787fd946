"""What all tests share: moto as the sandbox sets it up, and places that tests at the same time do not share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, and no limit on the time of one: a machine may be busy.
settings.register_profile("project", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("project")

# moto reads these when it is imported, which some test does first: all see what the sandbox's server asks for.
os.environ |= {"MOTO_ENABLE_AMI_VALIDATION": "true", "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true"}


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a Unix socket, which has 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def worker_number() -> int:
    """Which of the processes that run tests at the same time this is; 0 when there is one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, for `--dist loadgroup`, what shares servers: a folder of the sandbox's tests, else a file."""
    for item in items:
        folder = item.path.parent
        shares = folder.parent.name == "sandbox" and folder.parent.parent.name == "tests"
        item.add_marker(pytest.mark.xdist_group(str(folder if shares else item.path)))
