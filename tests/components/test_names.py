"""Names that fit."""

from __future__ import annotations

import re

import pytest

from components.names import (
    cache_node_ids,
    component_name_fault,
    default_parameter_path,
    elasticache_name_fault,
    member_ids,
    parameter_path_fault,
    stack_name,
)


@pytest.mark.parametrize("name", ["a", "cache", "cache-2", "x" * 32])
def test_a_name_of_1_to_32_characters_is_accepted(name):
    assert component_name_fault(name) is None


@pytest.mark.parametrize("name", ["", "x" * 33, 5])
def test_a_name_that_leaves_no_room_for_the_suffix_is_refused(name):
    assert component_name_fault(name) == f"{name!r} must have 1-32 characters, as AWS ids made of it hold 40"


@pytest.mark.parametrize("name", ["Cache", "1cache", "a--b", "a-", "a_b", "a.b", "a b", "-a"])
def test_a_name_that_elasticache_would_refuse_or_change_is_refused(name):
    assert component_name_fault(name) == (
        f"{name!r} must be a-z, 0-9 and single hyphens, first a letter, last no hyphen"
    )


def test_the_name_of_something_existing_may_have_capitals():
    assert elasticache_name_fault("Shop-Cache", 255) is None


@pytest.mark.parametrize("name", ["9lives", "a--b", "a-", "x" * 256])
def test_the_name_of_something_that_cannot_exist_is_refused(name):
    assert "must be 1-255 letters, digits and single hyphens" in elasticache_name_fault(name, 255)


def test_members_are_numbered_from_001():
    assert member_ids("cache-1234567", 2) == ["cache-1234567-001", "cache-1234567-002"]
    assert cache_node_ids(11)[::10] == ["0001", "0011"]


def test_the_parameter_path_is_project_and_stack():
    assert default_parameter_path("shop", "dev") == "/shop/dev"


@pytest.mark.parametrize("project", ["aws-cache", "AWSome", "ssm-tools"])
def test_a_project_whose_name_aws_keeps_for_itself_gets_a_word_before_it(project):
    assert default_parameter_path(project, "dev") == f"/pulumi/{project}/dev"


@pytest.mark.parametrize("path", ["/app-10", "/shop/dev", "/a.b/c_d"])
def test_a_parameter_path_of_words_is_accepted(path):
    assert parameter_path_fault(path) is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("shop/dev", "'shop/dev' must be /NAME or /NAME/NAME of letters, digits and . _ -"),
        ("/shop/", "'/shop/' must be /NAME or /NAME/NAME of letters, digits and . _ -"),
        ("/sh op", "'/sh op' must be /NAME or /NAME/NAME of letters, digits and . _ -"),
        (
            "/aws-cache/dev",
            "'/aws-cache/dev' is refused by Parameter Store: names may not begin with aws or ssm; put a word before it",
        ),
        (
            "/a" * 15,
            f"{'/a' * 15!r} is too deep: Parameter Store takes 15 levels and one is the parameter's own name",
        ),
    ],
)
def test_a_parameter_path_that_parameter_store_refuses_is_refused(path, message):
    assert parameter_path_fault(path) == message


def test_names_of_two_stacks_are_never_alike():
    places = [
        ("a-b", "c", "d"),
        ("a", "b-c", "d"),
        ("a.b", "c", "d"),
        ("a_b", "c", "d"),
        ("x" * 100, "y" * 100, "z" * 32),
    ]

    found = {stack_name(*place) for place in places}
    assert len(found) == len(places)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name) for name in found)
