"""Claims about keys and values that hold for both engines, as their clients have the same words."""

from __future__ import annotations

import hashlib
import threading
import uuid
from time import monotonic, sleep
from typing import Any

from .checks import Subject
from .errors import CacheError, CheckFailed

_LARGE_BYTES = 1_000_000


def write_and_read_back(subject: Subject[Any]) -> str:
    """Set, get, delete, get; with the library that carried them."""
    key, value = subject.key("value"), uuid.uuid4().hex.encode()
    subject.client.set(key, value)
    found = subject.client.get(key)
    subject.client.delete(key)
    if found != value:
        raise CheckFailed(f"{value!r} was written, {found!r} came back")
    if subject.client.get(key) is not None:
        raise CheckFailed("the value was still there after it was deleted")
    return f"{len(value)} bytes set, read, deleted by {subject.client.library}"


def expires(subject: Subject[Any], ttl_seconds: float) -> str:
    """How long a value with this time to live was there."""
    key = subject.key("expiring")
    subject.client.set(key, b"soon gone", ttl_seconds=ttl_seconds)
    began = monotonic()
    if subject.client.get(key) is None:
        raise CheckFailed("it was gone at once")
    while subject.client.get(key) is not None:
        if monotonic() - began > ttl_seconds + 3:
            raise CheckFailed(f"it was still there {monotonic() - began:.1f} s later")
        sleep(0.02)
    return f"gone {monotonic() - began:.2f} s after it was set to live {ttl_seconds:g} s"


def increments_are_atomic(subject: Subject[Any]) -> str:
    """Threads count at the same time; the sum is what they counted."""
    key, threads, times = subject.key("counter"), 4, 25
    failures: list[CacheError] = []

    def count() -> None:
        try:
            for _ in range(times):
                subject.client.increment(key)
        except CacheError as error:
            failures.append(error)

    workers = [threading.Thread(target=count) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = subject.client.get(key)
    subject.client.delete(key)
    if failures:
        raise failures[0]
    if found != str(threads * times).encode():
        raise CheckFailed(f"{threads * times} increments made {found!r}")
    return f"{threads} threads, {times} increments each, made {found.decode()}"


def batches_keep_their_values(subject: Subject[Any]) -> str:
    """A hundred values in one batch, and back in one."""
    values = {subject.key(f"batch:{number}"): uuid.uuid4().hex.encode() for number in range(100)}
    subject.client.set_many(values)
    found = subject.client.get_many(list(values))
    for key in values:
        subject.client.delete(key)
    if dict(found) != values:
        wrong = sum(found.get(key) != value for key, value in values.items())
        raise CheckFailed(f"{wrong} of {len(values)} values came back different")
    return f"{len(values)} values"


def large_values_come_back(subject: Subject[Any]) -> str:
    """A megabyte there and back."""
    key = subject.key("large")
    value = hashlib.shake_256(subject.prefix.encode()).digest(_LARGE_BYTES)
    started = monotonic()
    subject.client.set(key, value)
    found = subject.client.get(key)
    subject.client.delete(key)
    if found != value:
        raise CheckFailed(f"{len(found or b'')} bytes came back, not the {len(value)} that were set")
    return f"{len(value)} bytes there and back in {1000 * (monotonic() - started):.0f} ms"
