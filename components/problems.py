"""Problems of a configuration: found all at once, told in one report, before anything is created."""

import difflib
import inspect
import math
import re
import types
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Union, get_args, get_origin

import pulumi
from typing_extensions import get_type_hints, is_typeddict

from .names import component_name_fault

SECRET_ARGUMENTS = {"auth_token"}
"""Arguments whose value no message may show."""

_TAG_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Problem(NamedTuple):
    """One thing wrong: where (`cache.replicas`) and what (got, accepted, the way out)."""

    path: str
    message: str


class ConfigurationError(pulumi.RunError):
    """Every problem of one configuration. Pulumi prints its text only, without a traceback."""

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        self.subject = subject
        self.problems = list(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        lines = [f"{count} in {subject}; nothing was changed"]
        lines += [f"  {path}: {message}" for path, message in self.problems]
        super().__init__("\n".join(lines))


class Checks:
    """Collects the problems of one component's arguments. Paths are relative to the arguments."""

    def __init__(self, args: Mapping[str, Any], component: str, name: str) -> None:
        self.args = args
        self.subject = f"the arguments of {component} {name!r}"
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    @classmethod
    def of(
        cls,
        args_type: type,
        args: Mapping[str, Any],
        component: str,
        name: str,
        refused: Mapping[str, str] | None = None,
    ) -> "Checks":
        """Check keys and types of args against its TypedDict; ranges and combinations are for the caller.

        refused holds keys that AWS has and the component does not take, each with the reason to give.
        """
        given = {key: value for key, value in args.items() if key not in (refused or {})}
        checks = cls(given, component, name)
        for key, reason in (refused or {}).items():
            if key in args:
                checks.add(key, reason)
        _check_mapping(checks, "", args_type, given)
        _check_tags(checks)
        return checks

    def add(self, path: str, message: str) -> None:
        """Note a problem; "" as path means the arguments as a whole."""
        self.problems.append(Problem(path, message))

    def warn(self, message: str) -> None:
        """Note something that is allowed and should be known."""
        self.warnings.append(message)

    def ok(self, key: str) -> bool:
        """Say whether nothing is wrong with this argument so far."""
        return not any(path.split(".")[0].split("[")[0] == key for path, _ in self.problems)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the argument when it is present, plain and without a problem; else the default."""
        value = self.args.get(key)
        return default if value is None or is_output(value) or not self.ok(key) else value

    def integer(self, key: str, low: int, high: int, default: int) -> int | None:
        """Return a whole number within low..high, the default when absent, None when it is wrong."""
        if not self.ok(key):
            return None
        value = self.get(key, default)
        if not low <= value <= high:
            self.add(key, f"must be {low}-{high}, got {value}")
            return None
        return int(value)

    def choice(self, key: str, accepted: Collection[str], default: str) -> str | None:
        """Return one of the accepted words, the default when absent, None when it is wrong."""
        if not self.ok(key):
            return None
        value = self.get(key, default)
        if value not in accepted:
            self.add(key, f"must be {one_of(accepted)}, got {value!r}{did_you_mean(value, accepted)}")
            return None
        return value

    def together(self, first: str, second: str, message: str) -> None:
        """Refuse two arguments at once."""
        if self.args.get(first) is not None and self.args.get(second) is not None:
            self.add(second, message)

    def raise_problems(self) -> None:
        """Raise ConfigurationError with every problem, if there is one."""
        if self.problems:
            raise ConfigurationError(self.subject, self.problems)

    def log_warnings(self, resource: pulumi.Resource) -> None:
        """Tell the warnings on the resource they are about."""
        for message in self.warnings:
            pulumi.log.warn(message, resource=resource)


def check_component_name(checks: Checks, name: str) -> None:
    """Refuse a component name from which no physical name of AWS can be made (R7-R11)."""
    fault = component_name_fault(name)
    if fault:
        checks.add("name", fault)


def is_output(value: object) -> bool:
    """Say whether the value is known only later."""
    return isinstance(value, pulumi.Output | Awaitable)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for a near miss, else nothing."""
    close = difflib.get_close_matches(str(word).lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def one_of(accepted: Collection[str]) -> str:
    """Return the accepted words as "a, b or c"."""
    *most, last = accepted
    return f"{', '.join(most)} or {last}" if most else last


def show(path: str, value: object) -> str:
    """Return the value for a message: short, and never a secret."""
    if path.split(".")[-1] in SECRET_ARGUMENTS:
        return "a value not shown here"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_keys(checks: Checks, path: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse keys that are not known, each with the nearest known one."""
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) or f"; known: {', '.join(sorted(known))}"
            checks.add(_join(path, key), f"unknown{hint}")


def _check_mapping(checks: Checks, path: str, args_type: type, given: object) -> None:
    if not isinstance(given, Mapping):
        checks.add(path, f"must be a mapping, got {show(path, given)}")
        return
    # pulumi.Input holds its Output as text, for which only Pulumi's own module has the names.
    hints = get_type_hints(args_type, localns={"Output": pulumi.Output, "T": Any})
    check_keys(checks, path, given, hints)
    for key in sorted(args_type.__required_keys__):
        if given.get(key) is None:
            checks.add(_join(path, key), "is required")
    for key, hint in hints.items():
        if given.get(key) is not None:
            _check_type(checks, _join(path, key), hint, given[key])
        elif key in given and key not in args_type.__required_keys__:
            checks.add(_join(path, key), "is empty: give a value, or leave the key out for the default")


def _check_type(checks: Checks, path: str, hint: Any, value: object) -> None:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        accepts_outputs = any(_is_output_type(item) for item in inner)
        if accepts_outputs and is_output(value):
            return
        plain = [item for item in inner if not _is_output_type(item) and item is not type(None)]
        _check_type(checks, path, plain[0], value)
    elif is_output(value):
        checks.add(path, "must be a plain value, not an Output: it is checked before anything is created")
    elif is_typeddict(hint):
        _check_mapping(checks, path, hint, value)
    elif hint in _WORDS:
        _check_scalar(checks, path, hint, value)
    elif inspect.isclass(origin) and issubclass(origin, Mapping):
        _check_names(checks, path, inner[1], value)
    elif inspect.isclass(origin) and issubclass(origin, Sequence):
        _check_list(checks, path, inner[0], value)


def _check_scalar(checks: Checks, path: str, hint: type, value: object) -> None:
    # A bool is an int to Python, and a component host hands every whole number over as a float.
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value == int(value),
        float: isinstance(value, int | float) and not isinstance(value, bool),
        str: isinstance(value, str),
    }
    if not fits[hint]:
        hint_text = "; put it in quotes" if hint is str and isinstance(value, int | float) else ""
        checks.add(path, f"must be {_WORDS[hint]}, got {show(path, value)}{hint_text}")
    elif value == "":
        checks.add(path, "is empty: give a value, or leave the key out for the default")


def _check_names(checks: Checks, path: str, hint: Any, value: object) -> None:
    if not isinstance(value, Mapping):
        checks.add(path, f"must be a mapping of names to values, got {show(path, value)}")
        return
    for key, item in value.items():
        if not isinstance(key, str):
            checks.add(path, f"must have text as names, got {key!r}; put it in quotes")
        elif item is None:
            checks.add(_join(path, key), "is empty")
        else:
            _check_type(checks, _join(path, key), hint, item)


def _check_list(checks: Checks, path: str, hint: Any, value: object) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str):
        checks.add(path, f"must be a list, got {show(path, value)}")
        return
    for index, item in enumerate(value):
        _check_type(checks, f"{path}[{index}]", hint, item)


def _check_tags(checks: Checks) -> None:
    """Refuse tags that AWS refuses (R24)."""
    tags = checks.get("tags", {})
    if len(tags) > 50:
        checks.add("tags", f"at most 50 of them, got {len(tags)}")
    for key, value in tags.items():
        path = f"tags.{key}"
        if key.lower().startswith("aws:"):
            checks.add(path, "names that begin with aws: are AWS's own")
        elif not _TAG_KEY.fullmatch(key):
            checks.add(path, "must have 1-128 letters, digits, spaces and _ . : / = + - @ in its name")
        elif not is_output(value) and not _TAG_VALUE.fullmatch(value):
            checks.add(path, "must hold at most 256 letters, digits, spaces and _ . : / = + - @")


def _is_output_type(hint: Any) -> bool:
    origin = get_origin(hint) or hint
    return inspect.isclass(origin) and issubclass(origin, pulumi.Output | Awaitable)


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
