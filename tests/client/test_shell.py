"""`cache-cli` opens the engine's own command line on the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from client import Endpoint, InvalidEndpoint
from client.shell import shell_command

from .redis_servers import TOKEN, RedisNode

ENDPOINT = Endpoint("redis", "master.test", 6380, reader_host="replica.test", auth_token=TOKEN)


@pytest.fixture
def path(tmp_path: Path) -> str:
    program = tmp_path / "redis6-cli"
    program.touch(mode=0o755)
    return str(tmp_path)


def test_host_port_and_tls_are_filled_in_and_the_token_is_in_the_environment_only(path):
    words, environment = shell_command(ENDPOINT, ["--raw", "get", "x"], {"PATH": path, "LANG": "C"})
    assert words == [
        f"{path}/redis6-cli", "-h", "master.test", "-p", "6380", "--tls", "--sni", "master.test", "--raw", "get", "x",
    ]  # fmt: skip
    assert environment == {"PATH": path, "LANG": "C", "REDISCLI_AUTH": TOKEN}


def test_the_reader_is_opened_on_request(path):
    words, _ = shell_command(ENDPOINT, ["--reader", "info"], {"PATH": path})
    assert words[1:3] == ["-h", "replica.test"]
    assert words[-1] == "info"


def test_trusted_certificates_and_no_tls_are_passed_on(path):
    words, _ = shell_command(Endpoint("redis", "x", 1, ca_file="/ca.pem"), [], {"PATH": path})
    assert words[-2:] == ["--cacert", "/ca.pem"]
    words, environment = shell_command(Endpoint("redis", "x", 1, tls=False), [], {"PATH": path})
    assert words[1:] == ["-h", "x", "-p", "1"]
    assert "REDISCLI_AUTH" not in environment


def test_valkeys_is_taken_first(path, tmp_path):
    (tmp_path / "valkey-cli").touch(mode=0o755)
    assert shell_command(ENDPOINT, [], {"PATH": path})[0][0] == f"{path}/valkey-cli"


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        (ENDPOINT, [], "none of valkey-cli, redis6-cli, redis-cli is installed"),
        (Endpoint("redis", "x", 1), ["--reader"], "this cache has no reader endpoint"),
    ],
)
def test_what_cannot_be_opened_is_said(tmp_path, endpoint, arguments, message):
    with pytest.raises(InvalidEndpoint, match=message):
        shell_command(endpoint, arguments, {"PATH": str(tmp_path)})


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="redis-cli is not installed")
def test_it_speaks_to_a_real_server_with_tls(tmp_path, certificates):
    node = RedisNode(tmp_path / "node", certificates)
    secret = tmp_path / "token"
    secret.touch(mode=0o600)
    secret.write_text(TOKEN)
    variables = {
        "CACHE_HOST": "127.0.0.1",
        "CACHE_PORT": str(node.port),
        "CACHE_AUTH_FILE": str(secret),
        "CACHE_CA_FILE": str(certificates.authority),
    }
    try:
        result = subprocess.run(
            [sys.executable, "-m", "client.shell", "ping"],
            cwd=Path(__file__).resolve().parents[2], env={**os.environ, **variables}, capture_output=True, timeout=20,
        )  # fmt: skip
    finally:
        node.stop()
    assert (result.returncode, result.stdout, result.stderr) == (0, b"PONG\n", b"")


def test_without_a_cache_it_ends_with_one_line_and_2():
    variables = {name: value for name, value in os.environ.items() if not name.startswith("CACHE_")}
    result = subprocess.run(
        [sys.executable, "-m", "client.shell"],
        cwd=Path(__file__).resolve().parents[2], env=variables, capture_output=True, timeout=20,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.startswith(b"error: where is the cache?")
    assert result.stderr.count(b"\n") == 1
