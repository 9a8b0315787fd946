"""What ElastiCache offers: engine versions, node types, parameters, regions. Pure look-ups in `data/`."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

from .errors import invalid_combination, invalid_value

CLOSED, PREVIOUS = "closed", "previous"
ALIASES = {("redis", "6.x"): "6.2"}


@functools.lru_cache(maxsize=8)
def _load(name: str) -> dict[str, Any]:
    return json.loads(files(__package__).joinpath("data", f"{name}.json").read_text())


def engine_versions() -> list[dict[str, str]]:
    """Every offered version, oldest first per engine: engine, version, full, family."""
    return _load("engines")["versions"]


def offered(engine: str) -> list[str]:
    """The versions of one engine, oldest first."""
    return [row["version"] for row in engine_versions() if row["engine"] == engine]


def find_version(engine: str, version: str | None) -> dict[str, str]:
    """The row of a version; the newest when none is asked for."""
    rows = [row for row in engine_versions() if row["engine"] == engine]
    wanted = ALIASES.get((engine, version or ""), version)
    for row in rows:
        if wanted in (row["version"], row["full"]):
            return row
    if wanted is None:
        return rows[-1]
    known = ", ".join(row["version"] for row in rows)
    raise invalid_combination(f"Cannot find version {version} for {engine} (offered: {known})")


def as_numbers(version: str) -> tuple[int, ...]:
    """A version to compare with others."""
    return tuple(int(part) for part in version.split("."))


def find_node_type(name: str | None) -> dict[str, Any]:
    """A node type's memory, generation and least versions; refuses unknown and closed ones."""
    found = _load("node_types")["types"].get(name)
    if found is None:
        raise invalid_value(f"Invalid Cache Node Type: {name}.")
    if found["generation"] == CLOSED:
        raise invalid_value(f"Invalid Cache Node Type: {name}. (its generation is closed to new clusters)")
    return found


def node_types() -> dict[str, dict[str, Any]]:
    """All node types that can be made, by name."""
    return {name: row for name, row in _load("node_types")["types"].items() if row["generation"] != CLOSED}


def families() -> dict[str, dict[str, Any]]:
    """The parameter group families, each with its engine and versions."""
    return _load("parameters")["families"]


@functools.lru_cache(maxsize=32)
def parameters_of(family: str) -> dict[str, dict[str, Any]]:
    """The parameters of a family by name: type, allowed, default, modifiable, change_type, min_version."""
    data = _load("parameters")
    rows = [data["definitions"][index] for index in data["families"][family]["parameters"]]
    return {row["name"]: row for row in rows}


def region_code(region: str) -> tuple[str, str]:
    """How endpoint names write a region, and what follows: ("euw1", "cache.amazonaws.com")."""
    codes = _load("regions")["codes"]
    if region not in codes:
        raise invalid_value(f"The sandbox knows no endpoint code for region {region}")
    code, suffix = codes[region]
    return code, suffix
