"""The weekly maintenance window and the daily snapshot window, in minutes of a week (R149-R151)."""

import re

MINIMUM_MINUTES = 60
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAY_TIME = rf"({'|'.join(_DAYS)}):{_TIME}"
_MAINTENANCE = re.compile(f"{_DAY_TIME}-{_DAY_TIME}")
_SNAPSHOT = re.compile(f"{_TIME}-{_TIME}")


def maintenance_window(text: str) -> tuple[int, int]:
    """Return (start, minutes) of `ddd:hh:mm-ddd:hh:mm` in UTC; start counts from Monday 00:00.

    Raises ValueError with the reason; a window may pass the end of the week.
    """
    match = _MAINTENANCE.fullmatch(text)
    if not match:
        raise ValueError(f"must be ddd:hh:mm-ddd:hh:mm in UTC, such as sun:05:00-sun:06:00, got {text!r}")
    day, hour, minute, last_day, last_hour, last_minute = match.groups()
    start = _DAYS.index(day) * DAY_MINUTES + int(hour) * 60 + int(minute)
    end = _DAYS.index(last_day) * DAY_MINUTES + int(last_hour) * 60 + int(last_minute)
    return start, _length(text, (end - start) % WEEK_MINUTES)


def snapshot_window(text: str) -> tuple[int, int]:
    """Return (start, minutes) of `hh:mm-hh:mm` in UTC; it may pass midnight. Raises ValueError."""
    match = _SNAPSHOT.fullmatch(text)
    if not match:
        raise ValueError(f"must be hh:mm-hh:mm in UTC, such as 03:00-04:00, got {text!r}")
    hour, minute, last_hour, last_minute = map(int, match.groups())
    start = hour * 60 + minute
    return start, _length(text, (last_hour * 60 + last_minute - start) % DAY_MINUTES)


def overlap(maintenance: tuple[int, int], snapshot: tuple[int, int]) -> bool:
    """Say whether the weekly window and the daily one share a minute, on the circle of the week."""
    start, length = maintenance
    daily, daily_length = snapshot
    return any(
        (daily + day * DAY_MINUTES - start) % WEEK_MINUTES < length
        or (start - daily - day * DAY_MINUTES) % WEEK_MINUTES < daily_length
        for day in range(7)
    )


def _length(text: str, minutes: int) -> int:
    if minutes < MINIMUM_MINUTES:
        raise ValueError(f"{text!r} is {minutes} minutes; at least {MINIMUM_MINUTES}")
    if minutes > DAY_MINUTES:
        raise ValueError(f"{text!r} is {minutes // 60} hours; at most 24")
    return minutes
