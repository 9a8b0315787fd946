"""The dashboard of a cache: its alarms, then a chart per metric with a line per node."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .alarm_metrics import NAMESPACE, SERVERS, Alarm

_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6  # a dashboard is 24 units wide
_ALARMS_PER_WIDGET = 100

_FURTHER = {
    "server": (
        ("CacheHitRate", "reads that found their key (%)", "Average"),
        ("CurrItems", "keys", "Average"),
        ("NewConnections", "new clients, a minute", "Sum"),
        ("NetworkBytesIn", "bytes received, a minute", "Sum"),
        ("NetworkBytesOut", "bytes sent, a minute", "Sum"),
        ("TrafficManagementActive", "more traffic than the node manages", "Maximum"),
    ),
    "memcached": (
        ("GetHits", "reads that found their key, a minute", "Sum"),
        ("GetMisses", "reads that found nothing, a minute", "Sum"),
        ("BytesUsedForCacheItems", "bytes of keys and values", "Average"),
        ("CurrItems", "keys", "Average"),
        ("NewConnections", "new clients, a minute", "Sum"),
        ("NetworkBytesIn", "bytes received, a minute", "Sum"),
        ("NetworkBytesOut", "bytes sent, a minute", "Sum"),
    ),
}
"""Metrics to look at beside those with an alarm: (metric, meaning, statistic)."""


def dashboard_body(
    engine: str,
    region: str,
    alarms: Mapping[str, Alarm],
    dimensions: Sequence[Mapping[str, str]],
    alarm_arns: Sequence[str],
) -> str:
    """Return the dashboard as JSON, the same for the same cache. dimensions are those of each node."""
    widgets, top = [], 0
    for start in range(0, len(alarm_arns), _ALARMS_PER_WIDGET):
        arns = list(alarm_arns[start : start + _ALARMS_PER_WIDGET])
        place = {"x": 0, "y": top, "width": _COLUMNS * _WIDTH, "height": _HEIGHT}
        widgets.append({"type": "alarm", **place, "properties": {"title": "Alarms", "alarms": arns}})
        top += _HEIGHT
    for index, chart in enumerate(_charts(engine, alarms)):
        row, column = divmod(index, _COLUMNS)
        place = {"x": column * _WIDTH, "y": top + row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
        lines = [[NAMESPACE, chart["metric"], *_flat(each)] for each in dimensions]
        properties = {"region": region, "view": "timeSeries", "metrics": lines, **chart["shown"]}
        widgets.append({"type": "metric", **place, "properties": properties})
    return json.dumps({"widgets": widgets}, sort_keys=True)


def _charts(engine: str, alarms: Mapping[str, Alarm]) -> Iterable[dict[str, Any]]:
    for alarm in alarms.values():
        line = {"horizontal": [{"label": "alarm", "value": alarm.threshold}]}
        shown = {"title": f"{alarm.metric}: {alarm.meaning}", "stat": alarm.statistic, "annotations": line}
        yield {"metric": alarm.metric, "shown": {**shown, "period": alarm.period_seconds}}
    for metric, meaning, statistic in _FURTHER["server" if engine in SERVERS else engine]:
        shown = {"title": f"{metric}: {meaning}", "stat": statistic, "period": 60}
        yield {"metric": metric, "shown": shown}


def _flat(dimensions: Mapping[str, str]) -> list[str]:
    return [text for pair in sorted(dimensions.items()) for text in pair]
