"""The claims about values fail with what was seen, against a cache with one fault each, and pass without one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from client import CacheUnreachable, Endpoint, value_checks
from client.checks import Subject
from client.errors import CheckFailed


class Clock:
    """A time of its own, in which only sleeping takes time, and reading a quarter of a second."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Cache:
    """A cache without a fault, of which each test replaces one word."""

    library = "a library"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.values: dict[str, bytes] = {}
        self._ends: dict[str, float] = {}

    def set(self, key: str, value: bytes, ttl_seconds: float | None = None) -> None:
        self.values[key] = value
        self._ends[key] = float("inf") if ttl_seconds is None else self._clock.now + ttl_seconds

    def get(self, key: str) -> bytes | None:
        self._clock.now += 0.25
        if self._ends.get(key, float("inf")) <= self._clock.now:
            self.values.pop(key, None)
        return self.values.get(key)

    def delete(self, key: str) -> None:
        self.values.pop(key, None)

    def increment(self, key: str) -> None:
        with self._lock:
            self.values[key] = b"%d" % (int(self.values.get(key, b"0")) + 1)

    def set_many(self, values: dict[str, bytes]) -> None:
        self.values.update(values)

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        return {key: self.values[key] for key in keys}


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    clock = Clock()
    monkeypatch.setattr(value_checks, "monotonic", clock)
    monkeypatch.setattr(value_checks, "sleep", clock.sleep)
    used = Cache(clock)
    yield used
    assert used.values == {}, "every check removes its keys"


@pytest.fixture
def subject(cache: Cache) -> Subject:
    return Subject(Endpoint("redis", "cache.test", 6379), cache, ())


def shortly(subject: Subject) -> str:
    return value_checks.expires(subject, 0.6)


@pytest.mark.parametrize(
    ("check", "evidence"),
    [
        (value_checks.write_and_read_back, "32 bytes set, read, deleted by a library"),
        (shortly, "gone 0.77 s after it was set to live 0.6 s"),
        (value_checks.increments_are_atomic, "4 threads, 25 increments each, made 100"),
        (value_checks.batches_keep_their_values, "100 values"),
        (value_checks.large_values_come_back, "1000000 bytes there and back in 250 ms"),
    ],
)
def test_without_a_fault_it_says_what_it_saw(subject, check: Callable[[Subject], str], evidence):
    assert check(subject) == evidence


def test_another_value_than_was_written(subject, cache, monkeypatch):
    monkeypatch.setattr(cache, "get", lambda key: b"another")
    with pytest.raises(CheckFailed, match=r"^b'\w{32}' was written, b'another' came back$"):
        value_checks.write_and_read_back(subject)


def test_a_value_that_stays_when_it_is_deleted(subject, cache, monkeypatch):
    monkeypatch.setattr(cache, "delete", lambda key: None)
    with pytest.raises(CheckFailed, match=r"^the value was still there after it was deleted$"):
        value_checks.write_and_read_back(subject)
    cache.values.clear()


def test_a_value_that_is_gone_at_once(subject, cache, monkeypatch):
    monkeypatch.setattr(cache, "set", lambda key, value, ttl_seconds: None)
    with pytest.raises(CheckFailed, match=r"^it was gone at once$"):
        shortly(subject)


def test_a_value_that_stays_beyond_its_time(subject, cache, monkeypatch):
    monkeypatch.setattr(cache, "get", lambda key: b"soon gone")
    monkeypatch.setattr(cache, "set", lambda key, value, ttl_seconds: None)
    with pytest.raises(CheckFailed, match=r"^it was still there 3\.6 s later$"):
        shortly(subject)
    cache.values.clear()


def test_increments_that_are_lost(subject, cache, monkeypatch):
    whole, calls = cache.increment, []

    def lossy(key: str) -> None:
        calls.append(key)
        if len(calls) != 7:
            whole(key)

    monkeypatch.setattr(cache, "increment", lossy)
    with pytest.raises(CheckFailed, match=r"^100 increments made b'99'$"):
        value_checks.increments_are_atomic(subject)


def test_an_increment_that_fails_is_told_with_its_error(subject, cache, monkeypatch):
    whole, calls = cache.increment, []

    def fails_once(key: str) -> None:
        calls.append(key)
        if len(calls) == 1:
            raise CacheUnreachable("the node is away", "connect")
        whole(key)

    monkeypatch.setattr(cache, "increment", fails_once)
    with pytest.raises(CacheUnreachable, match=r"^the node is away$"):
        value_checks.increments_are_atomic(subject)


def test_values_of_a_batch_that_come_back_different_are_counted(subject, cache, monkeypatch):
    whole = cache.get_many
    monkeypatch.setattr(cache, "get_many", lambda keys: {**whole(keys[2:]), keys[0]: b"another"})
    with pytest.raises(CheckFailed, match=r"^2 of 100 values came back different$"):
        value_checks.batches_keep_their_values(subject)


@pytest.mark.parametrize(("found", "bytes_"), [(None, 0), (b"cut", 3)])
def test_a_large_value_that_does_not_come_back(subject, cache, monkeypatch, found, bytes_):
    monkeypatch.setattr(cache, "get", lambda key: found)
    with pytest.raises(CheckFailed, match=f"^{bytes_} bytes came back, not the 1000000 that were set$"):
        value_checks.large_values_come_back(subject)
