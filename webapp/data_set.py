"""A year of weather from invented stations: the same rows on every machine, made on the spot."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

SEED = 20_260_101
STATIONS = 600
DAYS = 365
FIRST_DAY = date(2025, 1, 1)
VERSION = f"weather-{SEED}-{STATIONS}x{DAYS}"
"""Names the rows: another data set has another name, and is loaded in the place of the old one."""

# Country -> degrees of latitude, which makes its weather.
COUNTRIES = {
    "Argentina": -34, "Australia": -27, "Austria": 47, "Brazil": -10, "Canada": 56, "Chile": -33, "Colombia": 4,
    "Denmark": 56, "Ecuador": -1, "Egypt": 27, "Estonia": 59, "Ethiopia": 9, "Finland": 62, "France": 46, "Ghana": 8,
    "Greece": 39, "Iceland": 65, "India": 21, "Indonesia": -3, "Ireland": 53, "Italy": 42, "Japan": 36, "Kenya": 0,
    "Latvia": 57, "Mexico": 23, "Morocco": 32, "Namibia": -22, "New Zealand": -41, "Norway": 61, "Panama": 8,
    "Peru": -9, "Poland": 52, "Portugal": 39, "Senegal": 14, "Spain": 40, "Sweden": 60, "Turkey": 39, "Uruguay": -33,
    "Vietnam": 16, "Zambia": -14,
}  # fmt: skip


class Station(NamedTuple):
    """A row of `stations`."""

    id: int
    name: str
    country: str
    elevation: int
    """Metres above the sea."""


class Reading(NamedTuple):
    """A row of `readings`: one day at one station."""

    station_id: int
    day: date
    temperature: float
    """Degrees Celsius."""
    rainfall: float
    """Millimetres."""
    wind: float
    """Metres per second."""


def stations() -> list[Station]:
    """Return all stations, spread evenly over the countries."""
    numbers = random.Random(SEED)  # noqa: S311 - weather, not secrets
    countries = sorted(COUNTRIES)
    return [
        Station(
            id=number,
            name=f"{countries[number % len(countries)]} {number // len(countries) + 1}",
            country=countries[number % len(countries)],
            elevation=round(numbers.expovariate(1 / 300)),
        )
        for number in range(STATIONS)
    ]


def readings() -> Iterator[Reading]:
    """Yield STATIONS x DAYS readings, station by station."""
    numbers = random.Random(SEED + 1)  # noqa: S311 - weather, not secrets
    for station in stations():
        yield from _year(station, numbers)


def _year(station: Station, numbers: random.Random) -> Iterator[Reading]:
    latitude = COUNTRIES[station.country]
    mean = 28 - abs(latitude) * 0.45 - station.elevation * 0.006
    swing = abs(latitude) * 0.25
    # The coldest day is in the middle of January in the north, half a year later in the south.
    coldest = 15 if latitude >= 0 else 15 + DAYS / 2
    for number in range(DAYS):
        season = -math.cos(2 * math.pi * (number - coldest) / DAYS)
        is_wet = numbers.random() < 0.3
        yield Reading(
            station.id,
            FIRST_DAY + timedelta(days=number),
            round(mean + swing * season + numbers.gauss(0, 3), 1),
            round(numbers.expovariate(1 / 6), 1) if is_wet else 0.0,
            round(numbers.weibullvariate(5, 2), 1),
        )
