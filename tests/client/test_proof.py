"""A drill on Memcached begins when every client has filled its keys, and says which one fails to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from client import CacheRefused, CacheUnreachable, proof
from client.drill_record import WorkerRecord
from client.remote import Place
from client.triggers import Trigger

RECORD = WorkerRecord("app", writes=[(time.time(), 0.01, "ok")], present=[0])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened, in its order; the trigger does nothing but say so."""
    happened: list[str] = []
    service = type("Service", (), {"get_paginator": lambda *_: Pages()})()
    made = Trigger(
        "scale-out",
        "from two to three",
        None,
        frozenset(),
        fire=lambda elasticache: happened.append("triggered"),
        is_over=lambda *_: True,
        maximum_seconds=5.0,
    )
    monkeypatch.setattr(proof, "trigger", lambda kind, outputs: made)
    monkeypatch.setattr(proof, "_UNDER_WAY_SECONDS", 0.0)
    monkeypatch.setattr(proof, "_BEGUN_SECONDS", 0.3)
    monkeypatch.setattr("client.triggers.aws_client", lambda *_: service)
    return happened


class Pages:
    def paginate(self, **arguments: object) -> list[dict[str, Any]]:
        return [{"Events": []}]


def client(
    name: str,
    told: list[str],
    filled: list[bool],
    answer: Mapping[str, Any] | None = None,
) -> Place:
    """A client that answers so when it is asked whether somebody has begun; its own worker ends with the answer."""
    answers = iter(filled)

    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        if command == "drill":
            deadline = time.monotonic() + 5
            while answer is None and "triggered" not in told and time.monotonic() < deadline:
                time.sleep(0.005)
            return dict(answer or {"record": RECORD.as_mapping()})
        if command == "put":  # the sign that it is over
            return {"stored": True}
        found = next(answers, filled[-1])
        told.append(f"{options['key'].split(':')[2]} {'has begun' if found else 'has not begun'}")
        return {"found": found}

    return Place(name, run)


def drill(*places: Place) -> Any:
    return proof.drill(places, {"engine": "memcached"}, tell=lambda text: None, kind="scale-out")


def test_nothing_is_triggered_before_every_client_has_filled_its_keys(told: list[str]):
    drill(client("app", told, [False, True, False, True]), client("function", told, [True]))

    assert told == [
        "app has not begun",
        "app has begun",
        "function has not begun",
        "function has begun",
        "triggered",
    ]


def test_a_client_that_never_begins_is_named_and_nothing_is_triggered(told: list[str]):
    failing = client("app", told, [False], {"record": RECORD.as_mapping()})

    with pytest.raises(CacheUnreachable, match=r"app had not begun after 0\.3 s"):
        drill(failing)
    assert "triggered" not in told


def test_a_client_that_fails_to_fill_its_keys_ends_the_drill_with_its_error(told: list[str]):
    error = {"error": {"type": "CacheRefused", "message": "set: out of memory"}}

    with pytest.raises(CacheRefused, match="a client: set: out of memory"):
        drill(client("app", told, [False], error))
    assert "triggered" not in told
