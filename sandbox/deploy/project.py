"""A Pulumi project and one of its stacks, as their files declare them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .config_schema import ConfigSchema, Problems
from .config_text import read_yaml, text_of
from .errors import ConfigurationProblem, Unsupported
from .state_file import StateFile

_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Project:
    """What a run needs to know: names, folders, and the configuration as text by full key."""

    name: str
    stack: str
    folder: Path
    main: Path
    config: dict[str, str] = field(repr=False)
    secret_keys: frozenset[str] = frozenset()

    @classmethod
    def load(cls, folder: str | Path, stack: str) -> Project:
        """Reads Pulumi.yaml and Pulumi.STACK.yaml; ConfigurationProblem tells every problem of them at once."""
        root = Path(folder).resolve()
        if not (root / "Pulumi.yaml").is_file():
            raise ConfigurationProblem(f"no Pulumi.yaml in {root}; run this in the project's folder")
        if not _STACK_NAME.fullmatch(stack) or stack in (".", ".."):
            raise ConfigurationProblem(
                f"{stack!r} is no name for a stack: letters, digits, '_', '.' and '-', at most 100 of them"
            )
        spec = read_yaml(root / "Pulumi.yaml")
        name = spec.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigurationProblem(f"{root / 'Pulumi.yaml'}: must have a name")
        _require_python(spec.get("runtime"))
        main = (root / str(spec.get("main") or ".")).resolve()
        given = _stack_config(name, root / str(spec.get("stackConfigDir") or "."), root, stack)
        schema = ConfigSchema(name, spec.get("config") or {})
        values, problems = schema.apply(given)
        problems = schema.problems + problems
        if problems:
            raise _refusal(name, stack, problems)
        config = {key: text_of(value) for key, value in values.items()}
        return cls(name, stack, root, main, config, frozenset(schema.secret_keys & config.keys()))

    @property
    def state_file(self) -> StateFile:
        return StateFile(self.folder / ".sandbox" / "stacks" / f"{self.stack}.json", self.stack)


def stacks_in(folder: Path) -> list[str]:
    """The stacks that have a file in a folder."""
    return sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in folder.glob("Pulumi.?*.yaml"))


def _require_python(runtime: Any) -> None:
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    if language != "python":
        raise Unsupported(f"programs in {language}" if language else "a project without a runtime")


def _stack_config(project: str, folder: Path, root: Path, stack: str) -> dict[str, Any]:
    path = folder / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise ConfigurationProblem(_no_stack(path, root, stack))
    file = read_yaml(path)
    if file.get("environment"):
        raise Unsupported("ESC environments in a stack's file")
    section = file.get("config") or {}
    if not isinstance(section, dict):
        raise ConfigurationProblem(f"{path}: config must be a mapping of keys to values")
    given: dict[str, Any] = {}
    problems: Problems = []
    for key, value in section.items():
        parts = key.split(":")
        if len(parts) == 3 and parts[1] == "config":
            parts = [parts[0], parts[2]]
        if len(parts) > 2 or not all(parts):
            problems.append((key, "is no key; keys have the form NAMESPACE:NAME"))
        elif _is_encrypted(value):
            problems.append(
                (key, "is encrypted, and a local stack has no key to decrypt it; give it in plain")
            )
        else:
            given[":".join(parts) if len(parts) == 2 else f"{project}:{key}"] = value
    if problems:
        raise _refusal(project, stack, problems)
    return given


def _no_stack(path: Path, root: Path, stack: str) -> str:
    there = stacks_in(path.parent)
    lines = [f"no stack {stack}: there is no {path.name} in {path.parent}"]
    if there:
        lines.append(f"  the stacks there are: {', '.join(there)}")
    example = root / "examples" / f"{stack}.yaml"
    if example.is_file():
        lines.append(f"  an example of that name is ready: cp {example.relative_to(root)} {path.name}")
    return "\n".join(lines)


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(map(_is_encrypted, value.values()))
    return isinstance(value, list) and any(map(_is_encrypted, value))


def _refusal(project: str, stack: str, problems: Problems) -> ConfigurationProblem:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{count} in the configuration of {project} (stack {stack}); nothing was changed"]
    return ConfigurationProblem("\n".join(lines + [f"  {key}: {reason}" for key, reason in problems]))
