"""What "works" means for a Memcached cluster with Auto Discovery."""

from __future__ import annotations

import importlib
import importlib.util
import uuid
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from . import network_checks, value_checks
from .checks import SECONDS, Checks, Server, Subject, with_tls
from .connecting import tls_context
from .deadline import Deadline
from .discovery import Configuration, Node
from .endpoint import Endpoint
from .errors import CacheError, CacheRefused, CheckFailed
from .memcached_client import MemcachedClient
from .memcached_connection import FAULTS, MemcachedConnection, failure_of
from .memcached_discovery import ask
from .names import Resolver, system_resolver
from .results import CheckResult
from .ring import Ring

_SPREAD_KEYS = 300
_KEPT_SECONDS = 60  # should a check be cut off, its keys go by themselves

CHECKS: Checks[MemcachedClient] = Checks()


def subject_of(
    client: MemcachedClient, endpoint: Endpoint | None = None, resolver: Resolver = system_resolver
) -> Subject[MemcachedClient]:
    """The cluster that this client uses, under test: the configuration endpoint and every node it names.

    Where it names none the checks that need them say why.
    """
    endpoint = endpoint or client.endpoint
    subject = Subject(endpoint, client, ((endpoint.host, endpoint.port),), resolver)
    try:
        nodes = _configuration(subject, subject.servers[0]).nodes
    except CacheError:
        return subject
    subject.servers += tuple((node.host, node.port) for node in nodes)
    return subject


def verify(client: MemcachedClient, where: str) -> Iterator[CheckResult]:
    """Run every check that applies to the cluster of this client."""
    return CHECKS.run(subject_of(client), where)


def _libmemcached_can(endpoint: Endpoint) -> bool:
    # libmemcached has no TLS (R196), and pylibmc no wheels for the newest Pythons.
    return not endpoint.tls and importlib.util.find_spec("pylibmc") is not None


CHECKS("The names of the configuration endpoint and of every node resolve.")(network_checks.names_resolve)


@CHECKS("The configuration endpoint answers Auto Discovery, and the answer is to the letter.")
def discovery_answers(subject: Subject[MemcachedClient]) -> str:
    found = _configuration(subject, subject.servers[0])
    known = subject.client.status.version
    if known is not None and known > found.version:
        raise CheckFailed(f"it gave version {found.version} after {known}")
    return f"version {found.version}: {' '.join(node.name for node in found.nodes)}"


@CHECKS("Every node gives the same list, so that discovery goes on without the configuration endpoint.")
def every_node_gives_the_list(subject: Subject[MemcachedClient]) -> str:
    nodes = _nodes(subject)
    found = {node.name: _configuration(subject, (node.host, node.port)) for node in nodes}
    if len(set(found.values())) > 1:
        versions = ", ".join(f"{name} has version {each.version}" for name, each in found.items())
        raise CheckFailed(f"the lists differ: {versions}")
    return f"version {found[nodes[0].name].version} from each of {len(nodes)}"


CHECKS("TLS is spoken, with a certificate for each node's name.", with_tls)(
    network_checks.tls_with_the_right_name
)
CHECKS("A certificate for another name is not accepted.", with_tls)(
    network_checks.tls_with_a_wrong_name_fails
)
CHECKS("Without TLS the ports answer nothing.", with_tls)(network_checks.plain_text_is_refused)
CHECKS("On the cluster's hosts no other port answers.")(network_checks.other_ports_are_closed)


@CHECKS("Every node is reached and speaks Memcached.")
def every_node_is_reached(subject: Subject[MemcachedClient]) -> str:
    def version(node: Node) -> str:
        with _connected(subject, node, "version") as connection:
            return f"{node.name} runs {connection.version().decode()}"

    nodes = _nodes(subject)
    with ThreadPoolExecutor(max_workers=len(nodes)) as threads:
        return ", ".join(threads.map(version, nodes))


CHECKS("A value written is read back, and gone once it is deleted.")(value_checks.write_and_read_back)


@CHECKS("What one client writes, another one reads that found the nodes by itself.")
def another_client_reads_it(subject: Subject[MemcachedClient]) -> str:
    keys = {subject.key(f"shared:{number}"): uuid.uuid4().hex.encode() for number in range(20)}
    with _another_client(subject) as other:
        subject.client.set_many(keys, ttl_seconds=_KEPT_SECONDS)
        found = other.get_many(keys)
        missing = sum(found.get(key) != value for key, value in keys.items())
        if missing:
            raise CheckFailed(f"{missing} of {len(keys)} values did not come")
        for key in keys:
            other.delete(key)
        return f"{len(keys)} values; both place keys by the ring {other.status.fingerprint}"


@CHECKS("Keys spread as the ring says: a plain get on each node finds that node's keys and no others.")
def keys_are_where_the_ring_says(subject: Subject[MemcachedClient]) -> str:
    nodes = _nodes(subject)
    ring = Ring(node.name for node in nodes)
    with _spread_keys(subject) as keys:
        for node in nodes:
            with _connected(subject, node, "get") as connection:
                found = set(connection.get_many(keys))
            wanted = {key for key in keys if ring.node_for(key) == node.name}
            if found != wanted:
                wrong = (
                    f"{len(wanted - found)} of its {len(wanted)} keys, and {len(found - wanted)} of others"
                )
                raise CheckFailed(f"{node.name} lacks {wrong}")
    shares = Counter(ring.node_for(key) for key in keys)
    spread = ", ".join(f"{node.name} {shares[node.name]}" for node in nodes)
    return f"{len(keys)} keys: {spread}; ring {ring.fingerprint}"


@CHECKS(
    "Other clients, by libmemcached's consistent hashing, find every key where this one put it.",
    _libmemcached_can,
)
def libmemcached_finds_the_keys(subject: Subject[MemcachedClient]) -> str:
    pylibmc: Any = importlib.import_module("pylibmc")  # it has no types
    waits = {"connect_timeout": int(SECONDS * 1000), "_poll_timeout": int(SECONDS * 1000)}
    behaviors = {"ketama_weighted": True, "tcp_nodelay": True, **waits}
    with _spread_keys(subject) as keys:
        try:
            theirs = pylibmc.Client([node.name for node in _nodes(subject)], behaviors=behaviors)
            found = theirs.get_multi([key.decode() for key in keys])
        except pylibmc.Error as error:
            raise CheckFailed(f"pylibmc: {error}") from error
    if len(found) < len(keys):
        raise CheckFailed(f"pylibmc found {len(found)} of {len(keys)} keys")
    return (
        f"pylibmc {pylibmc.__version__}, libmemcached {pylibmc.libmemcached_version}: all of {len(keys)} keys"
    )


@CHECKS("A value with a time to live expires.")
def values_expire(subject: Subject[MemcachedClient]) -> str:
    # Memcached's clock ticks in whole seconds: what is to live for one may be gone at once.
    return value_checks.expires(subject, ttl_seconds=2)


CHECKS("Counters count every increment of clients at the same time exactly once.")(
    value_checks.increments_are_atomic
)
CHECKS("Many values are written and read in one round trip per node.")(value_checks.batches_keep_their_values)
CHECKS("A value of 1 MB comes back unchanged.")(value_checks.large_values_come_back)


@CHECKS("A value over the limit is refused, and never taken for stored.")
def value_over_the_limit_is_refused(subject: Subject[MemcachedClient]) -> str:
    key = subject.key("over")
    with _connected(subject, _nodes(subject)[0], "stats settings") as connection:
        limit = int(connection.stats(b"settings")[b"item_size_max"])
    with _another_client(subject) as client:
        try:
            client.set(key, bytes(limit + 1))
        except CacheRefused as error:
            if client.get(key) is not None:
                raise CheckFailed("it was refused and is there") from error
            return f"{limit + 1} bytes: {error}"
        client.delete(key)
    raise CheckFailed(f"{limit + 1} bytes were taken, where the limit is {limit}")


@CHECKS("Keys that Memcached cannot hold are refused before anything is sent.")
def unfit_keys_are_refused(subject: Subject[MemcachedClient]) -> str:
    words: list[str] = []
    for key in (subject.key("x" * 250), subject.key("two words")):
        try:
            subject.client.set(key, b"x")
        except CacheRefused as error:
            words.append(str(error))
        else:
            raise CheckFailed(f"the key {key!r} was taken")
    return "; ".join(words)


def _configuration(subject: Subject[MemcachedClient], server: Server) -> Configuration:
    context = tls_context(subject.endpoint.ca_file) if subject.endpoint.tls else None
    return ask(server, context, subject.names, Deadline(SECONDS))


def _nodes(subject: Subject[MemcachedClient]) -> tuple[Node, ...]:
    """The nodes of now; with the reason when there are none."""
    return _configuration(subject, subject.servers[0]).nodes


def _another_client(subject: Subject[MemcachedClient]) -> MemcachedClient:
    return MemcachedClient(subject.endpoint, SECONDS, resolver=subject.resolver)


@contextmanager
def _spread_keys(subject: Subject[MemcachedClient]) -> Generator[list[bytes], None, None]:
    """Keys that the client has stored, and removes afterwards."""
    keys = [subject.key(f"spread:{number}").encode() for number in range(_SPREAD_KEYS)]
    subject.client.set_many(dict.fromkeys(keys, b"x"), ttl_seconds=_KEPT_SECONDS)
    try:
        yield keys
    finally:
        for key in keys:
            subject.client.delete(key)


@contextmanager
def _connected(
    subject: Subject[MemcachedClient], node: Node, doing: str
) -> Generator[MemcachedConnection, None, None]:
    """A connection of the check's own to one node, whatever the ring says."""
    deadline, endpoint = Deadline(SECONDS), subject.endpoint
    context = tls_context(endpoint.ca_file) if endpoint.tls else None
    addresses = subject.names.look_up(node.host, node.port, deadline)
    connection = MemcachedConnection.open(node.host, node.name, addresses, context, deadline)
    connection.begin(deadline)
    try:
        yield connection
    except FAULTS as error:
        raise failure_of(error, f"{doing} at {node.name}", endpoint.tls, deadline) from error
    finally:
        connection.close()
