"""Property paths as Pulumi writes them: `tags`, `tags.Name`, `rules[0].port`, `data["a.b"]`, `*` for every element."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

_STEP = re.compile(r"""\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.\[\]]+)""")

Path = list[str | int]


def parse(text: str) -> Path:
    """The keys and indexes of a path; a bracketed number is an index."""
    steps: Path = []
    for quoted, index, key in _STEP.findall(text):
        if index:
            steps.append("*" if index == "*" else int(index))
        else:
            steps.append(quoted.replace('\\"', '"') if quoted else key)
    return steps


def root(text: str) -> str:
    """The property that a path starts at."""
    return str(parse(text)[0])


def put_back(old: Any, new: Any, path: Path) -> None:
    """Makes `new` equal to `old` at a path, in place: added parts go, removed and changed ones come back."""
    step, rest = path[0], path[1:]
    for key in _keys(old, new, step):
        if not rest:
            _restore(old, new, key)
        elif _has(new, key):
            put_back(old[key] if _has(old, key) else {}, new[key], rest)


def forces_replacement(changed: Iterable[str], replace_on_changes: Iterable[str]) -> set[str]:
    """The changed paths that lie at or under one of the paths of a `replace_on_changes` option."""
    wanted = [parse(text) for text in replace_on_changes]
    return {text for text in changed if any(_covers(path, parse(text)) for path in wanted)}


def _covers(path: Path, changed: Path) -> bool:
    return len(path) <= len(changed) and all(
        step in ("*", other) for step, other in zip(path, changed, strict=False)
    )


def _keys(old: Any, new: Any, step: str | int) -> list[Any]:
    if isinstance(new, dict):
        if step == "*":
            return list({**(old if isinstance(old, dict) else {}), **new})
        return [str(step)]
    if isinstance(new, list) and isinstance(old, list):
        common = range(min(len(old), len(new)))
        return list(common) if step == "*" else [index for index in common if str(index) == str(step)]
    return []


def _has(value: Any, key: Any) -> bool:
    return key in value if isinstance(value, dict) else isinstance(value, list) and isinstance(key, int)


def _restore(old: Any, new: Any, key: Any) -> None:
    if isinstance(new, list) or (isinstance(old, dict) and key in old):
        new[key] = copy.deepcopy(old[key])
    else:
        new.pop(key, None)
