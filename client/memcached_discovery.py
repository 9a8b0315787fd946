"""Asks a cluster for its nodes: at the start, every minute with jitter, and sooner when a node does not answer."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable, Iterable
from time import monotonic

from .connecting import DeadlineSocket, open_socket, start_tls
from .deadline import Deadline
from .discovery import LEGACY_REQUEST, REQUEST, Configuration, ReplyReader
from .errors import CacheError, CacheRefused, CacheUnreachable
from .names import Names

POLL_SECONDS = 60.0
_JITTER = 0.2
_ANSWER_SECONDS = 1.0  # per server asked
_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 15.0
_BETWEEN_POLLS_SECONDS = 1.0  # however many calls fail
_ANEW_SECONDS = 30.0  # ElastiCache puts the list right on every node within 15

Server = tuple[str, int]


def ask(server: Server, context: ssl.SSLContext | None, names: Names, deadline: Deadline) -> Configuration:
    """The configuration that one server gives, by the older key where it does not know the newer command.

    Raises CacheUnreachable or CacheRefused (NO_CLUSTER: it is a plain Memcached, not part of a cluster).
    """
    host, port = server
    sock, _ = open_socket(names.look_up(host, port, deadline), deadline)
    if context is not None:
        sock = start_tls(sock, host, context, deadline)
    wire = DeadlineSocket(sock, deadline)
    doing = f"asking {host}:{port} for the cluster's nodes"
    try:
        try:
            return _exchange(wire, REQUEST, doing, deadline)
        except CacheRefused as refusal:
            if refusal.code not in {"ERROR", "NO_CLUSTER"}:
                raise
        return _exchange(wire, LEGACY_REQUEST, doing, deadline)
    except CacheRefused as refusal:
        if refusal.code == "NO_CLUSTER":
            said = "it has none; it is a plain Memcached, not a cluster with Auto Discovery"
            raise CacheRefused(f"{doing}: {said}", "NO_CLUSTER", "discovery") from refusal
        raise CacheRefused(f"{doing}: {refusal}", refusal.code, "discovery") from refusal
    finally:
        wire.close()


def _exchange(wire: DeadlineSocket, request: bytes, doing: str, deadline: Deadline) -> Configuration:
    reader = ReplyReader()
    try:
        wire.sendall(request)
        while piece := wire.recv(65536):
            found = reader.feed(piece)
            if found is not None:
                return found
    except TimeoutError as error:
        raise deadline.exceeded(doing, "discovery") from error
    except OSError as error:
        raise CacheUnreachable(f"{doing}: the connection was lost", "discovery") from error
    cut = "in the middle of the reply" if reader.has_begun else "without a reply"
    raise CacheUnreachable(f"{doing}: the connection was closed {cut}", "discovery")


class Discovery:
    """Polls in a thread of its own, so that no call pays for it, and hands on each newer configuration.

    On any fault the last one stays. `servers` gives whom to ask, the configuration endpoint first: every node of a
    cluster knows the list, so that the endpoint alone cannot stop discovery. `lost` is called when the endpoint
    itself gave none.

    A cluster made anew under the same name counts its versions from the beginning. It is told from a node that lags
    behind by this: for `anew_seconds` the endpoint, and whoever else answers, has known older versions only.
    """

    def __init__(
        self,
        servers: Callable[[], Iterable[Server]],
        context: ssl.SSLContext | None,
        names: Names,
        adopt: Callable[[Configuration, Discovery], None],
        report: Callable[[str, str], None],
        lost: Callable[[], object],
        poll_seconds: float,
        anew_seconds: float = _ANEW_SECONDS,
    ) -> None:
        self._servers = servers
        self._context = context
        self._names = names
        self._adopt = adopt
        self._report = report
        self._lost = lost
        self._poll_seconds = poll_seconds
        self._anew_seconds = anew_seconds
        self._older_since: float | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._wanted = True
        self.current: Configuration | None = None
        self.succeeded_at: float | None = None
        self.fault: CacheError | None = None
        self.polls = 0
        self.faults = 0
        threading.Thread(target=self._run, name="discovery", daemon=True).start()

    def wait_for_first(self, deadline: Deadline) -> None:
        """Wait until there is a configuration. Raises the fault of the last poll, or DeadlineExceeded."""
        with self._changed:
            while self.current is None and not self._stopped:
                if isinstance(self.fault, CacheRefused):
                    raise self._copy_of(self.fault)
                if not self._changed.wait(deadline.remaining()) and not deadline.remaining():
                    if self.fault is not None:
                        raise self._copy_of(self.fault)
                    raise deadline.exceeded("waiting for the cluster's nodes", "discovery")

    def poll_soon(self) -> None:
        """Poll now rather than at the end of the minute; at most once per second."""
        with self._changed:
            self._wanted = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Poll no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        pause = _FIRST_RETRY_SECONDS
        while not self._stopped:
            polled_at = monotonic()
            if self._poll():
                pause = _FIRST_RETRY_SECONDS
                until = self._poll_seconds
            else:
                until, pause = min(pause, self._poll_seconds), min(2 * pause, _LONGEST_RETRY_SECONDS)
            until *= 1 + random.uniform(-_JITTER, _JITTER)  # noqa: S311 - spreads clients
            self._sleep(polled_at, until)

    def _sleep(self, polled_at: float, seconds: float) -> None:
        with self._changed:
            self._wanted = False
            while not self._stopped:
                elapsed = monotonic() - polled_at
                between = min(_BETWEEN_POLLS_SECONDS, seconds)
                left = (between if self._wanted else seconds) - elapsed
                if left <= 0:
                    return
                self._changed.wait(left)

    def _poll(self) -> bool:
        """Ask one server after the other until one answers; whether one did."""
        self.polls += 1
        said: Configuration | None = None
        for position, server in enumerate(self._servers()):
            if self._stopped:
                return False
            try:
                found = ask(server, self._context, self._names, Deadline(_ANSWER_SECONDS))
                said = found if position == 0 else said
                self._take(found)
            except CacheError as fault:
                with self._changed:
                    self.faults += 1
                    self.fault = fault
                    self._changed.notify_all()
                self._report("undiscovered", str(fault))
                if position == 0:
                    self._lost()
            else:
                self._older_since = None
                return True
        return self._begin_anew(said)

    def _begin_anew(self, older: Configuration | None) -> bool:
        """Take what the endpoint answers after all when nobody has known anything newer for long enough."""
        if older is None:
            self._older_since = None
            return False
        now = monotonic()
        if self._older_since is None:
            self._older_since = now
        if now - self._older_since < self._anew_seconds:
            return False
        self._older_since = None
        self._settle(older, is_new=True)
        return True

    def _take(self, found: Configuration) -> None:
        if self.current is not None and found.version < self.current.version:
            versions = f"version {found.version} after {self.current.version}"
            raise CacheRefused(f"an older configuration: {versions}", "STALE", "discovery")
        self._settle(found, found.supersedes(self.current))

    def _settle(self, found: Configuration, is_new: bool) -> None:
        if is_new:
            self._adopt(found, self)
            self._report("discovered", f"version {found.version}: {len(found.nodes)} nodes")
        with self._changed:
            if is_new:
                self.current = found
            self.succeeded_at = monotonic()
            self.fault = None
            self._changed.notify_all()

    @staticmethod
    def _copy_of(fault: CacheError) -> CacheError:
        # One exception object raised in several threads would collect all their tracebacks.
        if isinstance(fault, CacheRefused):
            return CacheRefused(str(fault), fault.code, fault.stage)
        stage = fault.stage if isinstance(fault, CacheUnreachable) else "discovery"
        return CacheUnreachable(str(fault), stage)
