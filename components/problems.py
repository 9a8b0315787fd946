"""Problems of a configuration: found all at once, told in one report, before anything is created."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pulumi

from .names import component_name_fault
from .shapes import check_mapping, is_output
from .wording import did_you_mean, one_of

_MOST_TAGS = 49  # AWS takes 50, and the components add Name
_TAG_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")


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
        """Check keys, types and tags of args against its TypedDict; ranges and combinations are for the caller.

        refused holds keys that AWS has and the component does not take, each with the reason to give.
        """
        refused = refused or {}
        if not isinstance(args, Mapping):
            args = {"args": args}
        checks = cls({key: value for key, value in args.items() if key not in refused}, component, name)
        for key in args:
            if key in refused:
                checks.add(key, refused[key])
        check_mapping(checks.add, "", args_type, checks.args)
        _check_tags(checks)
        return checks

    def add(self, path: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, message))

    def warn(self, message: str) -> None:
        """Note something that is allowed and should be known."""
        self.warnings.append(message)

    def ok(self, key: str) -> bool:
        """Say whether nothing is wrong with this argument so far."""
        return not any(re.split(r"[.\[]", path)[0] == key for path, _ in self.problems)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the argument when it is present, plain and without a problem; else the default."""
        value = self.args.get(key)
        return default if value is None or is_output(value) or not self.ok(key) else value

    def integer(self, key: str, low: int, high: int, default: int) -> int | None:
        """Return a whole number within low..high, the default when absent, None when it is wrong."""
        if not self.ok(key):
            return None
        value = int(self.get(key, default))
        if not low <= value <= high:
            self.add(key, f"must be {low}-{high}, got {value}")
            return None
        return value

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


def _check_tags(checks: Checks) -> None:
    """Refuse tags that AWS refuses (R24)."""
    tags = checks.get("tags", {})
    if len(tags) > _MOST_TAGS:
        checks.add("tags", f"at most {_MOST_TAGS} of them, got {len(tags)}")
    for key, value in tags.items():
        path = f"tags.{key}"
        if key.lower().startswith("aws:"):
            checks.add(path, "names that begin with aws: are AWS's own")
        elif not _TAG_KEY.fullmatch(key):
            checks.add(path, "must have 1-128 letters, digits, spaces and _ . : / = + - @ in its name")
        elif not is_output(value) and not _TAG_VALUE.fullmatch(value):
            checks.add(path, "must hold at most 256 letters, digits, spaces and _ . : / = + - @")
