"""The default environment: up, proved from its clients, without a secret anywhere it does not belong."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

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


def test_every_check_passes_from_the_instance_and_from_the_function(dev: Environment):
    report = json.loads(dev.client("verify", "--json").stdout)

    assert [check for check in report["checks"] if not check["ok"]] == []
    assert {check["where"] for check in report["checks"]} == {"app", "function"}
    kinds = {
        place: {c["name"] for c in report["checks"] if c["where"] == place} for place in ("app", "function")
    }
    assert kinds["app"] == kinds["function"]
    assert len(kinds["app"]) >= 12
    assert report["ok"] is True


def test_a_value_put_on_the_instance_is_there_for_the_function(dev: Environment):
    dev.client("put", "city", "Oslo", "--from", "instances")

    found = dev.client("get", "city", "--from", "function").stdout
    dev.client("delete", "city", "--from", "function")
    gone = dev.client("get", "city", "--from", "instances", code=None)

    assert "Oslo" in found
    assert gone.returncode == 1


def test_the_clients_own_shell_opens_the_cache_without_a_token_on_the_command_line(dev: Environment):
    result = dev.sandbox(
        "run", "app", "--", "cache-cli SET answer 42; cache-cli GET answer; cache-cli DEL answer"
    )

    assert result.stdout.split() == ["OK", "42", "1"]


def test_a_second_up_changes_nothing_and_a_refresh_finds_no_drift(dev: Environment):
    before = dev.resources()

    again, refreshed = dev.up(), dev.sandbox("refresh").stdout

    assert not re.search(r"\b(create|update|replace|delete)d?\b", again), again
    assert not re.search(r"\b(update|changed|drift)", refreshed), refreshed
    assert dev.resources().keys() == before.keys()


def test_the_token_is_nowhere_but_in_the_state_and_the_parameter(dev: Environment):
    token = dev.token()
    printed = [dev.up(), dev.sandbox("preview").stdout, dev.sandbox("status", "--json").stdout]
    printed += [dev.client("verify", "--json").stdout, dev.client("doctor", "--json", code=None).stdout]
    printed += [
        path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()
    ]

    assert not [text for text in printed if token in text]
    for path in dev.folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and token.encode() in path.read_bytes():
            assert path.name == "dev.json"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (
        token
        not in dev.sandbox("run", "app", "--", "cat /proc/*/cmdline; grep -rls . /var/log | xargs cat").stdout
    )


def test_the_processes_of_the_caches_do_not_run_as_the_invoking_root(dev: Environment):
    if os.geteuid() != 0:
        pytest.skip("only root has rights to lose")

    owners = set()
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
        except OSError:
            continue  # it ended in the meantime
        if text.startswith("Name:\tredis-server\n"):
            owners.add(re.search(r"^Uid:\t(\d+)", text, re.MULTILINE)[1])

    assert owners
    assert "0" not in owners


def test_the_caches_are_as_declared_through_the_api(dev: Environment):
    group = dev.boto("elasticache").describe_replication_groups()["ReplicationGroups"][0]

    assert group["Status"] == "available"
    assert (group["MultiAZ"], group["AutomaticFailover"]) == ("enabled", "enabled")
    assert group["TransitEncryptionEnabled"] is True
    assert group["AtRestEncryptionEnabled"] is True
    assert group["AuthTokenEnabled"] is True
