"""What a doctor asks of a Memcached cluster: its list of nodes, and each of them."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from .connecting import tls_context
from .deadline import Deadline
from .diagnosis import DROPPED_ADVICE, QUESTION_SECONDS, Ill, Patient
from .discovery import Node
from .errors import CacheError, CacheRefused, CacheUnreachable, DeadlineExceeded
from .memcached_connection import FAULTS, MemcachedConnection, failure_of
from .memcached_discovery import ask

_CONFIGURATION_LABEL = ".cfg."  # in the name of every configuration endpoint of ElastiCache, and of no node


class MemcachedPatient(Patient):
    """A Memcached cluster under examination."""

    engine = "Memcached"
    greeting = b"version\r\n"
    nodes: tuple[Node, ...] = ()

    def questions(self) -> Mapping[str, Callable[[], str]]:
        return {
            "Does the name resolve?": self.name,
            "Does the port answer?": self.port,
            "Is TLS as expected?": self.tls,
            "Does it give the cluster's nodes?": self.discovery,
            "Does every node answer?": self.every_node,
            "Does a write come back from every node?": self.write,
        }

    def close(self) -> None:
        """Nothing: each question closes its own connections."""

    def understand(self, said: bytes) -> None:
        if said.startswith((b"-", b"+")):
            raise Ill("redis", f"the answer is {said!r}", _REDIS_ADVICE)
        if not said.startswith((b"VERSION", b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")):
            raise Ill("not-memcached", f"the answer is {said!r}", _NOT_MEMCACHED_ADVICE)

    def discovery(self) -> str:
        """Whether it answers Auto Discovery, with nodes that can hold data."""
        server, context = (self.endpoint.host, self.endpoint.port), self._context()
        try:
            found = ask(server, context, self.names, Deadline(QUESTION_SECONDS))
        except CacheRefused as error:
            raise _no_nodes(error) from error
        except CacheError as error:
            advice = "It accepts connections and says nothing: frozen, or something else listens there."
            raise Ill("not-memcached", str(error), advice) from error
        self.nodes = found.nodes
        for node in found.nodes:
            if _CONFIGURATION_LABEL in node.host:
                advice = (
                    "A configuration endpoint is a name that leads to any of the nodes: what is written by it cannot "
                    "be found again. Keys go to the nodes that Auto Discovery names."
                )
                raise Ill("configuration-endpoint", f"{node.name} is used as a node for data", advice)
        return f"version {found.version}: {' '.join(node.name for node in found.nodes)}"

    def every_node(self) -> str:
        """Whether each of them lets this client in, and speaks Memcached."""

        def version(connection: MemcachedConnection) -> str:
            return f"{connection.name} {connection.version().decode()}"

        return ", ".join(self._at_every_node("version", version))

    def write(self) -> str:
        """Whether each of them stores a value, gives it back and deletes it."""
        key = f"doctor:{uuid.uuid4().hex}".encode()

        def write(connection: MemcachedConnection) -> str:
            connection.set(key, b"x", 5)
            if connection.get(key) != b"x":
                answer = f"{connection.name} acknowledged a value and does not have it"
                raise Ill("write-refused", answer, "Another client flushes the node, or its memory is full.")
            connection.delete(key)
            return connection.name

        return f"set, read and deleted at {', '.join(self._at_every_node('set', write))}"

    def _at_every_node(self, doing: str, use: Callable[[MemcachedConnection], str]) -> list[str]:
        """Use a connection to each node, all at the same time; raises the first failure."""
        context, deadline = self._context(), Deadline(QUESTION_SECONDS)

        def visit(node: Node) -> str:
            try:
                addresses = self.names.look_up(node.host, node.port, deadline)
                connection = MemcachedConnection.open(node.host, node.name, addresses, context, deadline)
            except CacheError as error:
                raise _node_away(node, error) from error
            try:
                connection.begin(deadline)
                return use(connection)
            except FAULTS as error:
                failure = failure_of(error, f"{doing} at {node.name}", self.endpoint.tls, deadline)
                raise _node_refuses(node, failure) from error
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(self.nodes)) as threads:
            return list(threads.map(visit, self.nodes))

    def _context(self) -> ssl.SSLContext | None:
        return tls_context(self.endpoint.ca_file) if self.endpoint.tls else None


def _no_nodes(error: CacheRefused) -> Ill:
    if error.code == "NO_CLUSTER":
        advice = (
            "A plain Memcached or a serverless cache has no Auto Discovery, which this client needs: name a "
            "cluster's configuration endpoint (….cfg.…)."
        )
        return Ill("not-a-cluster", str(error), advice)
    if "'-" in str(error) or "'+" in str(error):
        return Ill("redis", str(error), _REDIS_ADVICE)
    return Ill("not-memcached", str(error), _NOT_MEMCACHED_ADVICE)


def _node_away(node: Node, error: CacheError) -> Ill:
    """Why a node could not be connected to."""
    answer, stage = f"{node.name}: {error}", error.stage if isinstance(error, CacheUnreachable) else ""
    if stage == "name":
        advice = "The cluster's list names it, and the name does not resolve: it is being replaced, or has just left."
        return Ill("node-name-unknown", answer, advice)
    if stage == "connect":
        if isinstance(error, DeadlineExceeded):
            return Ill("node-dropped", answer, DROPPED_ADVICE)
        advice = "The node is down or restarts; its name and its place on the ring stay until it is back."
        return Ill("node-refused", answer, advice)
    if isinstance(error, DeadlineExceeded):
        return Ill("node-silent", answer, _SILENT_ADVICE)
    advice = "Every node needs the cluster's TLS, with a certificate for its own name."
    return Ill("node-tls", answer, advice)


def _node_refuses(node: Node, failure: CacheError) -> Ill:
    """Why a node that lets this client in does not do what it is asked."""
    if isinstance(failure, CacheUnreachable):
        return Ill("node-silent", str(failure), _SILENT_ADVICE)
    if "out of memory" in str(failure):
        advice = "The memory is full and nothing is evicted: larger or more nodes, or error_on_memory_exhausted off."
        return Ill("write-refused", str(failure), advice)
    return Ill("write-refused", str(failure), "The node's words say why.")


_REDIS_ADVICE = "That is Redis or Valkey; the endpoint says Memcached."
_NOT_MEMCACHED_ADVICE = "What listens there does not answer as Memcached does."
_SILENT_ADVICE = "The node accepts connections and answers nothing: frozen, or overloaded."
