"""The data set: the same everywhere, as large as the demo says, and weather."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from webapp import data_set


@pytest.fixture(autouse=True)
def _a_small_data_set() -> None:
    """Not here."""


def test_it_has_more_than_a_hundred_thousand_rows_and_every_machine_makes_the_same():
    digest, count = hashlib.sha256(), 0
    for reading in data_set.readings():
        digest.update(repr(tuple(reading)).encode())
        count += 1

    assert count == data_set.STATIONS * data_set.DAYS == 219_000
    assert digest.hexdigest()[:16] == "5d6a398fce1de7df"


def test_january_is_cold_in_the_north_and_warm_in_the_south():
    countries = {station.id: station.country for station in data_set.stations()}
    readings = [one for one in data_set.readings() if one.day < date(2025, 2, 1)]

    def mean(country):
        found = [one.temperature for one in readings if countries[one.station_id] == country]
        return sum(found) / len(found)

    assert mean("Finland") < 0 < 15 < mean("Argentina")
