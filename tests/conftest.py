"""What all tests share: moto as the sandbox sets it up, and places that tests at the same time do not share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples each time, and no limit on the time of one: a machine may be busy.
settings.register_profile("project", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("project")

# moto reads these when it is imported, which some test does first: all see what the sandbox's server asks for.
os.environ |= {"MOTO_ENABLE_AMI_VALIDATION": "true", "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true"}

# They share one default environment, which takes ten seconds to make.
ON_DEV = ("test_dev.py", "test_drill.py", "test_faults.py", "test_interruptions.py", "test_refusals.py")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a Unix socket, which has 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def one_bundle() -> Iterator[None]:
    """Build each of the clients' bundles once: reading their libraries takes as long as all the rest of a program."""
    from components import client_bundle

    build, built = client_bundle.build, {}

    def once(*arguments: Any) -> client_bundle.Bundle:
        key = repr(arguments)
        if key not in built:
            built[key] = build(*arguments)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_bundle, "build", once)
        yield


@pytest.fixture(scope="session")
def worker_number() -> int:
    """Which of the processes that run tests at the same time this is; 0 when there is one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what shares servers, in the order of the collection, for `--dist loadgroup`.

    Not by `xdist_group` marks: xdist 3.8 tells them by a change of the test's id that pytest 9.2 does not see, so they
    did nothing.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByServers(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return servers_of(nodeid.split("::")[0])

    return ByServers(config, log) if config.getvalue("dist") == "loadgroup" else None


def servers_of(file: str) -> str:
    """What a file of tests shares servers with: its folder, the default environment, or nothing but itself."""
    folder, _, name = file.rpartition("/")
    if folder.endswith("e2e") and name in ON_DEV:
        return f"{folder} on dev"
    return folder if folder.rpartition("/")[0].endswith("sandbox") else file
