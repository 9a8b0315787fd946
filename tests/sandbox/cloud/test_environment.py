"""The variables that point other programs at a sandbox."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from sandbox.cloud import Cloud
from sandbox.environment import aws_variables, client_variables, pulumi_variables, shell_lines
from sandbox.state import StateFolder

from .test_state import RECORD


@pytest.fixture
def folder(tmp_path):
    folder = StateFolder(tmp_path)
    folder.create()
    return folder


@pytest.fixture
def cloud(folder, monkeypatch):
    monkeypatch.setattr(Cloud, "provider_port", lambda self: 4711)
    return Cloud(folder, RECORD)


def test_an_sdk_gets_endpoint_region_and_credentials(cloud, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet,127.0.0.1")
    assert aws_variables(cloud) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:2",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "intranet,127.0.0.1",
    }


def test_an_engine_gets_the_provider_a_backend_and_a_passphrase_of_its_own(cloud, folder):
    variables = pulumi_variables(cloud, folder)
    assert variables["PULUMI_DEBUG_PROVIDERS"] == "aws:4711"
    assert variables["PULUMI_BACKEND_URL"] == f"file://{folder.pulumi}/abc"
    assert variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert variables["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    passphrase = folder.passphrase_file
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(passphrase)
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    text = passphrase.read_text()
    assert len(text) > 30
    pulumi_variables(cloud, folder)
    assert passphrase.read_text() == text


def test_the_client_trusts_the_certificates_of_this_sandbox(folder):
    assert client_variables(folder) == {"CACHE_CA_FILE": str(folder.path / "authority.pem")}


def test_a_shell_takes_the_lines_whatever_the_values_hold():
    value = "a b'c\"$HOME`id`;#\\"
    script = "\n".join([*shell_lines({"ODD": value}), 'printf "%s|%s" "$ODD" "$AWS_PROFILE"'])
    environment = {**os.environ, "AWS_PROFILE": "work"}
    answer = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{value}|"
