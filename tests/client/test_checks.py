"""What holds for the checks of both engines."""

from __future__ import annotations

import pytest

from client import memcached_checks, redis_checks


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
