"""Ctrl-C while clients elsewhere are at work: nobody waits for them, and they are told where they listen."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from client import load_proof, proof
from client.background import in_background
from client.key_shares import over_key
from client.remote import Place
from client.results import Report
from client.triggers import Trigger

ROOT = Path(__file__).resolve().parents[2]
STUCK = """
import threading
from client.background import in_background
in_background(threading.Event().wait)
print("ended")
"""


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What the clients elsewhere wait for; nothing of theirs outlives the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_result_and_an_error_come_where_they_are_asked_for():
    assert in_background(divmod, 7, 2).result(5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        in_background(divmod, 7, 0).result(5)


def test_a_process_ends_while_work_in_the_background_does_not():
    ended = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "ended\n"


def interrupted() -> Trigger:
    def fire(elasticache: object) -> None:
        raise KeyboardInterrupt

    return Trigger("restart", "by hand", None, frozenset(), fire, lambda *_: True, maximum_seconds=7.0)


@pytest.mark.parametrize("engine", ["redis", "memcached"])
def test_ctrl_c_ends_a_drill_at_once_and_says_what_becomes_of_the_clients(engine, released, monkeypatch):
    asked: list[tuple[str, Mapping[str, Any]]] = []

    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        asked.append((command, options))
        if command == "drill":
            released.wait()
        return {"found": True, "stored": True}

    monkeypatch.setattr(proof, "_UNDER_WAY_SECONDS", 0.0)
    monkeypatch.setattr("client.triggers.aws_client", lambda *_: None)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        proof.drill([Place("app", run)], {"engine": engine}, tell=said.append, kind=interrupted())

    assert said[-1] == "interrupted; clients that still write end by themselves, after 7 s at the latest"
    drill = next(options for command, options in asked if command == "drill")
    signs = [options["key"] for command, options in asked if command == "put"]
    assert signs == ([over_key(drill["run"])] if drill["until_told"] else [])


def test_a_second_ctrl_c_leaves_a_load_elsewhere_alone(released, monkeypatch):
    def look(answers: object, timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(load_proof, "wait", look)
    place = Place("app", lambda *_: {"found": released.wait()})
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        load_proof.bench([place], None, {"maximum_seconds": 600.0}, Report("s", "redis"), said.append)

    assert said == ["waiting for the figures of app; Ctrl-C goes without them"]
