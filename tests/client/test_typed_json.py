"""What goes into the cache comes out equal, with its types, and what cannot is refused by its place."""

from __future__ import annotations

import enum
import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import typed_json


def _without_fold(value):
    """Which of two equal hours at the end of summer time it is: ISO 8601 has no word for that."""
    return value.replace(fold=0)


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(codec=None)),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, timezone.utc, timezone(timedelta(hours=5.5))])).map(
        _without_fold
    ),
    st.times().map(_without_fold),
    st.timedeltas(),
    st.binary(),
    st.uuids(),
)
KEYS = st.one_of(st.text(), st.integers(), st.just("$"), st.tuples(st.integers(), st.dates()))
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(VALUES)
def test_every_value_comes_back_equal_and_of_the_same_type(value):
    found = typed_json.loads(typed_json.dumps(value))
    assert found == value
    assert repr(found) == repr(value)


def test_it_is_readable_json():
    row = {"price": Decimal("1.20"), "day": date(2026, 1, 2), "$": b"\x00"}
    assert typed_json.dumps([row]) == (
        b'[{"$":"dict","v":[["price",{"$":"decimal","v":"1.20"}],["day",{"$":"date","v":"2026-01-02"}],'
        b'["$",{"$":"bytes","v":"AA=="}]]}]'
    )


def test_no_number_stays_no_number():
    assert math.isnan(typed_json.loads(typed_json.dumps(math.nan)))


def test_sorted_keys_make_equal_mappings_equal_bytes():
    both = [typed_json.dumps(value, sort_keys=True) for value in ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    assert both[0] == both[1]


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"rows": [{"seen": {1, 2}}]},
            r"value\['rows'\]\[0\]\['seen'\] is a set, which the cache cannot keep",
        ),
        ([Colour.RED], r"value\[0\] is a Colour, which the cache cannot keep"),
        ({Colour.RED: 1}, "a key of value is a Colour"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_place(value, message):
    with pytest.raises(TypeError, match=message):
        typed_json.dumps(value)


def test_a_value_that_holds_itself_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(ValueError, match="holds itself"):
        typed_json.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b'{"$":"os.system","v":"x"}',
        b'{"$":"decimal","v":"x"}',
        b'{"$":"date"}',
        b'{"$":["dict"],"v":[]}',
        b'{"$":"dict","v":[[[],1]]}',
        b'{"$":"bytes","v":"*"}',
        b'{"$":"date","v":7}',
        b"[" * 100_000,
    ],
)
def test_foreign_bytes_are_a_value_error(data):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of whoever could not read it
        typed_json.loads(data)


def test_an_uuid_is_one_again():
    value = UUID(int=7)
    assert typed_json.loads(typed_json.dumps((value, time(1, 2), datetime(2026, 1, 2)))) == (
        value,
        time(1, 2),
        datetime(2026, 1, 2),
    )
