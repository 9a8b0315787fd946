"""What is known of AWS is data with a date and a source, and parameters are held to it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from components import engines, node_types, parameters
from components.parameters import check_parameters

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "components" / "data").glob("*.json"), ROOT / "docs" / "rules.json"])
SANDBOX_FILES = sorted((ROOT / "sandbox" / "api" / "elasticache" / "data").glob("*.json"))
FAMILIES = parameters._families()
WRONG = {
    "enum": "no such value",
    "int_range": "1.5",
    "int_set_or_range": "many",
    "float_range": "wide",
    "regex": "?",
    "rename_pairs": "GET",
}


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_a_file_says_of_which_day_it_is_where_it_is_from_and_how_sure_it_is(path):
    header = json.loads(path.read_text("utf-8"))["header"]

    assert datetime.date.fromisoformat(header["date"]) >= datetime.date(2026, 1, 1)
    assert header["source"]
    assert header["trust"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in SANDBOX_FILES])
def test_a_file_of_the_sandbox_says_of_which_day_it_is_and_where_it_is_from(path):
    data = json.loads(path.read_text("utf-8"))

    assert datetime.date.fromisoformat(data["date"]) >= datetime.date(2026, 1, 1)
    assert data["source"]


def test_every_day_of_extended_support_is_a_day_and_comes_before_the_end():
    for data in engines._engines()["engines"].values():
        for item in data["versions"]:
            days = list(map(datetime.date.fromisoformat, (item["support"] or {}).values()))
            assert days == sorted(days)


def test_every_region_of_a_node_type_is_a_known_one():
    regions = set(node_types._data()["regions_known"])

    for name, item in node_types._data()["node_types"].items():
        assert set(item["regions_not_priced"] or ()) <= regions, name


def test_what_is_sold_instead_is_of_the_same_size_and_sold_in_the_region():
    for name in node_types.alternatives("cache.c7gn.large", "eu-central-1"):
        assert name.endswith(".large")
        assert "eu-central-1" not in node_types.regions_without(name)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_wrong_value_is_refused_for_every_parameter(family):
    for name, item in FAMILIES[family]["parameters"].items():
        wrong = WRONG.get(item["allowed"]["kind"])
        if item["modifiable"] == "no" or wrong is not None:
            assert check_parameters(family, {name: wrong or "1"}).faults, name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_misspelt_name_is_refused_for_every_parameter(family):
    known = FAMILIES[family]["parameters"]
    for name in known:
        middle = len(name) // 2
        for misspelt in (name[:middle] + name[middle + 1 :], name + "s"):
            assert misspelt in known or check_parameters(family, {misspelt: "1"}).faults, misspelt


@pytest.mark.parametrize("family", FAMILIES)
def test_the_default_of_every_parameter_that_can_be_changed_is_accepted(family):
    for name, item in FAMILIES[family]["parameters"].items():
        if item["modifiable"] != "no" and item["default"] is not None:
            assert check_parameters(family, {name: item["default"]}).faults == {}, name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_name_unlike_any_other_only_warns_in_every_family(family):
    found = check_parameters(family, {"brand-new-thing": "1"})

    assert found.faults == {}
    assert len(found.warnings) == 1
