"""Each check of Redis passes where its claim holds, and fails where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from client.redis_checks import CHECKS, subject_of
from client.redis_client import RedisClient
from client.results import CheckResult

from .redis_servers import RedisPair

# An open Redis refuses none of its own commands: on ElastiCache and in the sandbox they are blocked.
NOT_ON_PLAIN_REDIS = {"administration-is-refused"}


def results(pair: RedisPair, client: RedisClient, **changes: object) -> dict[str, CheckResult]:
    subject = subject_of(client, replace(pair.endpoint, **changes), pair.resolve)
    return {result.name: result for result in CHECKS.run(subject, "here")}


def test_every_claim_holds_for_a_primary_and_its_replica_with_tls_and_token(
    tls_pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    found = results(tls_pair, connect_to(tls_pair))

    assert len(found) == len(list(CHECKS)) >= 16
    assert {
        name: result.evidence for name, result in found.items() if not result.ok
    }.keys() == NOT_ON_PLAIN_REDIS
    assert "TLSv1.3" in found["tls-with-the-right-name"].evidence
    assert "WRONGPASS" in found["wrong-token-is-refused"].evidence
    assert "READONLY" in found["replica-refuses-writes"].evidence


def test_the_checks_leave_no_key_behind(tls_pair: RedisPair, connect_to: Callable[..., RedisClient]):
    results(tls_pair, connect_to(tls_pair))

    assert tls_pair.primary.command("DBSIZE") == 0


def test_nothing_is_claimed_about_what_the_endpoint_does_not_have(
    pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    found = results(pair, connect_to(pair), reader_host=None)

    assert not {name for name in found if name.startswith(("tls-", "replica-", "plain-"))}
    assert found["write-and-read-back"].ok


def test_a_reader_that_is_the_primary_fails_the_claims_about_replicas(
    tls_pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    tls_pair.names["replica.test"] = [tls_pair.primary.address]

    found = results(tls_pair, connect_to(tls_pair))

    failed = {name for name, result in found.items() if not result.ok}
    assert failed == {"replica-refuses-writes", "roles-match-the-names"} | NOT_ON_PLAIN_REDIS


def test_a_replica_that_is_cut_off_fails_to_show_the_value(
    tls_pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    tls_pair.cut_replication()

    found = results(tls_pair, connect_to(tls_pair))

    assert not found["replica-shows-the-value"].ok
    assert "after 3.0 s the reader still gave None" in found["replica-shows-the-value"].evidence


def test_a_cache_without_a_token_fails_the_claim_that_nobody_gets_in(
    tls_pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    client = connect_to(tls_pair, deadline_seconds=0.2)
    for node in tls_pair.nodes:
        with node.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", "default", "nopass")

    found = results(tls_pair, client)

    assert found["no-token-is-refused"].evidence == "CheckFailed: it was let in"
    assert not found["no-token-is-refused"].ok


def test_a_dead_cache_fails_every_check_without_ending_the_run(
    pair: RedisPair, connect_to: Callable[..., RedisClient]
):
    client = connect_to(pair, deadline_seconds=0.1)
    for node in pair.nodes:
        node.kill()

    found = results(pair, client, reader_host=None)

    assert {name for name, result in found.items() if result.ok} == {
        "names-resolve",
        "other-ports-are-closed",
    }
