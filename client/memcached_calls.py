"""How calls to Memcached are carried out: which node, what is repeated, and when a node is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import TypeVar

from .deadline import Deadline
from .errors import CacheError, CacheRefused, CacheUnreachable, OutcomeUnknown
from .memcached_batch import Fetches, Part, Stores, exchange, refused
from .memcached_cluster import MemcachedCluster
from .memcached_connection import FAULTS, MemcachedConnection, failure_of
from .memcached_node import MemcachedNode

Result = TypeVar("Result")
Question = TypeVar("Question", Stores, Fetches)

_ATTEMPTS = 2  # a node may have closed the first connection just then; a node that is down fails at once


class MemcachedCalls:
    """Carries calls out on the nodes that own their keys."""

    def __init__(self, cluster: MemcachedCluster) -> None:
        self._cluster = cluster

    def run(
        self,
        key: bytes,
        call: Callable[[MemcachedConnection], Result],
        what: str,
        deadline: Deadline,
        writes: bool,
    ) -> Result:
        """The call's result. Repeated once when the connection was lost and it cannot have been executed twice."""
        attempts = 0
        while True:
            attempts += 1
            node = self._cluster.layout(deadline).node_for(key)
            connection = self._take(node, deadline, writes)
            try:
                result = call(connection)
            except FAULTS as error:
                failure = failure_of(error, f"{what} at {node.name}", node.tls, deadline)
                lost = isinstance(error, OSError) and not isinstance(error, TimeoutError)
                if lost and attempts < _ATTEMPTS and not (writes and connection.sent):
                    node.drop(connection, "lost")
                    continue
                raise self._failed(node, connection, failure, writes, connection.sent) from error
            except BaseException:
                # Interrupted between question and answer: the answer would be taken for that of the next call.
                node.drop(connection, "interrupted")
                if writes:
                    node.leave("a write was interrupted")
                raise
            node.give_back(connection)
            return result

    def run_many(
        self,
        keys: Collection[bytes],
        question: Callable[[list[bytes]], Question],
        what: str,
        deadline: Deadline,
        writes: bool,
    ) -> list[Question]:
        """Ask every node that owns some of the keys, all at once; the answered questions."""
        if not keys:
            return []
        layout = self._cluster.layout(deadline)
        deadline.require(what, "reply")  # 100,000 keys take a while to check, and to share out
        shares = layout.ring.shares(keys)
        deadline.require(what, "reply")
        questions = {name: question(share) for name, share in shares.items()}
        found = self._ask_all({name: layout.nodes[name] for name in shares}, questions, deadline, writes)
        failures: list[CacheError] = []
        for name, share in shares.items():
            part = found[name]
            failure = part
            if isinstance(part, Part):
                failure = self._settle(layout.nodes[name], part, what, deadline, writes)
            if isinstance(failure, CacheError):
                failures.append(_of_a_share(failure, what, name, share, keys))
        if failures:
            raise max(failures, key=_gravity)
        return list(questions.values())

    def _ask_all(
        self,
        nodes: dict[str, MemcachedNode],
        questions: dict[str, Question],
        deadline: Deadline,
        writes: bool,
    ) -> dict[str, Part | CacheError]:
        """Ask the nodes with an idle connection in this thread; a new one is opened in a thread of its own each.

        So a node that lets nobody connect takes no time from those that answer.
        """
        found: dict[str, Part | CacheError] = {}

        def open_and_ask(name: str) -> None:
            try:
                part = Part(self._take(nodes[name], deadline, writes), questions[name])
            except CacheError as failure:
                found[name] = failure
            else:
                found[name] = part
                self._exchange({name: part}, nodes, deadline, writes)

        idle: dict[str, Part] = {}
        for name, node in nodes.items():
            connection = None if node.is_out else node.take_idle(deadline)
            if connection is not None:
                idle[name] = Part(connection, questions[name])
        found.update(idle)
        missing = [name for name in nodes if name not in idle]
        if len(missing) == 1 and not idle:
            open_and_ask(missing.pop())
        threads = [threading.Thread(target=open_and_ask, args=(name,), daemon=True) for name in missing]
        for thread in threads:
            thread.start()
        self._exchange(idle, nodes, deadline, writes)
        for thread in threads:
            thread.join()  # each ends with the deadline
        return found

    @staticmethod
    def _exchange(
        parts: dict[str, Part], nodes: dict[str, MemcachedNode], deadline: Deadline, writes: bool
    ) -> None:
        try:
            exchange(list(parts.values()), deadline)
        except BaseException:
            for name, part in parts.items():
                nodes[name].drop(part.connection, "interrupted")
                if writes:
                    nodes[name].leave("a write was interrupted")
            raise

    def _settle(
        self, node: MemcachedNode, part: Part, what: str, deadline: Deadline, writes: bool
    ) -> CacheError | None:
        if part.error is not None:
            failure = failure_of(part.error, f"{what} at {node.name}", node.tls, deadline)
            return self._failed(node, part.connection, failure, writes, part.has_sent)
        node.give_back(part.connection)
        if isinstance(part.question, Stores) and part.question.refusals:
            return refused(part.question.refusals, node.name)
        return None

    def _take(self, node: MemcachedNode, deadline: Deadline, writes: bool) -> MemcachedConnection:
        try:
            return node.take(deadline)
        except CacheUnreachable as failure:
            if writes:
                node.leave(str(failure))
            self._poll_soon()  # the node may have left the cluster
            raise

    def _failed(
        self,
        node: MemcachedNode,
        connection: MemcachedConnection,
        failure: CacheError,
        writes: bool,
        sent: bool,
    ) -> CacheError:
        """Close the connection, leave the node where a write is in doubt, and give the error to raise."""
        node.drop(connection, str(failure))
        answered = isinstance(failure, CacheRefused) and failure.code != "PROTOCOL"
        if writes and not answered:
            node.leave(str(failure))
            if sent:
                return OutcomeUnknown(f"{failure}; it was sent, and may or may not have happened")
        if isinstance(failure, CacheUnreachable):
            self._poll_soon()
        return failure

    def _poll_soon(self) -> None:
        discovery = self._cluster.discovery
        if discovery is not None:
            discovery.poll_soon()


def _of_a_share(
    failure: CacheError, what: str, name: str, share: list[bytes], keys: Collection[bytes]
) -> CacheError:
    """The failure of one node's part of a batch, as an error that says how many keys it concerns."""
    text = f"{what}: {len(share)} of {len(keys)} keys are at {name}: {failure}"
    if isinstance(failure, CacheRefused):
        return CacheRefused(text, failure.code, failure.stage)
    if isinstance(failure, CacheUnreachable):
        return type(failure)(text, failure.stage)
    return type(failure)(text)


def _gravity(failure: CacheError) -> int:
    return 2 if isinstance(failure, OutcomeUnknown) else int(isinstance(failure, CacheUnreachable))
