"""Problems are found all at once and told where they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
from typing_extensions import NotRequired, TypedDict

from components.problems import Checks, ConfigurationError, Problem


class Rule(TypedDict):
    port: int


class ThingArgs(TypedDict):
    size: int
    label: NotRequired[str]
    fast: NotRequired[bool]
    share: NotRequired[float]
    zones: NotRequired[Sequence[str]]
    rules: NotRequired[Mapping[str, Rule]]
    place: NotRequired[pulumi.Input[str]]
    reader: NotRequired[pulumi.Input[str] | None]
    auth_token: NotRequired[pulumi.Input[str]]
    anything: NotRequired[Mapping[str, Any]]
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]


def problems_of(**args):
    return Checks.of(ThingArgs, args, "Thing", "it").problems


def test_arguments_as_they_should_be_have_no_problem():
    assert (
        problems_of(
            size=3.0,  # as a component host hands a whole number over
            label="a",
            fast=True,
            share=0.5,
            zones=["a"],
            rules={"web": {"port": 80}},
            reader=None,
            anything={"a": 1, "b": True},
            tags={"Owner": "me"},
        )
        == []
    )


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"size": "3"}, "size", "must be a whole number, got '3'"),
        ({"size": 3.5}, "size", "must be a whole number, got 3.5"),
        ({"size": float("inf")}, "size", "must be a whole number, got inf"),
        ({"size": 2**53 + 1}, "size", "must be a whole number, got 9007199254740993"),
        ({"size": -(2**53) - 1}, "size", "must be a whole number, got -9007199254740993"),
        ({"size": True}, "size", "must be a whole number, got True"),
        ({"size": None}, "size", "is required"),
        ({"label": 5}, "label", "must be text, got 5; put it in quotes"),
        ({"label": ""}, "label", "is empty: give a value, or leave the key out for the default"),
        ({"label": None}, "label", "is empty: give a value, or leave the key out for the default"),
        ({"label": {"a": "b" * 80}}, "label", f"must be text, got {{'a': '{'b' * 50}..."),
        ({"fast": "yes"}, "fast", "must be true or false, got 'yes'"),
        ({"fast": 1}, "fast", "must be true or false, got 1"),
        ({"share": "half"}, "share", "must be a number, got 'half'"),
        ({"zones": "a"}, "zones", "must be a list, got 'a'"),
        ({"zones": ["a", 1]}, "zones[1]", "must be text, got 1; put it in quotes"),
        ({"zones": [None]}, "zones[0]", "is empty"),
        ({"rules": ["web"]}, "rules", "must be a mapping of names to values, got ['web']"),
        ({"rules": {"web": 80}}, "rules.web", "must be a mapping, got 80"),
        ({"rules": {"web": {"prot": 80, "port": 1}}}, "rules.web.prot", "unknown; did you mean port?"),
        ({"rules": {"web": {}}}, "rules.web.port", "is required"),
        ({"rules": {"web": None}}, "rules.web", "is empty"),
        ({"rules": {1: {"port": 80}}}, "rules", "must have text as names, got 1; put it in quotes"),
        (
            {"auth_token": 12345678901234567},
            "auth_token",
            "must be text, got a value that is not shown; put it in quotes",
        ),
        ({"sise": 1}, "sise", "unknown; did you mean size?"),
        ({"tags": {"aws:owner": "me"}}, "tags.aws:owner", "names that begin with aws: are AWS's own"),
        (
            {"tags": {"a?": "me"}},
            "tags.a?",
            "must have 1-128 letters, digits, spaces and _ . : / = + - @ in its name",
        ),
        (
            {"tags": {"a": "x" * 257}},
            "tags.a",
            "must hold at most 256 letters, digits, spaces and _ . : / = + - @",
        ),
        ({"tags": {f"t{n}": "x" for n in range(50)}}, "tags", "at most 49 of them, got 50"),
    ],
)
def test_a_wrong_argument_is_told_with_its_path_and_what_was_got(change, path, message):
    assert problems_of(**{"size": 1, **change}) == [Problem(path, message)]


def test_numbers_are_taken_as_far_as_the_engine_passes_them_on_exactly():
    assert problems_of(size=2**53) == problems_of(size=-(2**53)) == []


def test_a_value_is_shown_whole_as_long_as_it_is_short():
    whole, long = "b" * 46, "b" * 47

    for value, shown in ((whole, repr({"abcdef": whole})), (long, f"{repr({'abcdef': long})[:57]}...")):
        assert problems_of(size=1, label={"abcdef": value}) == [
            Problem("label", f"must be text, got {shown}")
        ]


def test_a_key_unlike_any_other_is_told_the_known_ones():
    (problem,) = problems_of(size=1, qqq=1)

    assert problem.message.startswith("unknown; known: anything, auth_token, fast, label, place,")


def test_an_output_is_taken_where_it_may_be_and_refused_where_a_plain_value_is_needed(deploy):
    def program():
        later = pulumi.Output.from_input("later")
        return problems_of(
            size=later,
            label=later,
            zones=later,
            rules=later,
            anything={"a": later},
            place=later,
            tags={"a": later},
        )

    message = "must be a plain value, not an Output: it is checked before anything is created"
    assert deploy(program).result == [
        Problem(path, message) for path in ("size", "label", "zones", "rules", "anything.a")
    ]
    single = deploy(lambda: problems_of(size=1, rules={"web": pulumi.Output.from_input({"port": 80})}))
    assert single.result == [Problem("rules.web", message)]


def test_refused_keys_give_their_reason_and_no_other_problem():
    checks = Checks.of(
        ThingArgs, {"size": 1, "shards": 3}, "Thing", "it", refused={"shards": "no shards here"}
    )

    assert checks.problems == [Problem("shards", "no shards here")]


def test_a_range_and_a_choice_tell_what_is_accepted():
    checks = Checks.of(ThingArgs, {"size": 9, "label": "red"}, "Thing", "it")

    assert checks.integer("size", 0, 5, default=1) is None
    assert checks.choice("label", ("redis", "valkey"), default="redis") is None
    assert checks.problems == [
        Problem("size", "must be 0-5, got 9"),
        Problem("label", "must be redis or valkey, got 'red'; did you mean redis?"),
    ]


def test_a_wrong_type_is_told_once():
    checks = Checks.of(ThingArgs, {"size": "many"}, "Thing", "it")

    assert checks.integer("size", 0, 5, default=1) is None
    assert checks.get("size", 7) == 7
    assert len(checks.problems) == 1


def test_the_report_counts_and_lists_every_problem():
    error = ConfigurationError(
        "the configuration of aws-cache (stack dev)",
        [
            Problem("cache.replicas", "must be 0-5, got 9"),
            Problem("network.availability_zone", "unknown; did you mean availability_zones?"),
        ],
    )

    assert isinstance(error, pulumi.RunError)
    assert str(error) == (
        "2 problems in the configuration of aws-cache (stack dev); nothing was changed\n"
        "  cache.replicas: must be 0-5, got 9\n"
        "  network.availability_zone: unknown; did you mean availability_zones?"
    )


def test_one_problem_is_one_problem():
    checks = Checks.of(ThingArgs, {}, "Thing", "it")

    with pytest.raises(ConfigurationError) as raised:
        checks.raise_problems()

    assert (
        str(raised.value)
        == "1 problem in the arguments of Thing 'it'; nothing was changed\n  size: is required"
    )


def test_what_is_not_a_mapping_at_all_is_a_problem_too():
    assert Checks.of(ThingArgs, ["size"], "Thing", "it").problems[0].path == "args"
