"""A time budget, and looking names up within one."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from client import CacheUnreachable, DeadlineExceeded
from client.deadline import Deadline
from client.names import Names, is_address, system_resolver


def test_what_remains_shrinks_to_zero_and_not_below():
    deadline = Deadline(0.02)
    assert 0 < deadline.remaining() <= 0.02
    time.sleep(0.03)
    assert deadline.remaining() == 0.0


def test_asking_for_time_that_is_gone_names_what_was_being_done():
    with pytest.raises(DeadlineExceeded, match=r"^boiling an egg: no answer within 0 s$") as exceeded:
        Deadline(0).require("boiling an egg", "egg")
    assert exceeded.value.stage == "egg"


def test_a_part_never_ends_after_the_whole():
    whole = Deadline(0.5)
    assert whole.part(10).ends_at == pytest.approx(whole.ends_at, abs=0.01)
    assert whole.part(0.1).ends_at == pytest.approx(whole.ends_at - 0.4, abs=0.01)


def test_addresses_need_no_look_up():
    def never(host: str, port: int) -> list[tuple[str, int]]:
        raise AssertionError("an address was looked up")

    assert Names(never).look_up("127.0.0.1", 1, Deadline(1)) == [("127.0.0.1", 1)]
    assert Names(never).look_up("::1", 1, Deadline(1)) == [("::1", 1)]
    assert [is_address(host) for host in ("10.0.0.1", "fd00::1", "localhost", "1.2.3")] == [
        True,
        True,
        False,
        False,
    ]


def test_the_system_knows_localhost_once():
    found = system_resolver("localhost", 6379)
    assert ("127.0.0.1", 6379) in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")]
)
def test_a_name_that_is_unknown_or_impossible_is_unreachable(error):
    def fails(host: str, port: int) -> list[tuple[str, int]]:
        raise error

    with pytest.raises(CacheUnreachable, match=r"the name cache\.test does not resolve") as unreachable:
        Names(fails).look_up("cache.test", 1, Deadline(1))
    assert unreachable.value.stage == "name"


def test_a_name_without_addresses_is_unreachable():
    with pytest.raises(CacheUnreachable, match="has no address"):
        Names(lambda host, port: []).look_up("cache.test", 1, Deadline(1))


def test_callers_at_the_same_moment_share_one_look_up():
    released, calls = threading.Event(), []

    def slow(host: str, port: int) -> list[tuple[str, int]]:
        calls.append(host)
        released.wait(5)
        return [("127.0.0.1", port)]

    names = Names(slow)
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            names.look_up("cache.test", 1, Deadline(0.01))
    released.set()
    assert calls == ["cache.test"]


def test_look_ups_that_never_return_leave_a_handful_of_threads(monkeypatch):
    monkeypatch.setattr("client.names._JOIN_SECONDS", 0.0)
    released = threading.Event()

    def hangs(host: str, port: int) -> list[tuple[str, int]]:
        released.wait(5)
        return []

    names = Names(hangs)
    for _ in range(10):
        with pytest.raises(DeadlineExceeded, match=r"looking up stuck\.test"):
            names.look_up("stuck.test", 1, Deadline(0.01))
    stuck = [thread for thread in threading.enumerate() if thread.name == "look-up stuck.test"]
    released.set()
    assert len(stuck) == 4
