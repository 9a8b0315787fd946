"""Maintenance and snapshot windows: UTC, as minutes on a circle of seven days."""

from __future__ import annotations

import datetime
import re

from .errors import invalid_combination, invalid_value

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60
LEAST = 60
# The service picks a random hour of the region's quiet time; here it is always the same one.
DEFAULT_MAINTENANCE = ("sun:05:00-sun:06:00", "mon:01:00-mon:02:00")
DEFAULT_SNAPSHOT = ("03:00-04:00", "23:00-00:00")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_MAINTENANCE = re.compile(rf"({'|'.join(DAYS)}):{_TIME}-({'|'.join(DAYS)}):{_TIME}")
_SNAPSHOT = re.compile(rf"{_TIME}-{_TIME}")

Span = tuple[int, int]


def maintenance_span(text: str) -> Span:
    """(start, length) in minutes of the week; refuses a bad shape, under 60 minutes and over a day (R149)."""
    match = _MAINTENANCE.fullmatch(text.lower())
    if not match:
        raise invalid_value(f"Invalid maintenance window: {text} (write ddd:hh:mm-ddd:hh:mm in UTC)")
    start = DAYS.index(match[1]) * DAY + int(match[2]) * 60 + int(match[3])
    end = DAYS.index(match[4]) * DAY + int(match[5]) * 60 + int(match[6])
    length = (end - start) % WEEK
    if not LEAST <= length <= DAY:
        raise invalid_value(
            f"Invalid maintenance window: {text} ({length} minutes; at least 60, at most 1440)"
        )
    return start, length


def snapshot_span(text: str) -> Span:
    """(start, length) in minutes of the day; refuses a bad shape and under 60 minutes (R150)."""
    match = _SNAPSHOT.fullmatch(text)
    if not match:
        raise invalid_value(f"Invalid snapshot window: {text} (write hh:mm-hh:mm in UTC)")
    start = int(match[1]) * 60 + int(match[2])
    length = (int(match[3]) * 60 + int(match[4]) - start) % DAY
    if length < LEAST:
        raise invalid_value(f"Invalid snapshot window: {text} ({length} minutes; at least 60)")
    return start, length


def choose(maintenance: str | None, snapshot: str | None) -> tuple[str, str]:
    """Both windows: what was asked for, checked, and for what was left out one that does not overlap (R152)."""
    if maintenance and snapshot:
        check(maintenance, snapshot)
        return maintenance.lower(), snapshot
    for one in [maintenance] if maintenance else DEFAULT_MAINTENANCE:
        for other in [snapshot] if snapshot else DEFAULT_SNAPSHOT:
            if not _overlap(maintenance_span(one), snapshot_span(other)):
                return one.lower(), other
    raise invalid_combination("There is no hour left for the window that was not given.")


def check(maintenance: str, snapshot: str) -> None:
    """Refuse bad windows, and two that overlap on any day (R151)."""
    if _overlap(maintenance_span(maintenance), snapshot_span(snapshot)):
        raise invalid_combination(
            f"The snapshot window ({snapshot}) and the maintenance window ({maintenance}) must not overlap."
        )


def is_open(maintenance: str, moment: datetime.datetime) -> bool:
    """Whether a moment lies in a maintenance window."""
    start, length = maintenance_span(maintenance)
    minute = moment.weekday() * DAY + moment.hour * 60 + moment.minute
    return (minute - start) % WEEK < length


def _overlap(weekly: Span, daily: Span) -> bool:
    start, length = weekly
    for day in range(7):
        other = day * DAY + daily[0]
        if (other - start) % WEEK < length or (start - other) % WEEK < daily[1]:
            return True
    return False
