"""Through every fault the account is true: nothing acknowledged is lost, nothing made twice, no old value, no stranger.

How long the calls and the recovery take is measured by bench/client_faults.py; here the machine may be busy.
"""

from __future__ import annotations

import pytest

from . import memcached_trials, redis_trials
from .trials import Account

SILENCE = {"CacheUnreachable", "DeadlineExceeded", "OutcomeUnknown"}
REFUSALS = {"maxmemory reached": {"CacheRefused OOM"}}


def is_true(account: Account) -> None:
    assert account.strangers == []
    assert account.doubled == 0
    assert account.stale == 0
    assert account.unknown == account.errors.get("OutcomeUnknown", 0)


@pytest.mark.parametrize("fault", redis_trials.FAULTS)
def test_redis(fault, tmp_path, monkeypatch):
    monkeypatch.setattr(redis_trials, "STALE_SECONDS", 1.0)
    account = redis_trials.account_of(fault, tmp_path / "pair")
    is_true(account)
    assert account.lost == 0
    assert set(account.errors) <= SILENCE | REFUSALS.get(fault, set())
    assert set(account.errors) >= REFUSALS.get(fault, set())


def test_through_a_lossy_link_what_was_counted_beyond_the_acknowledged_is_reported_as_unknown(tmp_path):
    account = redis_trials.account_of("1 % of replies lost", tmp_path / "pair")
    assert account.calls >= 3000
    assert account.unknown > 0
    assert (account.lost, account.doubled) == (0, 0)


@pytest.mark.parametrize("fault", memcached_trials.FAULTS)
def test_memcached(fault):
    account = memcached_trials.account_of(fault)
    is_true(account)
    assert set(account.errors) <= SILENCE
    if fault in memcached_trials.LOSES_NOTHING:
        assert account.lost == 0
