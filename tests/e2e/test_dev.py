"""The default environment: up, proved from its clients, without a secret anywhere it does not belong."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from .environment import Environment

pytestmark = pytest.mark.namespaces

OUTPUTS = {
    "engine",
    "engine_version",
    "host",
    "reader_host",
    "port",
    "tls",
    "member_ids",
    "endpoint_parameter",
    "connection_parameter",
    "client_instance_ids",
    "client_function_name",
    "vpc_id",
    "region",
}


@dataclass(frozen=True)
class Verified:
    """What one `verify` wrote, and every command line that was seen on the machine meanwhile."""

    report: dict[str, Any]
    files: tuple[Path, ...]
    command_lines: frozenset[bytes]


@pytest.fixture(scope="module")
def verified(dev: Environment, tmp_path_factory: pytest.TempPathFactory) -> Verified:
    folder = tmp_path_factory.mktemp("reports")
    junit, html = folder / "report.xml", folder / "report.html"
    with command_lines() as seen:
        said = dev.client("verify", "--json", "--junit", str(junit), "--html", str(html)).stdout
    return Verified(json.loads(said), (junit, html), frozenset(seen))


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """Note the command line of every process, as anybody can see them."""
    seen: set[bytes] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue  # it ended in the meantime

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def test_the_outputs_are_the_words_that_others_rely_on_and_hold_no_secret(dev: Environment):
    outputs = dev.outputs()

    assert set(outputs) == OUTPUTS
    assert (outputs["engine"], outputs["port"], outputs["tls"]) == ("redis", 6379, True)
    assert outputs["host"].startswith("master.")
    assert outputs["reader_host"].startswith("replica.")
    assert outputs["connection_parameter"] == "/pulumi/aws-cache/dev/connection"
    assert len(outputs["member_ids"]) == 2
    assert list(outputs["client_instance_ids"]) == ["app"]
    assert dev.token() not in json.dumps(outputs)


def test_every_check_passes_from_the_instance_and_from_the_function(verified: Verified):
    checks = verified.report["checks"]

    assert [check for check in checks if not check["ok"]] == []
    names = {place: [c["name"] for c in checks if c["where"] == place] for place in ("app", "function")}
    assert names["app"] == names["function"]
    assert len(set(names["app"])) >= 12
    assert len(checks) == 2 * len(set(names["app"]))
    assert all(check["seconds"] >= 0 and check["evidence"] for check in checks)
    assert verified.report["ok"] is True


def test_the_reports_for_machines_and_for_people_hold_every_check(verified: Verified):
    junit, html = verified.files

    cases = ElementTree.parse(junit).getroot().iter("testcase")

    names = [check["name"] for check in verified.report["checks"]]
    assert sorted(case.get("name", "") for case in cases) == sorted(names)
    assert all(name in html.read_text() for name in names)


def test_a_value_put_on_the_instance_is_there_for_the_function(dev: Environment):
    dev.client("put", "city", "Oslo", "--from", "instances")

    found = dev.client("get", "city", "--from", "function").stdout
    dev.client("delete", "city", "--from", "function")
    gone = dev.client("get", "city", "--from", "instances", code=1)

    assert "Oslo" in found
    assert "there is no value under 'city'" in gone.stderr


def test_the_clients_own_shell_opens_the_cache_without_a_token_on_the_command_line(dev: Environment):
    with command_lines() as seen:
        result = dev.sandbox(
            "run", "app", "--", "cache-cli SET answer 42; cache-cli GET answer; cache-cli DEL answer"
        )

    assert result.stdout.split() == ["OK", "42", "1"]
    token = dev.token().encode()
    assert not [line for line in seen if token in line]
    assert [line for line in seen if b"redis-cli" in line or b"client.shell" in line]


def test_a_second_up_changes_nothing_and_a_refresh_finds_no_drift(dev: Environment):
    before = dev.resources()

    again, refreshed = dev.up(), dev.sandbox("refresh").stdout

    for said in (again, refreshed):
        assert f"aws-cache (dev): {len(before)} unchanged in" in said
    assert dev.resources() == before


def test_a_preview_of_what_is_up_would_change_nothing(dev: Environment):
    said = dev.sandbox("preview", "--engine", "embedded").stdout

    assert f"aws-cache (dev): {len(dev.resources())} unchanged in" in said


def test_the_token_is_nowhere_but_in_the_state_and_the_parameter(dev: Environment, verified: Verified):
    token = dev.token()
    dev.sandbox("status", "--json")
    dev.sandbox("logs", "app")
    dev.sandbox("logs", dev.outputs()["client_function_name"])
    dev.client("doctor", "--json", code=None)
    dev.sandbox("run", "app", "--", "cat /proc/*/cmdline; grep -rhas . /var/log /etc /usr/local/bin")

    assert not [said for said in dev.said if token in said]
    assert not [line for line in verified.command_lines if token.encode() in line]
    assert not [file for file in verified.files if token in file.read_text()]
    files = [path for path in dev.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    holders = [path for path in files if token.encode() in path.read_bytes()]
    assert {path.relative_to(dev.folder).parts[:2] for path in holders} == {(".sandbox", "stacks")}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


def test_what_the_function_says_is_in_its_own_log(dev: Environment, verified: Verified):
    lines = dev.sandbox("logs", dev.outputs()["client_function_name"]).stdout

    assert dev.sandbox("logs", "function").stdout == lines, "by the name that the program gives it, too"
    assert re.search(r"^START RequestId: ", lines, re.MULTILINE)
    assert re.search(r"^REPORT RequestId: .*Duration: ", lines, re.MULTILINE)


def test_the_processes_of_the_caches_do_not_run_as_the_invoking_root(dev: Environment):
    if os.geteuid() != 0:
        pytest.skip("only root has rights to lose")

    supervisor = json.loads((dev.folder / ".sandbox" / "cloud.json").read_text())["pid"]
    children = psutil.Process(supervisor).children(recursive=True)
    owners = {one.uids().real for one in children if one.name() == "redis-server"}

    assert owners
    assert 0 not in owners


def test_the_caches_are_as_declared_through_the_api(dev: Environment):
    group = dev.boto("elasticache").describe_replication_groups()["ReplicationGroups"][0]

    assert group["Status"] == "available"
    assert (group["MultiAZ"], group["AutomaticFailover"]) == ("enabled", "enabled")
    assert group["TransitEncryptionEnabled"] is True
    assert group["AtRestEncryptionEnabled"] is True
    assert group["AuthTokenEnabled"] is True
