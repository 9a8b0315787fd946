"""Names to addresses within a deadline: the look-up of the system cannot be interrupted, so it runs in a thread."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import monotonic

from .deadline import Deadline
from .errors import CacheUnreachable

Address = tuple[str, int]
Resolver = Callable[[str, int], Sequence[Address]]
"""A name and a port to addresses; raises OSError when the name is unknown."""

_JOIN_SECONDS = 1.0  # a look-up under way for longer is taken as lost, and another one is started
_MAXIMUM_HANGING = 4  # threads per name, when no look-up ever returns


_detours: dict[Address, Address] = {}


@contextmanager
def detour(name: Address, address: Address) -> Generator[None, None, None]:
    """Let a host and port lead to an address of this machine, for the whole process: the end of a tunnel."""
    _detours[name] = address
    try:
        yield
    finally:
        del _detours[name]


def system_resolver(host: str, port: int) -> list[Address]:
    """The addresses that this machine's resolver gives, each once, in its order; or where a tunnel leads."""
    if (host, port) in _detours:
        return [_detours[host, port]]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))


def is_address(host: str) -> bool:
    """Whether the host is an IP address, which needs no look-up and never moves."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Names:
    """Looks names up, callers that ask at the same moment sharing one look-up. Safe to use from threads."""

    def __init__(self, resolver: Resolver = system_resolver) -> None:
        self._resolver = resolver
        self._lock = threading.Lock()
        self._flights: dict[Address, list[_LookUp]] = {}

    def look_up(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """The addresses, at least one. Raises CacheUnreachable, or DeadlineExceeded while the look-up hangs."""
        if is_address(host) and (host, port) not in _detours:
            return [(host, port)]
        flight = self._join_or_start(host, port)
        while not flight.done.wait(min(_JOIN_SECONDS, deadline.remaining())):
            deadline.require(f"looking up {host}", "name")
            flight = self._join_or_start(host, port)
        if flight.error is not None:
            raise CacheUnreachable(
                f"the name {host} does not resolve: {flight.error}", "name"
            ) from flight.error
        if not flight.addresses:
            raise CacheUnreachable(f"the name {host} has no address", "name")
        return flight.addresses

    def _join_or_start(self, host: str, port: int) -> _LookUp:
        with self._lock:
            flights = [each for each in self._flights.get((host, port), []) if not each.done.is_set()]
            young = flights and monotonic() - flights[-1].started_at < _JOIN_SECONDS
            if not young and len(flights) < _MAXIMUM_HANGING:
                flights.append(_LookUp(self._resolver, host, port))
            self._flights[(host, port)] = flights
            return flights[-1]


class _LookUp:
    """One look-up in a thread of its own, which may outlive everybody who waited for it."""

    def __init__(self, resolver: Resolver, host: str, port: int) -> None:
        self.started_at = monotonic()
        self.done = threading.Event()
        self.addresses: list[Address] = []
        self.error: OSError | UnicodeError | None = None
        arguments = (resolver, host, port)
        threading.Thread(target=self._run, args=arguments, name=f"look-up {host}", daemon=True).start()

    def _run(self, resolver: Resolver, host: str, port: int) -> None:
        try:
            self.addresses = list(resolver(host, port))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA cannot encode
            self.error = error
        finally:
            self.done.set()
