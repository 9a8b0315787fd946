"""Why it does not work: one question after the other, from the name to a write, and the cause where one says no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .diagnosis import Ill, Patient
from .endpoint import Endpoint
from .names import Resolver, system_resolver


@dataclass(frozen=True)
class Finding:
    """The answer to one question. `cause` is a word for a program, empty when all is well; `advice` is for a person."""

    question: str
    answer: str
    cause: str = ""
    advice: str = ""


def examine(endpoint: Endpoint, resolver: Resolver = system_resolver) -> Iterator[Finding]:
    """Ask until one answer names the cause; without any, the last finding is a write that worked.

    Causes of both engines: name-unknown, name-slow, dropped, refused, unreachable, tls-expected, tls-not-spoken,
    tls-name, tls-untrusted, configuration-endpoint, write-refused. Of Redis: wrong-token, token-missing,
    token-unexpected, full, busy, memcached, not-redis, reader. Of Memcached: not-a-cluster, redis, not-memcached,
    node-name-unknown, node-dropped, node-refused, node-tls, node-silent.
    """
    patient = _patient(endpoint, resolver)
    try:
        for question, ask in patient.questions().items():
            try:
                yield Finding(question, ask())
            except Ill as ill:
                yield Finding(question, ill.answer, ill.cause, ill.advice)
                return
    finally:
        patient.close()


def _patient(endpoint: Endpoint, resolver: Resolver) -> Patient:
    if endpoint.engine == "memcached":
        from .memcached_doctor import MemcachedPatient

        return MemcachedPatient(endpoint, resolver)
    from .redis_doctor import RedisPatient

    return RedisPatient(endpoint, resolver)
