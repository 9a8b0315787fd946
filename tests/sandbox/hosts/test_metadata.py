"""The metadata service as an instance meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from sandbox.hosts import Hosts

from .conftest import Api, Change
from .programs import run
from .worlds import CACHE, CLIENT, CLIENT_IP, OUTSIDER

pytestmark = pytest.mark.namespaces

# Each argument is METHOD PATH TOKEN [HEADER=VALUE]; prints code and body as JSON. "new" as a token fetches one first.
ASK = """
import json, sys, urllib.error, urllib.request
def ask(method, path, headers):
    request = urllib.request.Request("http://169.254.169.254" + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as r: return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        with e: return e.code, e.read().decode()
for line in sys.argv[1:]:
    method, path, token, *more = line.split()
    headers = dict(h.split("=") for h in more)
    if token == "new": token = ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})[1]
    if token != "-": headers["X-aws-ec2-metadata-token"] = token
    print(json.dumps(ask(method, path, headers)))
"""
DATA = "/latest/meta-data/"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


def ask(hosts: Hosts, host_id: str, *lines: str) -> list[tuple[int, str]]:
    return [tuple(json.loads(line)) for line in run(hosts, host_id, ASK, *lines)]


def read(hosts: Hosts, host_id: str, path: str) -> tuple[int, str]:
    return ask(hosts, host_id, f"GET {path} new")[0]


def test_nothing_is_told_without_a_token(hosts: Hosts, world: dict[str, Any]) -> None:
    wrong = ask(
        hosts, CLIENT, f"GET {DATA}instance-id -", f"GET {DATA}instance-id invented", "GET /latest/dynamic/ -"
    )
    assert wrong == [(401, ""), (401, ""), (401, "")]


def test_a_token_needs_a_lifetime_and_no_proxy(hosts: Hosts, world: dict[str, Any]) -> None:
    path = "PUT /latest/api/token -"
    answers = ask(
        hosts,
        CLIENT,
        path,
        f"{path} {TTL}=0",
        f"{path} {TTL}=21601",
        f"{path} {TTL}=5 X-Forwarded-For=10.0.0.1",
    )
    assert [code for code, _ in answers] == [400, 400, 400, 403]


def test_a_token_serves_only_the_host_that_fetched_it(hosts: Hosts, world: dict[str, Any]) -> None:
    (_, token), *_ = ask(hosts, CLIENT, f"PUT /latest/api/token - {TTL}=60")
    assert ask(hosts, CLIENT, f"GET {DATA}instance-id {token}") == [(200, "i-1")]
    assert ask(hosts, OUTSIDER, f"GET {DATA}instance-id {token}") == [(401, "")]


def test_an_instance_learns_about_itself(hosts: Hosts, world: dict[str, Any]) -> None:
    paths = [
        "instance-type",
        "ami-id",
        "local-ipv4",
        "mac",
        "placement/availability-zone",
        "placement/region",
    ]
    answers = ask(hosts, CLIENT, *(f"GET {DATA}{path} new" for path in paths))
    expected = ["t4g.nano", "ami-1", CLIENT_IP, "02:00:0a:14:00:0a", "eu-west-1a", "eu-west-1"]
    assert answers == [(200, text) for text in expected]


def test_folders_are_listed_and_tags_are_not_told(hosts: Hosts, world: dict[str, Any]) -> None:
    code, listing = read(hosts, CLIENT, DATA)
    assert code == 200
    assert {"iam/", "instance-id", "placement/"} <= set(listing.split("\n"))
    assert read(hosts, CLIENT, DATA + "placement/") == (200, "availability-zone\nregion")
    assert read(hosts, CLIENT, DATA + "tags/instance") == (404, "")


def test_the_identity_document_names_instance_and_account(hosts: Hosts, world: dict[str, Any]) -> None:
    code, text = read(hosts, CLIENT, "/latest/dynamic/instance-identity/document")
    document = json.loads(text)
    assert (code, document["instanceId"], document["accountId"]) == (200, "i-1", "123456789012")


def test_a_role_brings_credentials_from_sts_under_the_instances_name(
    hosts: Hosts, world: dict[str, Any], api: Api
) -> None:
    assert read(hosts, CLIENT, DATA + "iam/security-credentials/") == (200, "app")
    code, text = read(hosts, CLIENT, DATA + "iam/security-credentials/app")
    credentials = json.loads(text)
    assert code == 200
    assert credentials.pop("LastUpdated").endswith("Z")
    assert credentials == {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "secret-of-i-1",
        "Token": "arn:aws:iam::123456789012:role/app",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    asked = len(api.assumed)
    read(hosts, CLIENT, DATA + "iam/security-credentials/app")
    assert len(api.assumed) == asked, "credentials are kept until shortly before their end"


def test_a_role_may_be_an_arn_with_a_path(
    hosts: Hosts, here: dict[str, Any], change: Change, api: Api
) -> None:
    here["hosts"][CLIENT]["metadata"]["role"] = "arn:aws:iam::123456789012:role/team/web"
    change()
    assert read(hosts, CLIENT, DATA + "iam/security-credentials/") == (200, "web")
    assert json.loads(read(hosts, CLIENT, DATA + "iam/security-credentials/web")[1])["Code"] == "Success"
    assert api.assumed[-1] == ("arn:aws:iam::123456789012:role/team/web", "i-1")


def test_a_role_that_sts_refuses_is_reported_as_ec2_does(
    hosts: Hosts, here: dict[str, Any], change: Change
) -> None:
    here["hosts"][CLIENT]["metadata"]["role"] = "refused"
    change()
    code, text = read(hosts, CLIENT, DATA + "iam/security-credentials/refused")
    assert (code, json.loads(text)["Code"]) == (200, "AssumeRoleUnauthorizedAccess")


def test_an_instance_without_a_role_has_no_credentials(hosts: Hosts, world: dict[str, Any]) -> None:
    assert read(hosts, OUTSIDER, DATA + "iam/security-credentials/") == (404, "")


def test_a_cache_node_does_not_reach_the_metadata(hosts: Hosts, world: dict[str, Any]) -> None:
    assert hosts.probe(CACHE, "169.254.169.254", 80, 0.4) == "timeout"


def test_an_answer_does_not_travel_further_than_one_hop(hosts: Hosts, world: dict[str, Any]) -> None:
    inside = hosts.start_process(CLIENT, "stay", ["sleep", "60"])["pid"]
    code = """
import socket, threading
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP); raw.settimeout(5)
threading.Thread(target=lambda: socket.create_connection(("169.254.169.254", 80), 5).close()).start()
packet = raw.recv(100)
print(socket.inet_ntoa(packet[12:16]), packet[8])
"""
    command = [*hosts.enter_command(inside), sys.executable, "-I", "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["169.254.169.254", "1"]
