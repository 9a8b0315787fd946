"""What is read from Pulumi.yaml and the stacks' files, and what is refused in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.deploy.errors import ConfigurationProblem, Unsupported
from sandbox.deploy.project import Project


def project(folder: Path, spec: str = "", config: str = "config: {}", stack: str = "dev") -> Project:
    (folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\n{spec}")
    (folder / "Pulumi.dev.yaml").write_text(config)
    return Project.load(folder, stack)


def refusal(folder: Path, spec: str = "", config: str = "config: {}", stack: str = "dev") -> str:
    with pytest.raises(ConfigurationProblem) as caught:
        project(folder, spec, config, stack)
    assert caught.value.exit_code == 2
    return str(caught.value)


# Each as the real engine 3.260 hands it to a program.
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("hello", "hello"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "true"),
        ("12:30:00", "12:30:00"),
        ("012", "10"),
        ("0o14", "12"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("1e3", "1000"),
        ("1.50", "1.5"),
        ("-7", "-7"),
        ("012345678901", "12345678901"),
        ("'012345678901'", "012345678901"),
        ("2026-01-01", "2026-01-01 00:00:00 +0000 UTC"),
        ("2026-01-01T10:00:00Z", "2026-01-01 10:00:00 +0000 UTC"),
        ("null", ""),
        ("", ""),
        ("[a, 1, 2.5, true, null]", '["a",1,2.5,true,null]'),
        ("{z: yes, a: 012, 5: x, f: 1.0}", '{"5":"x","a":10,"f":1,"z":"yes"}'),
        ("sun:05:00-sun:06:00", "sun:05:00-sun:06:00"),
    ],
)
def test_values_reach_the_program_as_the_engine_gives_them(tmp_path: Path, written: str, text: str) -> None:
    assert project(tmp_path, config=f"config:\n  shop:key: {written}\n").config == {"shop:key": text}


def test_keys_without_a_namespace_are_the_project_s(tmp_path: Path) -> None:
    found = project(tmp_path, "config: {size: 3, 'aws:region': eu-west-1}", "config: {other: 4}").config
    assert found == {"shop:size": "3", "aws:region": "eu-west-1", "shop:other": "4"}


def test_defaults_apply_and_the_stack_s_values_win(tmp_path: Path) -> None:
    spec = "config:\n  a: {type: object, default: {}}\n  b: {type: integer, default: 1}\n  c: {value: x}\n"
    assert project(tmp_path, spec, "config: {'shop:b': 2}").config == {
        "shop:a": "{}",
        "shop:b": "2",
        "shop:c": "x",
    }


TYPED = """config:
  count: {type: integer, default: 1}
  flag: {type: boolean, default: true}
  zones: {type: array, items: {type: string}, default: []}
  network: {type: object, default: {}}
  word: {type: string, default: x}
"""


@pytest.mark.parametrize(
    "value",
    [
        "count: '7'",
        "flag: 'true'",
        "flag: True",
        "zones: [a]",
        "network: {a: 1}",
        "word: 12",
        "word: true",
        "word:",
    ],
)
def test_values_of_the_declared_type_are_accepted(tmp_path: Path, value: str) -> None:
    key = value.split(":")[0]
    assert f"shop:{key}" in project(tmp_path, TYPED, f"config:\n  shop:{value}\n").config


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("count: abc", "shop:count: must be of type integer, got 'abc'"),
        ("count: 1.5", "shop:count: must be of type integer, got 1.5"),
        ("flag: yes", "shop:flag: must be of type boolean, got 'yes'"),
        ("flag: 1", "shop:flag: must be of type boolean, got 1"),
        ("zones: '[a]'", "shop:zones: must be of type array<string>, got '[a]'"),
        ("zones: [1]", "shop:zones: must be of type array<string>, got [1]"),
        ("network: []", "shop:network: must be of type object, got []"),
        ("network:", "shop:network: must be of type object, got nothing"),
        ("word: [1]", "shop:word: must be of type string, got [1]"),
    ],
)
def test_values_of_another_type_are_refused(tmp_path: Path, value: str, problem: str) -> None:
    assert refusal(tmp_path, TYPED, f"config:\n  shop:{value}\n") == (
        f"1 problem in the configuration of shop (stack dev); nothing was changed\n  {problem}"
    )


def test_all_problems_come_in_one_report(tmp_path: Path) -> None:
    spec = "config:\n  a: {type: string}\n  b: {type: integer}\n  c: {type: integer, default: 1}\n"
    assert refusal(tmp_path, spec, "config: {'shop:c': x}").splitlines() == [
        "3 problems in the configuration of shop (stack dev); nothing was changed",
        "  shop:a: missing; set it in the stack's file",
        "  shop:b: missing; set it in the stack's file",
        "  shop:c: must be of type integer, got 'x'",
    ]


@pytest.mark.parametrize(
    ("declaration", "problem"),
    [
        ("a: {type: number}", "type must be one of string, integer, boolean, array, object, got 'number'"),
        ("a: {type: integer, default: x}", "the default is not of type integer"),
        ("a: {type: array}", "an array must declare the type of its items"),
        ("a: {b: 1}", "unknown attribute 'b'"),
        ("'aws:region': {type: string}", "must not declare a type"),
    ],
)
def test_declarations_that_the_engine_would_refuse_are_refused(
    tmp_path: Path, declaration: str, problem: str
) -> None:
    assert problem in refusal(tmp_path, f"config:\n  {declaration}\n")


def test_a_missing_stack_file_is_told_with_the_stacks_there_are(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text("")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "redis-ha.yaml").write_text("")
    assert refusal(tmp_path, stack="redis-ha").splitlines() == [
        f"no stack redis-ha: there is no Pulumi.redis-ha.yaml in {tmp_path}",
        "  the stacks there are: dev, prod",
        "  an example of that name is ready: cp examples/redis-ha.yaml Pulumi.redis-ha.yaml",
    ]


@pytest.mark.parametrize("name", ["../dev", "a/b", "", ".."])
def test_a_name_that_is_no_stack_s_is_refused(tmp_path: Path, name: str) -> None:
    assert "is no name for a stack" in refusal(tmp_path, stack=name)


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationProblem, match=r"no Pulumi\.yaml in"):
        Project.load(tmp_path, "dev")


def test_broken_yaml_is_told_with_line_and_column(tmp_path: Path) -> None:
    assert f"{tmp_path / 'Pulumi.dev.yaml'} line 2, column 7: " in refusal(
        tmp_path, config="config:\n  a: b: c\n"
    )


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, config="config:\n  shop:a: 1\n  shop:a: 2\n")
    assert "line 3, column 3: key 'shop:a' is given twice (first in line 2)" in message


@pytest.mark.parametrize("value", ["{secure: v1:abc}", "{deep: [{secure: v1:abc}]}"])
def test_encrypted_values_are_refused_by_key(tmp_path: Path, value: str) -> None:
    message = refusal(tmp_path, config=f"config:\n  shop:word: {value}\n")
    assert "shop:word: is encrypted, and a local stack has no key to decrypt it; give it in plain" in message


def test_a_key_of_a_wrong_form_is_refused(tmp_path: Path) -> None:
    assert "a:b:c: is no key; keys have the form NAMESPACE:NAME" in refusal(
        tmp_path, config="config: {'a:b:c': 1}"
    )


def test_a_declared_secret_may_be_plain_and_its_value_is_never_shown(tmp_path: Path) -> None:
    spec = "config:\n  word: {type: string, secret: true}\n  pin: {type: integer, secret: true, default: 1}\n"
    found = project(tmp_path, spec, "config: {'shop:word': hush}")
    assert found.secret_keys == {"shop:word", "shop:pin"}
    assert "hush" not in repr(found)
    assert "hush" not in refusal(tmp_path, spec, "config: {'shop:word': [hush]}")


@pytest.mark.parametrize(
    ("spec", "config", "name"),
    [
        ("runtime: nodejs\n", "config: {}", "programs in nodejs"),
        ("runtime: python\n", "environment: [base]", "ESC environments"),
    ],
)
def test_what_only_the_engine_has_is_refused_by_name(
    tmp_path: Path, spec: str, config: str, name: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\n{spec}")
    (tmp_path / "Pulumi.dev.yaml").write_text(config)
    with pytest.raises(Unsupported, match=name):
        Project.load(tmp_path, "dev")


def test_a_folder_for_stack_files_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text("config: {'shop:a': 2}")
    assert project(tmp_path, "stackConfigDir: stacks\n", "config: {'shop:a': 1}").config == {"shop:a": "2"}


def test_structured_values_survive_the_way_to_the_program(tmp_path: Path) -> None:
    value: dict[str, Any] = {"zones": ["a", "b"], "size": 3, "ratio": 0.5, "on": False, "word": 'ä "q"'}
    found = project(tmp_path, config=json.dumps({"config": {"shop:network": value}}))
    assert json.loads(found.config["shop:network"]) == value
