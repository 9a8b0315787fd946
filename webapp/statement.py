"""The slow statement: a join and an aggregation over every reading."""

from __future__ import annotations

STATEMENT = """\
SELECT stations.country AS country,
       DATE_FORMAT(readings.day, '%%Y-%%m') AS month,
       COUNT(*) AS readings,
       ROUND(AVG(readings.temperature), 1) AS mean_temperature,
       ROUND(STDDEV_SAMP(readings.temperature), 1) AS spread,
       ROUND(SUM(readings.rainfall) / COUNT(DISTINCT readings.station_id), 1) AS rain_per_station,
       COUNT(DISTINCT IF(readings.rainfall > 0, CONCAT(readings.station_id, readings.day), NULL)) AS wet_days,
       ROUND(MAX(readings.wind), 1) AS strongest_wind
  FROM readings
  JOIN stations ON stations.id = readings.station_id
 WHERE stations.elevation <= %(elevation)s
 GROUP BY stations.country, month
 ORDER BY stations.country, month
 LIMIT %(rows)s"""

HEADINGS = {
    "country": "Country",
    "month": "Month",
    "readings": "Readings",
    "mean_temperature": "Mean temperature (°C)",
    "spread": "Spread (°C)",
    "rain_per_station": "Rain per station (mm)",
    "wet_days": "Wet days",
    "strongest_wind": "Strongest wind (m/s)",
}
"""Column of the answer -> what stands above it, with its unit."""


def parameters(row_limit: int) -> dict[str, int]:
    """Return the statement's parameters: stations up to 2,000 m, rows at most."""
    return {"elevation": 2000, "rows": row_limit}


def readable() -> str:
    """Return the statement as a person reads it."""
    return STATEMENT.replace("%%", "%").replace("%(elevation)s", ":elevation").replace("%(rows)s", ":rows")
