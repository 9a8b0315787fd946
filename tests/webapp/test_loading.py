"""Loading: once, whole or not at all, whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp import data_set, loading
from webapp.loading import load


def count(database):
    ((rows,),) = database.rows("SELECT COUNT(*) FROM readings")
    return rows


def test_it_is_loaded_once_and_shows_how_far_it_is(database, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 2000)
    told = []

    assert load(database, lambda done, total: told.append((done, total))) == 4800
    assert told == [(2000, 4800), (4000, 4800), (4800, 4800)]
    assert load(database) == 0
    assert count(database) == 4800


def test_an_interrupted_loading_begins_anew(database, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 1000)

    def interrupt(done, _total):
        if done == 3000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(database, interrupt)
    assert load(database) == 4800
    assert count(database) == 4800


def test_another_data_set_takes_the_place_of_the_old_one(database, monkeypatch):
    load(database)
    monkeypatch.setattr(data_set, "VERSION", "another")
    monkeypatch.setattr(data_set, "DAYS", 10)

    assert load(database) == 800
    assert count(database) == 800


def test_of_two_at_the_same_time_one_loads(database):
    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(lambda _: load(database), range(2)))

    assert sorted(written) == [0, 4800]
    assert count(database) == 4800
