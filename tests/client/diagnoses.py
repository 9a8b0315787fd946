"""How tests ask the doctor."""

from __future__ import annotations

import time

from client.doctor import examine
from client.endpoint import Endpoint


def diagnose(endpoint: Endpoint, **options: object) -> tuple[str, int]:
    """The cause, and how many questions it took; fails when that took 3 s."""
    started = time.monotonic()
    findings = list(examine(endpoint, **options))
    assert time.monotonic() - started < 3
    assert all(not finding.cause for finding in findings[:-1])
    assert bool(findings[-1].advice) == bool(findings[-1].cause)
    return findings[-1].cause, len(findings)


def answers(endpoint: Endpoint, **options: object) -> list[str]:
    """What was seen for each question, of a cache that is well."""
    findings = list(examine(endpoint, **options))
    assert all(not finding.cause for finding in findings)
    return [finding.answer for finding in findings]
