"""Whether arguments have the keys and types of their TypedDict, the same for YAML and for Python."""

import functools
import inspect
import re
import types
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Union, get_args, get_origin

import pulumi
from typing_extensions import get_type_hints, is_typeddict

from .wording import did_you_mean, show

Add = Callable[[str, str], None]
"""Notes a problem: its path, its message."""

_LARGEST_NUMBER = 2**53  # The engine passes numbers on as floats, which hold no larger one exactly.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_EMPTY = "is empty: give a value, or leave the key out for the default"
_LATER = (pulumi.Output, Awaitable)
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def is_output(value: object) -> bool:
    """Say whether the value is known only later."""
    return isinstance(value, _LATER)


def is_text(value: object) -> bool:
    """Say whether the value is text that can be sent: JSON can spell half a character, which UTF-8 cannot."""
    return isinstance(value, str) and not _HALF_CHARACTER.search(value)


def check_mapping(add: Add, path: str, args_type: type, given: object) -> None:
    """Check keys and types of a mapping, and of what is in it, against a TypedDict."""
    if not isinstance(given, Mapping):
        add(path, f"must be a mapping, got {show(path, given)}")
        return
    hints = _hints(args_type)
    check_keys(add, path, given, hints)
    for key, hint in hints.items():
        value, required = given.get(key), key in args_type.__required_keys__
        if value is not None:
            _check_type(add, join(path, key), hint, value)
        elif required:
            add(join(path, key), "is required")
        elif key in given and not _accepts_none(hint):
            add(join(path, key), _EMPTY)


def check_keys(add: Add, path: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse keys that are not known, each with the nearest known one."""
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) or f"; known: {', '.join(sorted(known))}"
            add(join(path, key), f"unknown{hint}")


def join(path: str, key: object) -> str:
    """Return the path of a key below another path."""
    return f"{path}.{key}" if path else str(key)


@functools.cache
def _hints(args_type: type) -> dict[str, Any]:
    """Return key -> type of a TypedDict, read once: each reading costs a millisecond, and a program has many caches."""
    # pulumi.Input holds its Output as text, for which only Pulumi's own module has the names.
    return get_type_hints(args_type, localns={"Output": pulumi.Output, "T": Any})


def _check_type(add: Add, path: str, hint: Any, value: object) -> None:
    rule = _rule(hint)
    if not is_output(value):
        rule.check(add, path, rule.inner, value)
    elif not rule.takes_output:
        add(path, "must be a plain value, not an Output: it is checked before anything is created")


class _Rule(NamedTuple):
    """How values of a type are checked."""

    takes_output: bool
    check: Callable[[Add, str, Any, object], None]
    inner: Any
    """What the check needs to know: the type, or that of what is in it."""


@functools.cache
def _rule(hint: Any) -> _Rule:
    """Return the rule of a type, read once like the hints: a program has many caches of the same few types."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        plain = [item for item in inner if not _is_output_type(item) and item is not type(None)]
        return _rule(plain[0])._replace(takes_output=any(map(_is_output_type, inner)))
    if is_typeddict(hint):
        return _Rule(False, check_mapping, hint)
    if hint in _WORDS:
        return _Rule(False, _check_scalar, hint)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return _Rule(False, _check_names, inner[1])
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        return _Rule(False, _check_list, inner[0])
    return _Rule(False, _accept, hint)


def _accept(_add: Add, _path: str, _hint: Any, _value: object) -> None:
    """Leave any plain value to who knows its range."""


def _check_scalar(add: Add, path: str, hint: type, value: object) -> None:
    if not _fits(hint, value):
        quote = "; put it in quotes" if hint is str and isinstance(value, int | float) else ""
        add(path, f"must be {_WORDS[hint]}, got {show(path, value)}{quote}")
    elif value == "":
        add(path, _EMPTY)


def _fits(hint: type, value: object) -> bool:
    # A bool is an int to Python, and a component host hands every whole number over as a float.
    if hint is str:
        return is_text(value)
    if hint is bool:
        return isinstance(value, bool)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _LARGEST_NUMBER:
        return False
    return hint is float or value == int(value)


def _check_names(add: Add, path: str, hint: Any, value: object) -> None:
    if not isinstance(value, Mapping):
        add(path, f"must be a mapping of names to values, got {show(path, value)}")
        return
    for key, item in value.items():
        if not is_text(key):
            add(path, f"must have text as names, got {key!r}; put it in quotes")
        elif item is None:
            add(join(path, key), "is empty")
        else:
            _check_type(add, join(path, key), hint, item)


def _check_list(add: Add, path: str, hint: Any, value: object) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str):
        add(path, f"must be a list, got {show(path, value)}")
        return
    for index, item in enumerate(value):
        if item is None:
            add(f"{path}[{index}]", "is empty")
        else:
            _check_type(add, f"{path}[{index}]", hint, item)


@functools.cache
def _accepts_none(hint: Any) -> bool:
    return any(item is type(None) or _accepts_none(item) for item in get_args(hint))


def _is_output_type(hint: Any) -> bool:
    origin = get_origin(hint) or hint
    return inspect.isclass(origin) and issubclass(origin, pulumi.Output | Awaitable)
