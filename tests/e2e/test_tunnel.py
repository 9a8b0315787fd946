"""A laptop's own view of the cache, through Session Manager and an instance of the sandbox."""

from __future__ import annotations

import json

import pytest

from .environment import Environment

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(400)]


def test_a_laptop_reads_what_an_instance_wrote(dev: Environment):
    dev.client("put", "Tunnel", "Oslo", "--from", "instances")
    assert dev.client("get", "Tunnel", "--tunnel", "app").stdout == "Oslo\n"
    dev.client("delete", "Tunnel", "--tunnel", "app")
    dev.client("get", "Tunnel", "--from", "instances", code=1)


def test_every_check_holds_through_the_tunnel_with_the_real_names_in_tls(dev: Environment):
    report = json.loads(dev.client("verify", "--tunnel", "app", "--json").stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert {check["where"] for check in checks.values()} == {"through-app"}
    assert [check for check in checks.values() if not check["ok"]] == []
    assert {"tls-with-the-right-name", "tls-with-a-wrong-name-fails", "replica-refuses-writes"} <= set(checks)
    assert dev.outputs()["host"] in checks["roles-match-the-names"]["evidence"]


def test_the_groups_of_the_instance_apply(dev: Environment):
    """Beyond the cache's port nothing is open to the instance, so that nothing is through the tunnel."""
    ssm = dev.boto("ssm")
    target = dev.outputs()["client_instance_ids"]["app"]
    for parameters in ({}, {"host": [dev.outputs()["host"]], "portNumber": ["none"]}):
        with pytest.raises(ssm.exceptions.ClientError, match="InvalidParameters"):
            ssm.start_session(
                Target=target,
                DocumentName="AWS-StartPortForwardingSessionToRemoteHost",
                Parameters=parameters,
            )
    code = (
        "import socket, sys; from client.tunnel import Tunnel\n"
        f"with Tunnel({target!r}, {dev.outputs()['host']!r}, 6380) as tunnel:\n"
        "    sock = socket.create_connection(tunnel.address, 20)\n"
        "    print(sock.recv(1))"
    )
    assert dev.python("-c", code, env=dev.aws).stdout == "b''\n"


def test_an_instance_that_is_not_there_is_one_line_and_3(dev: Environment):
    result = dev.client("get", "x", "--tunnel", "i-0123456789abcdef0", code=3)
    assert "Systems Manager does not reach the instance" in result.stderr
    assert "there is no client instance 'ap'" in dev.client("get", "x", "--tunnel", "ap", code=2).stderr
