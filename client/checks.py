"""What "works" means for a Redis cache: one function per claim, each with its evidence.

A check is a function from Subject to evidence; it raises CheckFailed, or whatever the client raised, when the claim
does not hold. It removes the keys it made. Which checks apply follows from the endpoint: without replicas nothing
is claimed about them.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic, sleep

from .connecting import open_socket, start_tls, tls_context
from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused, CheckFailed
from .names import Address, Names
from .redis_client import RedisClient
from .redis_connection import RedisConnection, ServerError
from .results import CheckResult

_SECONDS = 5.0  # a check's own deadline for what it opens by itself
_SILENCE_SECONDS = 0.7  # how long a port must stay silent to count as closed by a security group
_LARGE_BYTES = 1_000_000
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


@dataclass
class Subject:
    """The cache under test and a client for it; keys of this run share one prefix."""

    endpoint: Endpoint
    client: RedisClient
    prefix: str = field(default_factory=lambda: f"check:{uuid.uuid4().hex[:12]}")
    names: Names = field(default_factory=Names)

    def key(self, name: str) -> str:
        """A key of this run."""
        return f"{self.prefix}:{name}"

    def connect(self, host: str, token: str | None) -> RedisConnection:
        """A connection of the check's own, so that what it does to it disturbs no one."""
        deadline = Deadline(_SECONDS)
        context = tls_context(self.endpoint.ca_file) if self.endpoint.tls else None
        addresses = self.names.look_up(host, self.endpoint.port, deadline)
        return RedisConnection.open(host, addresses, context, token, deadline)

    def addresses(self, host: str) -> list[Address]:
        """The addresses the name has now, each with its port."""
        return self.names.look_up(host, self.endpoint.port, Deadline(_SECONDS))


@dataclass(frozen=True)
class Check:
    """A claim, the function that tests it, and when it applies."""

    name: str
    claim: str
    run: Callable[[Subject], str]
    applies: Callable[[Endpoint], bool]


CHECKS: list[Check] = []


def _always(endpoint: Endpoint) -> bool:
    return endpoint.engine in ("redis", "valkey")


def _with_tls(endpoint: Endpoint) -> bool:
    return _always(endpoint) and endpoint.tls


def _with_token(endpoint: Endpoint) -> bool:
    return _always(endpoint) and endpoint.auth_token is not None


def _with_replicas(endpoint: Endpoint) -> bool:
    return _always(endpoint) and endpoint.reader_host is not None


def check(
    claim: str, applies: Callable[[Endpoint], bool] = _always
) -> Callable[[Callable[[Subject], str]], Callable[[Subject], str]]:
    """Enter a function into CHECKS under its own name with hyphens."""

    def enter(function: Callable[[Subject], str]) -> Callable[[Subject], str]:
        CHECKS.append(Check(function.__name__.replace("_", "-"), claim, function, applies))
        return function

    return enter


def run_checks(subject: Subject, where: str) -> Iterator[CheckResult]:
    """Run every check that applies, one after the other; a check that fails does not end the others."""
    for item in CHECKS:
        if not item.applies(subject.endpoint):
            continue
        started = monotonic()
        try:
            evidence, ok = item.run(subject), True
        except (CacheError, ServerError, OSError) as error:
            evidence, ok = f"{type(error).__name__}: {error}", False
        yield CheckResult(item.name, item.claim, where, ok, round(monotonic() - started, 6), evidence)


@check("The names of the cache resolve.")
def names_resolve(subject: Subject) -> str:
    hosts = [subject.endpoint.host, subject.endpoint.reader_host]
    found = {host: " ".join(address for address, _ in subject.addresses(host)) for host in hosts if host}
    return ", ".join(f"{host} is {addresses}" for host, addresses in found.items())


@check("TLS is spoken, with a certificate for the cache's name.", _with_tls)
def tls_with_the_right_name(subject: Subject) -> str:
    endpoint = subject.endpoint
    with _handshake(subject, endpoint.host, tls_context(endpoint.ca_file)) as secured:
        certificate = secured.getpeercert() or {}
        names = [str(entry[1]) for entry in certificate.get("subjectAltName", ()) if entry[0] == "DNS"]
        return f"{secured.version()}, certificate for {' '.join(names)}"


@check("A certificate for another name is not accepted.", _with_tls)
def tls_with_a_wrong_name_fails(subject: Subject) -> str:
    try:
        with _handshake(subject, "not-this-cache.invalid", tls_context(subject.endpoint.ca_file)):
            raise CheckFailed("the handshake for not-this-cache.invalid was accepted")
    except CacheRefused as error:
        return str(error)


@check("Without TLS the port answers nothing.", _with_tls)
def plain_text_is_refused(subject: Subject) -> str:
    with _socket(subject) as sock:
        sock.settimeout(_SILENCE_SECONDS)
        sock.sendall(b"PING\r\n")
        try:
            answer = sock.recv(64)
        except TimeoutError:
            return f"no answer to a plain PING for {_SILENCE_SECONDS} s"
        except ConnectionResetError:
            return "a plain PING: the connection was reset"
    # A TLS alert begins with the byte 0x15; it says no without serving anything.
    if answer and not answer.startswith(b"\x15"):
        raise CheckFailed(f"a plain PING was answered with {answer!r}")
    return "a plain PING: the connection was closed"


@check("Without a token nobody gets in.", _with_token)
def no_token_is_refused(subject: Subject) -> str:
    return _refused(subject, None, "NOAUTH")


@check("With a wrong token nobody gets in.", _with_token)
def wrong_token_is_refused(subject: Subject) -> str:
    return _refused(subject, uuid.uuid4().hex, "WRONGPASS")


@check("On the cache's host no other port answers.")
def other_ports_are_closed(subject: Subject) -> str:
    address, cache_port = subject.addresses(subject.endpoint.host)[0]
    port, started = cache_port + 1, monotonic()
    try:
        socket.create_connection((address, port), timeout=_SILENCE_SECONDS).close()
    except TimeoutError:
        return f"port {port}: silence for {monotonic() - started:.1f} s"
    except OSError as error:
        return f"port {port}: {(error.strerror or str(error)).lower()}"
    raise CheckFailed(f"port {port} accepted a connection")


@check("The primary's name leads to a primary, the reader's to replicas of it.")
def roles_match_the_names(subject: Subject) -> str:
    endpoint, seen = subject.endpoint, []
    wanted = [(endpoint.host, "master")] + ([(endpoint.reader_host, "slave")] if endpoint.reader_host else [])
    for host, role in wanted:
        connection = subject.connect(host, endpoint.auth_token)
        try:
            if connection.role != role:
                raise CheckFailed(f"{host} is {connection.role or 'silent about its role'}, not {role}")
            seen.append(f"{host} at {connection.address[0]}: {connection.role}")
        finally:
            connection.close()
    return "; ".join(seen)


@check("A value written on the primary is read back from it.")
def write_and_read_back(subject: Subject) -> str:
    key, value = subject.key("value"), uuid.uuid4().hex.encode()
    subject.client.set(key, value)
    found = subject.client.get(key)
    subject.client.delete(key)
    _same(found, value)
    if subject.client.get(key) is not None:
        raise CheckFailed("the value was still there after it was deleted")
    return f"{len(value)} bytes set, read, deleted"


@check("A value written on the primary shows on the replica.", _with_replicas)
def replica_shows_the_value(subject: Subject) -> str:
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


@check("A replica refuses writes.", _with_replicas)
def replica_refuses_writes(subject: Subject) -> str:
    host = subject.endpoint.reader_host or ""
    reply = _reply(subject, host, ("SET", subject.key("readonly"), "x"))
    if not isinstance(reply, ServerError) or reply.code != "READONLY":
        raise CheckFailed(f"{host} answered a write with {reply}")
    return str(reply)


@check("A value with a time to live expires.")
def values_expire(subject: Subject) -> str:
    key = subject.key("expiring")
    subject.client.set(key, b"soon gone", ttl_seconds=0.3)
    if subject.client.get(key) is None:
        raise CheckFailed("it was gone at once")
    began = monotonic()
    while subject.client.get(key) is not None:
        if monotonic() - began > 3:
            raise CheckFailed("it was still there 3 s later")
        sleep(0.02)
    return f"gone {monotonic() - began:.2f} s after it was set to live 0.3 s"


@check("Counters count every increment of clients at the same time exactly once.")
def increments_are_atomic(subject: Subject) -> str:
    key, threads, times = subject.key("counter"), 4, 25
    failures: list[CacheError] = []

    def count() -> None:
        try:
            for _ in range(times):
                subject.client.increment(key)
        except CacheError as error:
            failures.append(error)

    workers = [threading.Thread(target=count) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = subject.client.get(key)
    subject.client.delete(key)
    if failures:
        raise failures[0]
    _same(found, str(threads * times).encode())
    return f"{threads} threads, {times} times each: {threads * times}"


@check("Many values are written and read in one round trip each.")
def batches_keep_their_values(subject: Subject) -> str:
    values = {subject.key(f"batch:{number}"): uuid.uuid4().hex.encode() for number in range(100)}
    subject.client.set_many(values)
    found = subject.client.get_many(list(values))
    for key in values:
        subject.client.delete(key)
    if dict(found) != values:
        wrong = sum(found.get(key) != value for key, value in values.items())
        raise CheckFailed(f"{wrong} of {len(values)} values came back different")
    return f"{len(values)} values"


@check("A value of 1 MB comes back unchanged.")
def large_values_come_back(subject: Subject) -> str:
    key = subject.key("large")
    value = hashlib.shake_256(subject.prefix.encode()).digest(_LARGE_BYTES)
    started = monotonic()
    subject.client.set(key, value)
    found = subject.client.get(key)
    subject.client.delete(key)
    if found != value:
        raise CheckFailed(f"{len(found or b'')} bytes came back, not the {len(value)} that were set")
    return f"{len(value)} bytes there and back in {1000 * (monotonic() - started):.0f} ms"


@check("Commands that could reconfigure or stop the node are refused.")
def administration_is_refused(subject: Subject) -> str:
    endpoint = subject.endpoint
    for command in _BLOCKED:
        reply = _reply(subject, endpoint.host, command)
        if not isinstance(reply, ServerError):
            raise CheckFailed(f"{' '.join(command)} was answered with {reply!r}")
    return f"{', '.join(command[0] for command in _BLOCKED)} refused"


def _refused(subject: Subject, token: str | None, code: str) -> str:
    try:
        subject.connect(subject.endpoint.host, token).close()
    except CacheRefused as error:
        if error.code != code:
            raise
        return str(error)
    raise CheckFailed("it was let in")


def _reply(subject: Subject, host: str, command: tuple[str, ...]) -> object:
    """The reply to one command, an error of the server included."""
    connection = subject.connect(host, subject.endpoint.auth_token)
    try:
        return connection.call_all([command], Deadline(_SECONDS))[0]
    finally:
        connection.close()


def _handshake(subject: Subject, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    deadline = Deadline(_SECONDS)
    return start_tls(_socket(subject), name, context, deadline)


def _socket(subject: Subject) -> socket.socket:
    return open_socket(subject.addresses(subject.endpoint.host), Deadline(_SECONDS))[0]


def _same(found: bytes | None, wanted: bytes) -> None:
    if found != wanted:
        raise CheckFailed(f"{wanted!r} was written, {found!r} came back")
