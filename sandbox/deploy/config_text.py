"""Configuration values as the engine hands them to a program: text, with JSON for what is structured.

The engine reads YAML as Go's yaml.v3 does, which differs from PyYAML: `yes`, `on` and `12:30` are text, `0o14` is a
number, a date becomes its timestamp's text, a key given twice is an error.
"""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigurationProblem

_INTEGER = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")


class _Loader(yaml.SafeLoader):
    """PyYAML with the scalars of yaml.v3."""

    yaml_implicit_resolvers = {
        first: [
            pair for pair in pairs if pair[0] in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
        ]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if key.value in lines and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"key {key.value!r} is given twice (first in line {lines[key.value]})",
                    key.start_mark,
                )
            lines[key.value] = key.start_mark.line + 1
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = node.value.replace("_", "")
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    if re.fullmatch(r"0[0-7]+", digits):
        digits = "0o" + digits
    return int(sign + digits, 0)


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; ConfigurationProblem with line and column when it is none."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader with other scalars
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationProblem(f"{path}{where}: {exc.problem or exc.context}") from exc
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ConfigurationProblem(f"{path}: {exc}") from exc
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigurationProblem(f"{path}: must be a mapping of keys to values")
    return found


def text_of(value: Any) -> str:
    """A value as the program's `Config` reads it."""
    if isinstance(value, (dict, list)):
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return _timestamp(value)
    return value


def _timestamp(value: datetime.date) -> str:
    moment = (
        value
        if isinstance(value, datetime.datetime)
        else datetime.datetime(value.year, value.month, value.day)
    )
    if moment.utcoffset():
        return f"{moment:%Y-%m-%d %H:%M:%S %z %z}"
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000 UTC"
