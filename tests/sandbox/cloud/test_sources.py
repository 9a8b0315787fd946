"""A sandbox is known by the sources that it runs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.errors import ControlFailed, OtherSources
from sandbox.sources import PACKAGE, fingerprint


@pytest.fixture
def package(tmp_path):
    """A copy of the sandbox's sources."""
    target = tmp_path / "package"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def test_a_copy_of_the_same_sources_is_the_same(package):
    (package / "api" / "__pycache__").mkdir()
    (package / "api" / "__pycache__" / "world.pyc").write_text("compiled")
    assert fingerprint(str(package)) == fingerprint()


@pytest.mark.parametrize(
    "name", ["api/world.py", "hosts/machines/init.sh", "api/elasticache/data/engines.json", "new.py"]
)
def test_what_a_supervisor_runs_counts(package, name):
    with (package / name).open("a") as file:
        file.write("\n")
    assert fingerprint(str(package)) != fingerprint()


def test_where_a_file_lies_counts(package):
    (package / "api" / "faults.py").rename(package / "faults.py")
    assert fingerprint(str(package)) != fingerprint()


@pytest.mark.parametrize(
    "name", ["commands/deployments.py", "deploy/run.py", "api/.world.py.swp", "api/world.py~"]
)
def test_what_no_supervisor_runs_does_not_count(package, name):
    Path(package / name).write_text("# another")
    assert fingerprint(str(package)) == fingerprint()


@pytest.mark.namespaces
def test_a_sandbox_of_other_sources_says_so_when_it_does_not_understand(project):
    cloud = Cloud.start(project)
    assert not cloud.is_of_other_sources
    with pytest.raises(ControlFailed, match=r"^no control route dance$"):
        cloud.ask("dance")

    cloud.record = replace(cloud.record, sources="")
    assert cloud.is_of_other_sources
    with pytest.raises(
        OtherSources, match=r"they do not go together: no control route dance\n.*sandbox stop"
    ):
        cloud.ask("dance")
    with pytest.raises(OtherSources, match=r"they do not go together: logs failed: KeyError"):
        cloud.ask("logs")
    with pytest.raises(ControlFailed, match=r"^there is no log of nobody;"):
        cloud.logs("nobody")
