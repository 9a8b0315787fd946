"""AWS's service names from a host: who reaches the API through them, and who meets silence."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from sandbox.hosts import Hosts
from sandbox.hosts.certificates import CertificateAuthority

from .conftest import Api, Change
from .programs import PYTHON, run, until
from .worlds import CACHE, CLIENT, OUTSIDER, host, rule, vpc

pytestmark = pytest.mark.namespaces
SSM, S3 = "ssm.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"

# Arguments: the authority's PEM, method, host name, path, address ("-": ask the resolver), body length.
FETCH = """
import http.client, socket, ssl, sys
pem, method, name, path, address, size = sys.argv[1:]
context = ssl.create_default_context(cadata=pem)
connection = http.client.HTTPSConnection(name, context=context, timeout=5)
connect = socket.create_connection
connection._create_connection = lambda _, *rest: connect((address, 443), *rest)
try:
    connection.request(method, path, bytes(int(size)))
    reply = connection.getresponse(); body = reply.read()
    print(reply.status, body.decode() if len(body) < 1000 else len(body))
except ssl.SSLCertVerificationError as e: print(e.verify_message)
"""


@pytest.fixture
def fetch(hosts: Hosts, authority: CertificateAuthority) -> Any:
    """fetch(host_id, name, path="/", method="GET", size=0, as_name=None): resolve, connect, verify, ask."""

    def ask(
        host_id: str,
        name: str,
        path: str = "/",
        method: str = "GET",
        size: int = 0,
        as_name: str | None = None,
    ) -> str:
        address = hosts.resolve(host_id, name)[0]
        arguments = [authority.certificate_pem, method, as_name or name, path, address, str(size)]
        (line,) = run(hosts, host_id, FETCH, *arguments)
        return line

    return ask


def endpoint(here: dict[str, Any], **more: Any) -> None:
    here["hosts"]["eni-endpoint"] = host(
        "10.20.1.40", "endpoint", "sg-endpoint", **{"service": "ssm", "private_dns": True, **more}
    )


def test_a_service_without_a_route_has_a_name_but_no_answer(hosts: Hosts, world: dict[str, Any]) -> None:
    assert hosts.resolve(CLIENT, SSM) == ["198.51.100.2"]
    assert hosts.probe(CLIENT, "198.51.100.2", 443, 0.4) == "timeout"


def test_an_interface_endpoint_carries_requests_to_the_api_under_its_own_name(
    here: dict[str, Any], change: Change, fetch: Any
) -> None:
    endpoint(here)
    change()
    assert fetch(CLIENT, SSM, "/x") == f"200 {SSM} /x"


def test_an_interface_endpoint_admits_whom_its_groups_admit(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    endpoint(here)
    change()
    assert hosts.probe(OUTSIDER, "10.20.1.40", 443, 0.4) == "timeout"
    here["groups"]["sg-endpoint"]["ingress"] = [rule("tcp", 443, 443, cidr="10.20.0.0/16")]
    change()
    assert hosts.probe(OUTSIDER, "10.20.1.40", 443) == "open"


def test_an_endpoint_without_private_dns_leaves_the_name_alone(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    endpoint(here, private_dns=False)
    change()
    assert hosts.resolve(CLIENT, SSM) == ["198.51.100.2"]
    assert hosts.probe(CLIENT, "10.20.1.40", 443) == "open"


def test_private_dns_is_private_to_its_vpc(
    hosts: Hosts, world: dict[str, Any], here: dict[str, Any], change: Change
) -> None:
    endpoint(here)
    world["vpcs"]["vpc-2"] = vpc("10.30") | {
        "hosts": {"eni-other": host("10.30.0.10", "function", "sg-open")}
    }
    change()
    assert hosts.resolve("eni-other", SSM) == ["198.51.100.2"]


def test_a_removed_endpoint_falls_back_to_silence(
    hosts: Hosts, here: dict[str, Any], change: Change, fetch: Any
) -> None:
    endpoint(here)
    change()
    assert fetch(CLIENT, SSM).startswith("200")
    del here["hosts"]["eni-endpoint"]
    change()
    assert hosts.resolve(CLIENT, SSM) == ["198.51.100.2"]
    assert hosts.probe(CLIENT, "10.20.1.40", 443, 0.4) == "timeout"
    assert hosts.probe(CLIENT, "198.51.100.2", 443, 0.4) == "timeout"


def test_a_removed_endpoint_ends_its_connections_to_the_api(
    hosts: Hosts, here: dict[str, Any], change: Change, authority: CertificateAuthority, api: Api
) -> None:
    endpoint(here)
    change()
    until(lambda: api.connected == 0)
    code = """
import socket, ssl, sys, time
context = ssl.create_default_context(cadata=sys.argv[1])
with context.wrap_socket(socket.create_connection(("10.20.1.40", 443), 5), server_hostname=sys.argv[2]) as s:
    s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); s.recv(100); print("open"); time.sleep(60)
"""
    hosts.start_process(CLIENT, "hold", [*PYTHON, code, authority.certificate_pem, SSM])
    until(lambda: hosts.process_log(CLIENT, "hold") == ["open"])
    assert api.connected == 1
    del here["hosts"]["eni-endpoint"]
    change()
    until(lambda: api.connected == 0)


def test_a_gateway_endpoint_opens_its_service_to_its_subnets_only(
    hosts: Hosts, here: dict[str, Any], change: Change, fetch: Any
) -> None:
    here["subnets"]["subnet-a"]["gateway_services"] = ["s3"]
    change()
    assert fetch(CLIENT, f"my-bucket.{S3}", "/key") == f"200 my-bucket.{S3} /key"
    assert hosts.probe(CLIENT, "198.51.100.2", 443, 0.4) == "timeout", "ssm has no gateway endpoint"
    assert hosts.probe(OUTSIDER, "198.51.100.1", 443, 0.4) == "timeout", "the other subnet has no route"
    here["subnets"]["subnet-a"]["gateway_services"] = []
    change()
    assert hosts.probe(CLIENT, "198.51.100.1", 443, 0.4) == "timeout"


def test_a_prefix_list_rule_allows_its_service_and_nothing_else(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    here["subnets"]["subnet-a"]["internet"] = True
    here["groups"]["sg-client"]["egress"] = [rule("tcp", 443, 443, prefix_list_service="s3")]
    change()
    assert hosts.probe(CLIENT, "198.51.100.1", 443) == "open"
    assert hosts.probe(CLIENT, "198.51.100.2", 443, 0.4) == "timeout"


def test_a_route_to_the_internet_opens_every_service_that_the_groups_allow(
    hosts: Hosts, here: dict[str, Any], change: Change, fetch: Any
) -> None:
    here["subnets"]["subnet-a"]["internet"] = True
    change()
    assert fetch(CLIENT, "sts.eu-west-1.amazonaws.com").startswith("200 sts.")
    assert hosts.probe(CACHE, "198.51.100.1", 443, 0.4) == "timeout", "the cache has no egress rule"


def test_the_certificate_is_good_for_its_own_names_only(
    here: dict[str, Any], change: Change, fetch: Any
) -> None:
    endpoint(here)
    change()
    assert fetch(CLIENT, SSM, as_name="kms.eu-west-1.amazonaws.com").startswith("Hostname mismatch")


def test_large_bodies_pass_whole_in_both_directions(here: dict[str, Any], change: Change, fetch: Any) -> None:
    here["subnets"]["subnet-a"]["gateway_services"] = ["s3"]
    change()
    assert fetch(CLIENT, S3, "/bytes/9000000", size=1) == "200 9000000"
    assert fetch(CLIENT, S3, "/up", "POST", size=9000000) == f"200 {S3} /up 9000000"


def test_services_added_later_keep_the_others_addresses(
    hosts: Hosts, world: dict[str, Any], change: Change
) -> None:
    world["services"] = ["kms", *world["services"]]
    change()
    assert hosts.resolve(CLIENT, S3) == ["198.51.100.1"]
    assert (
        len({hosts.resolve(CLIENT, f"{name}.eu-west-1.amazonaws.com")[0] for name in world["services"]}) == 4
    )


def test_an_api_that_is_down_closes_the_connection(
    authority: CertificateAuthority, world: dict[str, Any]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: a connection is refused
        with Hosts.start(taken.getsockname(), authority) as hosts:
            world["vpcs"]["vpc-1"]["subnets"]["subnet-a"]["internet"] = True
            hosts.apply(world)
            code = """
import socket, ssl, sys
context = ssl.create_default_context(cadata=sys.argv[1])
with context.wrap_socket(socket.create_connection(("198.51.100.1", 443), 5), server_hostname=sys.argv[2]) as s:
    s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n"); print(s.recv(100))
"""
            assert run(hosts, CLIENT, code, authority.certificate_pem, S3) == ["b''"]
