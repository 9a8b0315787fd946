"""Node types: which exist, what they hold, which engines and regions they serve (R50-R66)."""

import functools
import json
import re
from pathlib import Path
from typing import Any

from .engines import older
from .wording import did_you_mean

LOCAL_ZONE_FAMILIES = ("m5", "r5", "t3")
"""What Local Zones have (R63)."""

_SHAPE = re.compile(r"cache\.([a-z]+\d+[a-z]*)\.(\w+)")


@functools.cache
def _data() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / "node_types.json").read_text("utf-8"))


def known(node_type: str) -> dict[str, Any] | None:
    """Return what is known of a node type, None for one that is newer than this package."""
    return _data()["node_types"].get(node_type)


def has_data_tiering(node_type: str) -> bool:
    """Say whether nodes of a type keep data on disks too; a cache cannot change to or from such a type (R58)."""
    return bool((known(node_type) or {}).get("data_tiering"))


def node_type_fault(node_type: str, engine: str, version: str) -> str | None:
    """Return why a new cache of this engine cannot have this node type, or None (R50, R52, R54-R58)."""
    match = _SHAPE.fullmatch(node_type)
    if not match:
        return f"{node_type!r} must look like cache.t4g.micro{_hint(f'cache.{node_type}')}"
    item, family = known(node_type), match.group(1)
    if item is None:
        if family not in _data()["families"]:
            return None
        sizes = ", ".join(_data()["families"][family]["sizes"])
        return f"{node_type!r} is no size of {family}: {sizes}"
    if item["generation"] == "closed":
        return f"{node_type!r} takes no new caches; use cache.{item['suggest_family'] or 't4g'}"
    if item["data_tiering"] and engine == "memcached":
        return f"{node_type!r} keeps data on disks too, which Memcached does not know; use cache.r6g or cache.r7g (R58)"
    floor = item["min_engine"][engine]
    if engine in item["min_engine_firm"] and floor and older(version, floor):
        return f"{node_type!r} needs {engine} {floor} or later, got {version}"
    return None


def node_type_warnings(node_type: str) -> list[str]:
    """Return what to know about a node type that is allowed (R52, R55)."""
    item = known(node_type)
    if item is None:
        return [f"node_type {node_type!r} is not known to this package{_hint(node_type)} Going on unchecked."]
    if item["generation"] == "previous":
        return [
            f"node_type {node_type!r} is of a previous generation; consider cache.{item['suggest_family']}"
        ]
    return []


def regions_without(node_type: str) -> list[str]:
    """Return the regions where the node type has no price, hence is not sold (R53)."""
    return (known(node_type) or {}).get("regions_not_priced") or []


def alternatives(node_type: str, region: str) -> list[str]:
    """Return current types of the same size that are sold in the region, the newest generations last."""
    wanted = known(node_type) or {}
    return [
        name
        for name, item in _data()["node_types"].items()
        if item["size"] == wanted.get("size")
        and item["generation"] == "current"
        and item["data_tiering"] == wanted.get("data_tiering")
        and region not in (item["regions_not_priced"] or ())
    ]


def data_date() -> str:
    """Return the day of which all this is the knowledge."""
    return _data()["header"]["date"]


def _hint(node_type: str) -> str:
    return did_you_mean(node_type, _data()["node_types"])
