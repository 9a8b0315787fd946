"""The windows of a week."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.windows import DAY_MINUTES, WEEK_MINUTES, maintenance_window, overlap, snapshot_window


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("mon:00:00-mon:01:00", (0, 60)),
        ("sun:05:00-sun:06:30", (6 * 1440 + 300, 90)),
        ("sun:23:30-mon:00:30", (6 * 1440 + 1410, 60)),
        ("tue:10:00-wed:10:00", (1440 + 600, 1440)),
    ],
)
def test_a_maintenance_window_has_a_start_in_the_week_and_a_length(text, span):
    assert maintenance_window(text) == span


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sun:05:00-sun:05:30", "'sun:05:00-sun:05:30' is 30 minutes; at least 60"),
        ("sun:05:00-tue:06:00", "'sun:05:00-tue:06:00' is 49 hours; at most 24"),
        ("mon:05:00-mon:05:00", "'mon:05:00-mon:05:00' is 0 minutes; at least 60"),
        ("Sun:05:00-Sun:06:00", "must be ddd:hh:mm-ddd:hh:mm in UTC, such as sun:05:00-sun:06:00, got"),
        ("sun:24:00-mon:01:00", "must be ddd:hh:mm-ddd:hh:mm"),
        ("05:00-06:00", "must be ddd:hh:mm-ddd:hh:mm"),
    ],
)
def test_a_wrong_maintenance_window_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.")):
        maintenance_window(text)


def test_a_snapshot_window_may_pass_midnight():
    assert snapshot_window("23:30-00:30") == (1410, 60)


@pytest.mark.parametrize(
    ("text", "message"),
    [("03:00-03:59", "'03:00-03:59' is 59 minutes; at least 60"), ("3:00-4:00", "must be hh:mm-hh:mm")],
)
def test_a_wrong_snapshot_window_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        snapshot_window(text)


@pytest.mark.parametrize(
    ("maintenance", "snapshot", "meet"),
    [
        ("sun:05:00-sun:06:00", "05:30-06:30", True),
        ("sun:05:00-sun:06:00", "04:00-05:00", False),
        ("sun:05:00-sun:06:00", "06:00-07:00", False),
        ("sun:23:30-mon:00:30", "00:00-01:00", True),
        ("sun:22:00-sun:23:00", "23:30-00:30", False),
        ("mon:00:00-mon:01:00", "23:30-00:30", True),
    ],
)
def test_windows_that_share_a_minute_overlap_and_neighbours_do_not(maintenance, snapshot, meet):
    assert overlap(maintenance_window(maintenance), snapshot_window(snapshot)) is meet


@given(
    st.integers(0, WEEK_MINUTES - 1),
    st.integers(60, DAY_MINUTES),
    st.integers(0, DAY_MINUTES - 1),
    st.integers(60, DAY_MINUTES),
)
def test_overlap_agrees_with_counting_minutes(start, length, daily, daily_length):
    weekly_minutes = {(start + minute) % WEEK_MINUTES for minute in range(length)}
    daily_minutes = {
        (daily + day * DAY_MINUTES + minute) % WEEK_MINUTES
        for day in range(7)
        for minute in range(daily_length)
    }

    assert overlap((start, length), (daily, daily_length)) == bool(weekly_minutes & daily_minutes)
