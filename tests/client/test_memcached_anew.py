"""A cluster made anew under the same name counts its versions from the beginning; a node that lags behind does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client.discovery import Configuration
from client.memcached_discovery import Discovery
from client.names import Names

from .memcached_servers import ConfigurationEndpoint, reply
from .redis_servers import wait_until

BEFORE, AFTER = ["a.test", "b.test", "c.test"], ["a.test", "b.test"]
ANEW_SECONDS = 0.5


@pytest.fixture
def servers() -> Iterator[list[ConfigurationEndpoint]]:
    """The configuration endpoint and two nodes that know the list, as those of ElastiCache do."""
    started = [ConfigurationEndpoint() for _ in range(3)]
    for one in started:
        one.answer = reply(7, BEFORE)
    yield started
    for one in started:
        one.stop()


@contextmanager
def discovering(servers: list[ConfigurationEndpoint]) -> Iterator[tuple[Discovery, list[Configuration]]]:
    """A discovery that asks these, and what it hands on."""
    adopted: list[Configuration] = []
    discovery = Discovery(
        lambda: [("127.0.0.1", one.port) for one in servers],
        None,
        Names(lambda host, port: [(host, port)]),
        lambda found, _: adopted.append(found),
        lambda word, details: None,
        lambda: None,
        poll_seconds=0.05,
        anew_seconds=ANEW_SECONDS,
    )
    try:
        wait_until(lambda: bool(adopted), 5)
        yield discovery, adopted
    finally:
        discovery.stop()


def outlasted(discovery: Discovery) -> bool:
    """Whether it has gone on polling for long enough to take an older list, had it been going to."""
    began, polls = time.monotonic(), discovery.polls
    wait_until(lambda: time.monotonic() - began > 3 * ANEW_SECONDS and discovery.polls > polls + 3, 10)
    return True


def test_a_list_that_begins_anew_everywhere_is_taken_after_a_while(servers):
    with discovering(servers) as (discovery, adopted):
        began = time.monotonic()
        for one in servers:
            one.answer = reply(1, AFTER)
        wait_until(lambda: len(adopted) == 2, 10)
        assert time.monotonic() - began >= ANEW_SECONDS
        assert [(one.version, len(one.nodes)) for one in adopted] == [(7, 3), (1, 2)]
        wait_until(lambda: discovery.fault is None, 5)
        for one in servers:
            one.answer = reply(2, BEFORE)
        wait_until(lambda: len(adopted) == 3, 10)
        assert adopted[-1].version == 2


def test_the_nodes_of_before_need_not_answer_for_that(servers):
    with discovering(servers) as (_, adopted):
        servers[0].answer = reply(1, AFTER)
        for one in servers[1:]:
            one.stop()
        wait_until(lambda: len(adopted) == 2, 10)
        assert adopted[-1].version == 1


@pytest.mark.parametrize("newer", [1, 2])
def test_an_older_list_is_never_taken_while_one_server_knows_that_of_now(servers, newer):
    with discovering(servers) as (discovery, adopted):
        for position, one in enumerate(servers):
            if position != newer:
                one.answer = reply(6, AFTER)
        assert outlasted(discovery)
        assert [one.version for one in adopted] == [7]


def test_nodes_that_lag_behind_are_not_believed_without_the_endpoint(servers):
    with discovering(servers) as (discovery, adopted):
        servers[0].answer = b"SERVER_ERROR busy\r\n"
        for one in servers[1:]:
            one.answer = reply(6, AFTER)
        assert outlasted(discovery)
        assert [one.version for one in adopted] == [7]
