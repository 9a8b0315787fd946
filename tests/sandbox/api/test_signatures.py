"""How long a signature is good for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sandbox.api.access.signature import Signature

MADE = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)


def signature(service="ssm", seconds=None, date="20261121"):
    lifetime = None if seconds is None else timedelta(seconds=seconds)
    return Signature("id", date, "eu-west-1", service, ("host",), "", "20261121T120000Z", "", lifetime)


@pytest.mark.parametrize(
    ("given", "minutes", "fine"),
    [
        (signature(), 0, True),
        (signature(), 5, True),
        (signature(), 6, False),
        (signature(), -5, True),
        (signature(), -6, False),
        (signature("s3"), 15, True),
        (signature("s3"), 16, False),
        (signature("s3", seconds=3600), 60, True),
        (signature("s3", seconds=3600), 61, False),
        (signature(date="20261120"), 0, False),
    ],
)
def test_a_signature_is_good_for_minutes_and_a_presigned_one_for_its_lifetime(given, minutes, fine):
    assert given.age_is_fine(MADE + timedelta(minutes=minutes)) is fine


def test_a_moment_that_is_none_is_never_good():
    assert not Signature("id", "", "eu-west-1", "ssm", ("host",), "", "yesterday", "").age_is_fine()
