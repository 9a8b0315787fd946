"""A cache in use gets another version, engine, TLS mode, token or fewer nodes: in place, and its data is kept."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from .environment import Environment
from .instance_programs import FOLLOWER, on_instance
from .under_load import GROUP, PARAMETER_GROUP, group, identities, primary, steps, up_under_load

pytestmark = [pytest.mark.namespaces, pytest.mark.system, pytest.mark.timeout(400)]

INSTANCE = "aws:ec2/instance:Instance"
PARAMETER = "aws:ssm/parameter:Parameter"
FIRST, SECOND = "the-first-token-of-this-cache", "the-second-token-of-this-cache"
LOGIN = """
from client import Endpoint, connect, CacheError
import sys
known = Endpoint.from_environment()
# Made by hand it has no source to read a newer token from.
endpoint = Endpoint(engine=known.engine, host=known.host, port=known.port, tls=True, auth_token=sys.argv[1])
try:
    with connect(endpoint, deadline_seconds=2) as cache:
        print((cache.get("before") or b"nothing").decode())
except CacheError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def old(new_environment: Environment) -> Environment:
    """An environment that is not up yet, without function, so that it is up sooner."""
    new_environment.configure("clients", function=None)
    return new_environment


def brought_up(environment: Environment, **cache: Any) -> Environment:
    """Bring the cache up with these arguments, with a value in it."""
    environment.configure("cache", **cache)
    environment.up()
    environment.client("put", "before", "kept", "--from", "instances")
    return environment


def value(environment: Environment) -> str:
    """The value that was put in before the change."""
    return environment.client("get", "before", "--from", "instances").stdout


def versions(environment: Environment) -> tuple[str, str, str]:
    """Engine, version and parameter family that the members run."""
    found = primary(environment)
    name = found["CacheParameterGroup"]["CacheParameterGroupName"]
    groups = environment.boto("elasticache").describe_cache_parameter_groups(CacheParameterGroupName=name)
    return (
        found["Engine"],
        found["EngineVersion"],
        groups["CacheParameterGroups"][0]["CacheParameterGroupFamily"],
    )


def logged_in_with(environment: Environment, token: str) -> str:
    """What an instance reads with this token: the value, or the name of the error."""
    script = (
        "set -a; . /etc/cache-client/env; set +a; cd /opt/cache-client/current\n"
        f"exec python3.11 - '{token}' <<'PROGRAM'\n{LOGIN}PROGRAM\n"
    )
    return environment.sandbox("run", "app", "--", script).stdout.strip()


def test_minor_and_major_versions_and_valkey_come_in_place_with_the_parameters_of_their_family(
    old: Environment,
):
    brought_up(old, engine_version="6.2", parameters={"maxmemory-policy": "allkeys-lfu"})
    groups = {urn: one for urn, one in identities(old).items() if PARAMETER_GROUP not in urn}
    assert versions(old) == ("redis", "6.2.6", "redis6.x")

    for engine, version, family, replaced in (
        ("redis", "7.0", ("redis", "7.0.7", "redis7"), [PARAMETER_GROUP]),
        ("redis", "7.1", ("redis", "7.1.0", "redis7"), []),
        ("valkey", "8.0", ("valkey", "8.0.1", "valkey8"), [PARAMETER_GROUP]),
    ):
        old.configure("cache", engine=engine, engine_version=version)
        said = up_under_load(old)

        assert (steps(said, "replaced"), GROUP in steps(said, "updated")) == (replaced, True), said
        assert versions(old) == family
        assert {urn: one for urn, one in identities(old).items() if PARAMETER_GROUP not in urn} == groups
        assert "kept" in value(old)
        memory = old.sandbox("run", "app", "--", "cache-cli INFO memory").stdout
        assert "maxmemory_policy:allkeys-lfu" in memory
    assert old.outputs()["engine"] == "valkey"
    if shutil.which("valkey-server") is None:
        stands_in = r"redis-server [\d.]+ of this machine runs as ElastiCache's valkey 8\.0\."
        assert re.search(stands_in, old.sandbox("status").stdout)
    assert "unchanged" in old.up()


def test_replicas_go_and_come_back_in_place_down_to_the_single_node(old: Environment):
    brought_up(old, replicas=2)
    before = identities(old)

    for replicas, failover in ((1, "enabled"), (0, "disabled"), (2, "enabled")):
        old.configure("cache", replicas=replicas)
        said = up_under_load(old)

        # A connection without replicas names no reader, so the parameter may change too; the rest stays as it is.
        assert (set(steps(said, "updated")) - {PARAMETER}, identities(old)) == ({GROUP}, before), said
        found = group(old)
        assert (len(found["MemberClusters"]), found["AutomaticFailover"]) == (1 + replicas, failover)
        assert ("reader_host" in old.outputs()) == (replicas > 0)
        assert "kept" in value(old)


def test_a_token_is_rotated_and_then_set_while_clients_go_on(old: Environment):
    brought_up(old, auth_token=FIRST)
    before = identities(old)

    old.configure("cache", auth_token=SECOND)
    rotated = up_under_load(old)
    assert (GROUP in steps(rotated, "updated"), identities(old)) == (True, before)
    assert (logged_in_with(old, FIRST), logged_in_with(old, SECOND)) == ("kept", "kept")

    old.configure("cache", auth_token_update_strategy="SET")
    settled = up_under_load(old)
    assert (steps(settled, "updated"), identities(old)) == ([GROUP], before)
    assert (logged_in_with(old, FIRST), logged_in_with(old, SECOND)) == ("CacheRefused", "kept")
    assert old.token() == SECOND


def test_tls_comes_in_two_steps_while_one_client_goes_on(old: Environment):
    brought_up(old, transit_encryption=False, authentication="none")
    before, plain = identities(old), old.outputs()["host"]

    with on_instance(old, FOLLOWER) as follower:
        old.configure("cache", transit_encryption=True, transit_encryption_mode="preferred")
        first = old.up()
        assert group(old)["TransitEncryptionMode"] == "preferred"
        old.configure("cache", transit_encryption_mode="required")
        second = old.up()

    assert (GROUP in steps(first, "updated"), steps(second, "updated")) == (True, [GROUP])
    assert identities(old) == before
    assert (group(old)["TransitEncryptionMode"], old.outputs()["tls"]) == ("required", True)
    assert old.outputs()["host"] != plain
    assert "kept" in value(old)
    rounds = follower.answer
    refused = [how for _, how, _ in rounds if how != "ok"]
    assert (rounds[0][1], rounds[-1][1]) == ("ok", "ok")
    assert len(refused) <= len(rounds) // 10, rounds


def test_an_instance_that_was_lost_is_made_anew_while_the_other_one_writes(old: Environment):
    old.configure("clients", instances=["app", "other"])
    brought_up(old, replicas=0)
    before, lost = identities(old), old.outputs()["client_instance_ids"]["other"]
    old.boto("ec2").terminate_instances(InstanceIds=[lost])
    old.sandbox("refresh", "--engine", "embedded")

    said = up_under_load(old)

    after = identities(old)
    assert steps(said, "created") == [INSTANCE]
    assert not steps(said, "updated") + steps(said, "replaced") + steps(said, "deleted")
    assert [before[urn] for urn in before if after.get(urn) != before[urn]] == [lost]
    assert old.sandbox("run", "other", "--", "cache-cli get before").stdout.strip() == "kept"


def test_a_minor_version_that_aws_installed_is_no_downgrade_for_the_next_up(old: Environment):
    engines = old.folder / "components" / "engines.py"
    # The package as it was when 7.0 was the newest: the version it would give a new cache is older than AWS's.
    text = engines.read_text()
    assert '"redis": "7.1"' in text
    engines.write_text(text.replace('"redis": "7.1"', '"redis": "7.0"'))
    brought_up(old)
    before = identities(old)
    assert versions(old)[1] == "7.0.7"

    install_minor_version(old, "7.1")
    assert (versions(old)[1], group(old)["AutoMinorVersionUpgrade"]) == ("7.1.0", True)

    for look in ([], ["refresh"]):
        for command in look:
            old.sandbox(command, "--engine", "embedded")
        planned = old.sandbox("preview", "--engine", "embedded").stdout
        assert not [word for word in ("update", "replace", "delete") if f"to {word}" in planned], planned
    said = old.up()
    assert not [word for word in ("created", "updated", "replaced", "deleted") if steps(said, word)], said
    assert (identities(old), versions(old)[1]) == (before, "7.1.0")
    assert old.outputs()["engine_version"] == "7.1.0"
    assert "kept" in value(old)


def test_what_would_replace_a_protected_cache_is_shown_and_refused_before_anything_changes(old: Environment):
    brought_up(old, engine_version="7.0", deletion_protection=True)
    install_minor_version(old, "7.1")
    old.sandbox("refresh", "--engine", "embedded")
    before = old.resources()

    for change in ({"port": 6380}, {"engine_version": "7.0", "port": None}):
        old.configure("cache", **change)
        planned = old.sandbox("preview", "--engine", "embedded", code=1)
        assert "it is protected and would have to be replaced" in planned.stderr
        refused = old.sandbox("up", "--engine", "embedded", code=1)
        assert "it is protected and would have to be replaced" in refused.stderr
        assert old.resources() == before
        assert "kept" in value(old)

    old.configure("cache", engine_version="7.1")
    assert "unchanged" in old.up()
    old.configure("cache", deletion_protection=None, port=6380)
    shown = old.sandbox("preview", "--engine", "embedded").stdout
    assert GROUP in steps(shown, "replace"), shown


def install_minor_version(environment: Environment, version: str) -> None:
    """Do what AWS does in a maintenance window to a cache that lets it."""
    elasticache, name = environment.boto("elasticache"), group(environment)["ReplicationGroupId"]
    elasticache.modify_replication_group(
        ReplicationGroupId=name, EngineVersion=version, ApplyImmediately=True
    )
    elasticache.get_waiter("replication_group_available").wait(
        ReplicationGroupId=name, WaiterConfig={"Delay": 1, "MaxAttempts": 100}
    )
