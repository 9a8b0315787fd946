"""The server: what it does when the cache has become one of another engine."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from client import Endpoint
from client.errors import InvalidEndpoint
from webapp.server import reread

KNOWN = Endpoint("redis", "one.example", 6379, tls=True)


@pytest.fixture
def ended(monkeypatch):
    """The signals that the worker sent to itself."""
    sent = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    return sent


def found(monkeypatch, **changes):
    fresh = replace(KNOWN, **changes)
    monkeypatch.setattr(Endpoint, "refreshed", lambda known: fresh)
    return fresh


@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_a_cache_that_speaks_the_same_protocol_is_followed(monkeypatch, ended, engine):
    fresh = found(monkeypatch, engine=engine, host="two.example")

    assert reread(KNOWN) == fresh
    assert ended == []


def test_for_a_cache_of_another_engine_the_worker_makes_room_for_a_new_one(monkeypatch, ended):
    found(monkeypatch, engine="memcached", port=11211)

    with pytest.raises(InvalidEndpoint, match="the cache is memcached now, and this client is for redis"):
        reread(KNOWN)
    assert ended == [(os.getpid(), signal.SIGTERM)]
