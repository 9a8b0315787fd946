"""What happened, as DescribeEvents tells it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from ..errors import invalid_combination, invalid_value
from ..paging import page
from ..records import now
from ..registry import operation
from ..shapes import show_event
from ..store import Store

if TYPE_CHECKING:
    from ..service import Service

SOURCE_TYPES = (
    *("cache-cluster", "cache-parameter-group", "cache-security-group", "cache-subnet-group"),
    *("replication-group", "serverless-cache", "serverless-cache-snapshot", "user", "user-group"),
)
DEFAULT_MINUTES, KEPT_DAYS = 60, 14


@operation("DescribeEvents")
def describe(service: Service, store: Store, parameters: dict[str, Any]) -> dict[str, Any]:
    """Events of the last hour, or of the time asked for, newest first."""
    kind, source = parameters.get("SourceType"), parameters.get("SourceIdentifier")
    if kind is not None and kind not in SOURCE_TYPES:
        raise invalid_value(f"Invalid SourceType: {kind}. Valid values are: {', '.join(SOURCE_TYPES)}")
    if source and not kind:
        raise invalid_combination("SourceIdentifier needs a SourceType.")
    start, end = _span(parameters)
    found = [
        show_event(event)
        for event in reversed(list(store.events))
        if kind in (None, event.source_type)
        and source in (None, event.source)
        and start <= event.date
        and (end is None or event.date <= end)
    ]
    return page("Events", found, parameters)


def _span(parameters: dict[str, Any]) -> tuple[datetime.datetime, datetime.datetime | None]:
    start, end, minutes = (parameters.get(name) for name in ("StartTime", "EndTime", "Duration"))
    if minutes and (start or end):
        raise invalid_combination("Duration goes without StartTime and EndTime.")
    if start is None:
        end = _aware(end) if end else None
        return (end or now()) - datetime.timedelta(minutes=minutes or DEFAULT_MINUTES), end
    start = _aware(start)
    if start < now() - datetime.timedelta(days=KEPT_DAYS):
        raise invalid_value(f"StartTime must be within the last {KEPT_DAYS} days.")
    if end and _aware(end) < start:
        raise invalid_combination("EndTime must be after StartTime.")
    return start, _aware(end) if end else None


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """Times without a zone are UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
