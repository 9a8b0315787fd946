"""Whole environments in the sandbox, as a person brings them up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hosts import available, tools

from .environment import REPOSITORY, Environment


@pytest.fixture(scope="session")
def tools_ready() -> None:
    """The instances' tools, made once for all environments; skips where hosts cannot be made."""
    reason = available()
    if reason:
        pytest.skip(f"the sandbox's hosts cannot be made here: {reason}")
    tools.ensure(REPOSITORY / ".sandbox" / "tools")


@pytest.fixture
def new_environment(tools_ready: None, tmp_path: Path) -> Iterator[Environment]:
    """A project folder in which nothing was brought up yet."""
    with Environment(tmp_path) as environment:
        yield environment


@pytest.fixture(scope="session")
def dev(tools_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The default environment, up; tests that share it leave it as it is."""
    with Environment(tmp_path_factory.mktemp("dev")) as environment:
        environment.up()
        yield environment
