"""What needs no namespaces: user data, code archives, names of certificates, the log of an invocation."""

from __future__ import annotations

import base64
import gzip
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.api import function_logs
from sandbox.hosts.certificates import CertificateAuthority
from sandbox.hosts.errors import HostsError
from sandbox.hosts.machines.boots import UserDataError, script_of
from sandbox.hosts.machines.code import unpack
from sandbox.hosts.machines.image import subject_hash

from .conftest import archive


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_user_data_may_be_compressed() -> None:
    script = b"#!/bin/sh\ntrue\n"
    assert script_of(encoded(script)) == script_of(encoded(gzip.compress(script))) == script.decode()


def test_no_user_data_is_no_script() -> None:
    assert script_of("") == ""


def test_user_data_that_is_no_script_is_refused() -> None:
    with pytest.raises(UserDataError, match="must start with #!"):
        script_of(encoded(b"#cloud-config\npackages: [redis6]\n"))


@pytest.mark.parametrize(("mode", "expected"), [(0o644, 0o444), (0o755, 0o555), (0o600, 0), (0, 0o444)])
def test_code_may_be_read_by_its_runtime_as_by_others(tmp_path: Path, mode: int, expected: int) -> None:
    unpack(archive({"package/app.py": "1"}, mode), tmp_path)
    assert (tmp_path / "package/app.py").stat().st_mode & 0o777 == expected


@pytest.mark.parametrize("name", ["../app.py", "/app.py"])
def test_code_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(HostsError, match=r"outside of itself"):
        unpack(archive({name: "1"}), tmp_path / "code")
    assert not (tmp_path / "app.py").exists()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("name", ["aws-cache sandbox", "Two  Spaces CA"])
def test_an_authority_is_found_under_the_name_that_openssl_looks_for(name: str) -> None:
    certificate = CertificateAuthority.create(name).certificate_pem
    argv = ["openssl", "x509", "-hash", "-noout"]
    said = subprocess.run(argv, input=certificate, capture_output=True, text=True, check=True).stdout
    assert subject_hash(certificate) == said.strip()


class Logs:
    """The log groups of moto, as far as an invocation uses them."""

    def __init__(self) -> None:
        self.groups = {"/aws/lambda/f": SimpleNamespace(streams={})}
        self.events: list[dict] = []

    def ensure_log_group(self, name: str) -> None:
        assert name in self.groups

    def create_log_stream(self, group: str, stream: str) -> None:
        self.groups[group].streams[stream] = True

    def put_log_events(self, group: str, stream: str, events: list[dict]) -> None:
        self.events += events


def test_the_callers_part_of_the_log_is_its_last_four_kilobytes() -> None:
    logs = Logs()
    function = SimpleNamespace(logs_backend=logs, logs_group_name="/aws/lambda/f", memory_size=256)
    lines = [[1.0, f"line {number:04d}"] for number in range(600)]
    answer = {"request_id": "r", "duration_ms": 12.345, "init_ms": None, "memory_mib": 30, "stream": "s"}
    told = {**answer, "start_log": [], "log": lines}
    tail = base64.b64decode(function_logs.write(function, told, keep=True)).decode()
    assert len(tail) == 4096
    report = "REPORT RequestId: r\tDuration: 12.35 ms\tBilled Duration: 13 ms\t"
    report += "Memory Size: 256 MB\tMax Memory Used: 30 MB\t"
    assert tail.endswith(f"line 0599\nEND RequestId: r\n{report}\n")
    assert len(logs.events) == 603
