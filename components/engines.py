"""Engines and their versions: what is offered, which parameter family fits, what each version can do (R27-R49)."""

import functools
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from .wording import one_of

DEFAULT_VERSIONS = {"redis": "7.1", "valkey": "8.2", "memcached": "1.6.22"}
"""Constants, so that two runs of one program ask for the same."""

REPLICATED = ("redis", "valkey")
"""The engines a replication group runs; Memcached has no replication (R29)."""

_SHAPES = {"redis": "7.1, or 6.x for the latest 6", "valkey": "8.2", "memcached": "1.6.22"}


class Support(NamedTuple):
    """How long AWS supports a version, as ISO dates."""

    extended_from: str
    """First day on which nodes of this version cost more, in Extended Support."""
    ends: str
    """Day after which AWS moves caches to another version."""


@functools.cache
def _engines() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / "engines.json").read_text("utf-8"))


def known_versions(engine: str) -> list[str]:
    """Return the versions ElastiCache offers for new caches, oldest first."""
    return [item["version"] for item in _engines()["engines"][engine]["versions"]]


def version_fault(engine: str, version: str) -> str | None:
    """Return why this engine_version is refused, or None. A newer one than known is not a fault (R31-R33, R47)."""
    data = _engines()["engines"][engine]
    if version in known_versions(engine) or version in data["accepted_aliases"]:
        return None
    withdrawn = [item for group in data["withdrawn"] for item in group["versions"]]
    if version in withdrawn:
        return f"{version!r} has been withdrawn by AWS; use {DEFAULT_VERSIONS[engine]}"
    if version in data["refused_spellings"] or not _spelled(engine, version):
        return f"{version!r} is not how {engine} versions are written here: {_SHAPES[engine]}"
    if not newer_than_known(engine, version):
        offered = one_of(known_versions(engine))
        return f"{version!r} is not offered for {engine}; offered: {offered}"
    return None


def newer_than_known(engine: str, version: str) -> bool:
    """Say whether the version is well-formed and newer than any this package knows (R33).

    A new major version is another matter: the provider refuses it, and its family is not known (R32).
    """
    last = max(map(_number, known_versions(engine)))
    return _spelled(engine, version) and _number(version) > last and _number(version)[0] == last[0]


def family(engine: str, version: str) -> str:
    """Return the parameter group family, such as redis7 (R36, R38)."""
    major, _, rest = version.partition(".")
    if engine == "memcached":
        return f"memcached{major}.{rest.partition('.')[0]}"
    if engine == "valkey":
        return f"valkey{major}"
    return {"4": "redis4.0", "5": "redis5.0", "6": "redis6.x"}.get(major, f"redis{major}")


def supports(feature: str, engine: str, version: str) -> bool:
    """Say whether this version has the feature; a version newer than known has what the last one has."""
    floor = floor_of(feature, engine)
    return floor is not None and not older(version, floor)


def older(version: str, floor: str) -> bool:
    """Say whether a version comes before another of the same engine; `6.x` stands for the latest 6."""
    return _number(version) < _number(floor)


def floor_of(feature: str, engine: str) -> str | None:
    """Return the first version with the feature, None when no version of the engine has it (R49)."""
    return _engines()["feature_floors"][feature][engine]


def support(engine: str, version: str) -> Support | None:
    """Return how long AWS supports this version, None where it has announced no end (R46)."""
    for item in _engines()["engines"][engine]["versions"]:
        if item["version"] == version.replace(".x", ".2") and item["support"]:
            return Support(item["support"]["extended_y1"], item["support"]["end_of_life"])
    return None


def data_date() -> str:
    """Return the day of which all this is the knowledge."""
    return _engines()["header"]["date"]


def _spelled(engine: str, version: str) -> bool:
    pattern = r"\d+\.\d+\.\d+" if engine == "memcached" or _old_redis(engine, version) else r"\d+\.\d+"
    return bool(re.fullmatch(pattern, version))


def _old_redis(engine: str, version: str) -> bool:
    return engine == "redis" and version[:2] in ("2.", "3.", "4.", "5.")


def _number(version: str) -> tuple[int, ...]:
    return tuple(999 if part == "x" else int(part) for part in version.split("."))
