"""What "works" means: claims about a cache, each tested by one function that returns its evidence.

A check is a function from Subject to evidence; it raises CheckFailed, or whatever the client raised, when the claim
does not hold. It removes the keys it made. Which checks apply follows from the endpoint: without replicas nothing
is claimed about them. The checks themselves are in redis_checks and memcached_checks.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from .deadline import Deadline
from .endpoint import Endpoint
from .errors import CacheError
from .names import Address, Names, Resolver, system_resolver
from .results import CheckResult

if TYPE_CHECKING:
    from .memcached_client import MemcachedClient
    from .redis_client import RedisClient

SECONDS = 5.0  # a check's own deadline for what it opens by itself

AnyClient = TypeVar("AnyClient", bound="RedisClient | MemcachedClient")
Server = tuple[str, int]


@dataclass
class Subject(Generic[AnyClient]):
    """The cache under test and a client for it; keys of this run share one prefix.

    `servers` are the hosts that serve it, each with its port, the endpoint's own first.
    """

    endpoint: Endpoint
    client: AnyClient
    servers: tuple[Server, ...]
    resolver: Resolver = system_resolver
    prefix: str = field(default_factory=lambda: f"check:{uuid.uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        self.names = Names(self.resolver)

    def key(self, name: str) -> str:
        """A key of this run."""
        return f"{self.prefix}:{name}"

    def addresses(self, server: Server) -> list[Address]:
        """The addresses the name has now, each with its port."""
        return self.names.look_up(*server, Deadline(SECONDS))


@dataclass(frozen=True)
class Check(Generic[AnyClient]):
    """A claim, the function that tests it, and when it applies."""

    name: str
    claim: str
    run: Callable[[Subject[AnyClient]], str]
    applies: Callable[[Endpoint], bool]


def always(endpoint: Endpoint) -> bool:
    """Every cache is to hold this claim."""
    return True


def with_tls(endpoint: Endpoint) -> bool:
    """Only a cache with encryption in transit is."""
    return endpoint.tls


class Checks(Generic[AnyClient]):
    """The claims about the caches of one engine, in the order in which they are tested.

    `faults` are the exceptions, besides the client's own and OSError, by which a check may say that it fails.
    """

    def __init__(self, *faults: type[Exception]) -> None:
        self._faults = (CacheError, OSError, *faults)
        self._checks: list[Check[AnyClient]] = []

    def __iter__(self) -> Iterator[Check[AnyClient]]:
        return iter(self._checks)

    def __call__(
        self, claim: str, applies: Callable[[Endpoint], bool] = always
    ) -> Callable[[Callable[[Subject[AnyClient]], str]], Callable[[Subject[AnyClient]], str]]:
        """Enter the function below under its own name with hyphens."""

        def enter(function: Callable[[Subject[AnyClient]], str]) -> Callable[[Subject[AnyClient]], str]:
            name = function.__name__.replace("_", "-")
            self._checks.append(Check(name, claim, function, applies))
            return function

        return enter

    def run(self, subject: Subject[AnyClient], where: str) -> Iterator[CheckResult]:
        """Run every check that applies, one after the other; a check that fails does not end the others."""
        for item in self._checks:
            if not item.applies(subject.endpoint):
                continue
            started = monotonic()
            try:
                evidence, ok = item.run(subject), True
            except self._faults as error:
                evidence, ok = f"{type(error).__name__}: {error}", False
            yield CheckResult(item.name, item.claim, where, ok, round(monotonic() - started, 6), evidence)
