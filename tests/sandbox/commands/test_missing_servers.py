"""A machine without a server program: what needs it is refused before anything is made, all else comes up."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from types import SimpleNamespace

import pytest
from rich.console import Console

from sandbox import servers
from sandbox.api.context import Context
from sandbox.api.databases import server as databases
from sandbox.api.server import ApiServer
from sandbox.commands import engine as engines
from sandbox.commands.deployments import conclude
from sandbox.deploy.project import Project
from sandbox.display import Display

PROGRAM = """
import pulumi
import pulumi_aws as aws

first = aws.cloudwatch.LogGroup("first", name="needs-no-server")
if {with_cache}:
    options = pulumi.ResourceOptions(depends_on=[first])
    aws.elasticache.ReplicationGroup("cache", description="needs a server", opts=options)
"""
REFUSAL = "redis cannot run here: it is not installed; install it"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    server = ApiServer(Context(tmp_path_factory.mktemp("cloud")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cloud(api):
    """What the commands need of a cloud."""
    record = SimpleNamespace(access_key_id="key", secret_access_key="secret")
    return SimpleNamespace(endpoint_url=api.url, region="eu-west-1", record=record)


@pytest.fixture
def deploy(cloud, tmp_path, monkeypatch):
    """Runs a program as the commands do where redis-server is missing: exit code, and what a person sees."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")

    def deploy(operation, with_cache):
        (tmp_path / "__main__.py").write_text(PROGRAM.format(with_cache=with_cache))
        project, shown, errors = Project.load(tmp_path, "dev"), io.StringIO(), io.StringIO()
        display = Display(console=Console(file=shown, width=200))
        with contextlib.redirect_stderr(errors):
            missing = {"redis": REFUSAL}
            result = engines.run("embedded", operation, project, cloud, display, lambda: missing)
            code = conclude(result, operation, project, display)
        return code, shown.getvalue(), errors.getvalue()

    return deploy


def log_groups(api):
    """What the API has, asked as an SDK asks it."""
    import boto3

    logs = boto3.client(
        "logs",
        endpoint_url=api.url,
        region_name="eu-west-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    return [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]


def test_a_cache_whose_server_is_missing_is_refused_before_anything_is_made(api, deploy):
    code, shown, errors = deploy("up", with_cache=True)
    token = "aws:elasticache/replicationGroup:ReplicationGroup"
    assert (code, shown) == (1, "")
    assert errors == f"error: {token} cache: engine: {token}: {REFUSAL}\n"
    assert "needs-no-server" not in log_groups(api)

    code, shown, errors = deploy("preview", with_cache=True)
    assert (code, errors.count(REFUSAL)) == (1, 1)

    code, shown, errors = deploy("up", with_cache=False)
    assert (code, errors) == (0, "")
    assert "2 created" in shown
    assert "needs-no-server" in log_groups(api)


def test_what_is_missing_is_told_by_engine_with_the_way_out(tmp_path, monkeypatch):
    redis = tmp_path / "redis-server"
    redis.write_text("#!/bin/sh\necho v=6.0.16\n")
    redis.chmod(0o755)
    monkeypatch.setattr(databases, "PATH", str(tmp_path))
    way = "install it with: apt-get install"
    assert servers.missing() == {
        "redis": f"redis cannot run here: {redis} is 6.0.16, older than 6.2; {way} redis-server",
        "valkey": "valkey cannot run here: valkey-server is not installed; "
        f"{redis} is 6.0.16, older than 6.2; {way} redis-server",
        "memcached": f"memcached cannot run here: memcached is not installed; {way} memcached",
        "mysql": f"mysql cannot run here: MariaDB is not installed; {way} mariadb-server",
    }
    assert servers.why_missing("oracle-ee") is None, "refused by the API itself"


def test_nothing_is_missing_where_all_servers_are():
    for name in ("redis-server", "memcached", "mariadbd"):
        if shutil.which(name, path=databases.PATH) is None:
            pytest.skip(f"{name} is not installed")
    assert servers.missing() == {}
