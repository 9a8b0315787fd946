"""What holds for the checks of both engines."""

from __future__ import annotations

import re

import pytest

from client import Endpoint, memcached_checks, redis_checks
from client.checks import Subject
from client.errors import CheckFailed
from client.network_checks import everywhere, other_ports_are_closed

from .faults import full_port, silent_port
from .redis_servers import free_port


@pytest.mark.parametrize(
    "check", [*redis_checks.CHECKS, *memcached_checks.CHECKS], ids=lambda check: check.name
)
def test_a_claim_is_a_sentence(check):
    assert check.claim[0].isupper()
    assert check.claim.endswith(".")


@pytest.mark.parametrize("checks", [redis_checks.CHECKS, memcached_checks.CHECKS], ids=["redis", "memcached"])
def test_a_name_is_there_once(checks):
    names = [check.name for check in checks]

    assert len(names) == len(set(names)) >= 16


def of(*hosts: str) -> Subject:
    return Subject(Endpoint("redis", "cache.test", 6379), None, tuple((host, 6379) for host in hosts))


def test_what_every_server_says_is_said_once_where_it_is_the_same():
    assert everywhere(of("a", "b", "c"), lambda server: "closed") == "closed (3 servers)"
    assert everywhere(of("a", "b"), lambda server: "closed") == "closed (2 servers)"
    assert everywhere(of("a"), lambda server: "closed") == "a closed"
    assert everywhere(of("a", "b"), lambda server: f"is {server[0]}") == "a is a; b is b"


def test_the_server_that_fails_a_claim_is_named():
    def ask(server: tuple[str, int]) -> str:
        if server[0] == "b":
            raise CheckFailed("it answered")
        return "closed"

    with pytest.raises(CheckFailed, match=r"^b: it answered$"):
        everywhere(of("a", "b", "c"), ask)


@pytest.fixture
def neighbour(monkeypatch):
    """A cache that is said to listen at the port before one of this machine's."""
    monkeypatch.setattr("client.network_checks._SILENCE_SECONDS", 0.1)

    def subject(port: int) -> Subject:
        return Subject(Endpoint("redis", "127.0.0.1", port - 1), None, (("127.0.0.1", port - 1),))

    return subject


def test_a_port_that_says_nothing_is_closed(neighbour):
    with full_port() as port:
        found = other_ports_are_closed(neighbour(port))
    # Its time is short; on a busy machine it may take longer.
    assert re.fullmatch(rf"127\.0\.0\.1 port {port}: silence for \d\.\d s", found)


def test_a_port_that_refuses_is_closed(neighbour):
    port = free_port()
    assert other_ports_are_closed(neighbour(port)) == f"127.0.0.1 port {port}: connection refused"


def test_a_port_that_accepts_is_not_closed(neighbour):
    with silent_port() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CheckFailed, match=rf"^127\.0\.0\.1: port {port} accepted a connection$"):
            other_ports_are_closed(neighbour(port))
