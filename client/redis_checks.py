"""What "works" means for a Redis or Valkey cache."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from time import monotonic, sleep

from . import network_checks, value_checks
from .checks import SECONDS, Checks, Subject, with_tls
from .connecting import tls_context
from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheRefused, CheckFailed
from .names import Resolver, system_resolver
from .redis_client import RedisClient
from .redis_connection import RedisConnection, ServerError
from .results import CheckResult

_REPLICA_SECONDS = 3.0
# Commands by which a client could reconfigure or stop the node; ElastiCache blocks each of them.
_BLOCKED = (
    ("CONFIG", "GET", "maxmemory"),
    ("DEBUG", "SLEEP", "0"),
    ("REPLICAOF", "NO", "ONE"),
    ("SAVE",),
    ("BGREWRITEAOF",),
    ("ACL", "SETUSER", "intruder"),
)

CHECKS: Checks[RedisClient] = Checks(ServerError)


def subject_of(
    client: RedisClient, endpoint: Endpoint | None = None, resolver: Resolver = system_resolver
) -> Subject[RedisClient]:
    """The cache that this client uses, under test."""
    endpoint = endpoint or client.endpoint
    hosts = [endpoint.host] + ([endpoint.reader_host] if endpoint.reader_host else [])
    return Subject(endpoint, client, tuple((host, endpoint.port) for host in hosts), resolver)


def verify(client: RedisClient, where: str) -> Iterator[CheckResult]:
    """Run every check that applies to the cache of this client."""
    return CHECKS.run(subject_of(client), where)


def _with_token(endpoint: Endpoint) -> bool:
    return endpoint.auth_token is not None


def _with_replicas(endpoint: Endpoint) -> bool:
    return endpoint.reader_host is not None


CHECKS("The names of the cache resolve.")(network_checks.names_resolve)
CHECKS("TLS is spoken, with a certificate for the cache's name.", with_tls)(
    network_checks.tls_with_the_right_name
)
CHECKS("A certificate for another name is not accepted.", with_tls)(
    network_checks.tls_with_a_wrong_name_fails
)
CHECKS("Without TLS the port answers nothing.", with_tls)(network_checks.plain_text_is_refused)


@CHECKS("Without a token nobody gets in.", _with_token)
def no_token_is_refused(subject: Subject[RedisClient]) -> str:
    return _refused(subject, None, "NOAUTH")


@CHECKS("With a wrong token nobody gets in.", _with_token)
def wrong_token_is_refused(subject: Subject[RedisClient]) -> str:
    return _refused(subject, uuid.uuid4().hex, "WRONGPASS")


CHECKS("On the cache's hosts no other port answers.")(network_checks.other_ports_are_closed)


@CHECKS("The primary's name leads to a primary, the reader's to replicas of it.")
def roles_match_the_names(subject: Subject[RedisClient]) -> str:
    endpoint = subject.endpoint
    seen: list[str] = []
    wanted = [(endpoint.host, "master")] + ([(endpoint.reader_host, "slave")] if endpoint.reader_host else [])
    for host, role in wanted:
        connection = _connect(subject, host, endpoint.auth_token)
        try:
            if connection.role != role:
                raise CheckFailed(f"{host} is {connection.role or 'silent about its role'}, not {role}")
            seen.append(f"{host} at {connection.address[0]}: {connection.role}")
        finally:
            connection.close()
    return "; ".join(seen)


CHECKS("A value written on the primary is read back from it.")(value_checks.write_and_read_back)


@CHECKS("A value written on the primary shows on the replica.", _with_replicas)
def replica_shows_the_value(subject: Subject[RedisClient]) -> str:
    key, value = subject.key("replicated"), uuid.uuid4().hex.encode()
    subject.client.set(key, value, ttl_seconds=60)
    written = monotonic()
    try:
        while (found := subject.client.get(key, from_replica=True)) != value:
            if monotonic() - written > _REPLICA_SECONDS:
                raise CheckFailed(f"after {_REPLICA_SECONDS} s the reader still gave {found!r}")
            sleep(0.001)
        return f"there {1000 * (monotonic() - written):.1f} ms after the write was acknowledged"
    finally:
        subject.client.delete(key)


@CHECKS("A replica refuses writes.", _with_replicas)
def replica_refuses_writes(subject: Subject[RedisClient]) -> str:
    host = subject.endpoint.reader_host or ""
    reply = _reply(subject, host, ("SET", subject.key("readonly"), "x"))
    if not isinstance(reply, ServerError) or reply.code != "READONLY":
        raise CheckFailed(f"{host} answered a write with {reply}")
    return str(reply)


@CHECKS("A value with a time to live expires.")
def values_expire(subject: Subject[RedisClient]) -> str:
    return value_checks.expires(subject, ttl_seconds=0.3)


CHECKS("Counters count every increment of clients at the same time exactly once.")(
    value_checks.increments_are_atomic
)
CHECKS("Many values are written and read in one round trip each.")(value_checks.batches_keep_their_values)
CHECKS("A value of 1 MB comes back unchanged.")(value_checks.large_values_come_back)


@CHECKS("Commands that could reconfigure or stop the node are refused.")
def administration_is_refused(subject: Subject[RedisClient]) -> str:
    endpoint = subject.endpoint
    for command in _BLOCKED:
        reply = _reply(subject, endpoint.host, command)
        if not isinstance(reply, ServerError):
            raise CheckFailed(f"{' '.join(command)} was answered with {reply!r}")
    return f"{', '.join(command[0] for command in _BLOCKED)} refused"


def _connect(subject: Subject[RedisClient], host: str, token: str | None) -> RedisConnection:
    """A connection of the check's own, so that what it does to it disturbs no one."""
    deadline, endpoint = Deadline(SECONDS), subject.endpoint
    context = tls_context(endpoint.ca_file) if endpoint.tls else None
    return RedisConnection.open(host, subject.addresses((host, endpoint.port)), context, token, deadline)


def _refused(subject: Subject[RedisClient], token: str | None, code: str) -> str:
    try:
        _connect(subject, subject.endpoint.host, token).close()
    except CacheRefused as error:
        if error.code != code:
            raise
        return str(error)
    raise CheckFailed("it was let in")


def _reply(subject: Subject[RedisClient], host: str, command: tuple[str, ...]) -> object:
    """The reply to one command, an error of the server included."""
    connection = _connect(subject, host, subject.endpoint.auth_token)
    try:
        return connection.call_all([command], Deadline(SECONDS))[0]
    finally:
        connection.close()
