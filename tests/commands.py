"""The commands and programs that documents show, and whether there are such commands: nothing is run."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import botocore.session
import click
import yaml
from botocore.exceptions import UnknownServiceError

from client.command_line import client
from sandbox.command_line import cli as sandbox

ROOT = Path(__file__).resolve().parent.parent
PULUMI = {
    "install",
    "up",
    "preview",
    "refresh",
    "destroy",
    "stack init",
    "stack output",
    "config set",
    "import",
}
# What is typed to a shell besides, and is not ours.
SHELL = {"cat", "cd", "curl", "echo", "eval", "git", "grep", "printf", "sleep", "unset"}
_STARTS = ("python -m ", ".venv/bin/python -m ", "pulumi ", "make ", "aws ", "cache-client ", "cache-cli ")


def commands_of(text: str) -> list[str]:
    """Return the commands of a document's console blocks, and those within its sentences."""
    found = []
    for block in re.findall(r"^ *```console\n(.*?)```", text, re.DOTALL | re.MULTILINE):
        lines = [line.strip() for line in block.replace("\\\n", " ").splitlines()]
        prompted = any(line.startswith("$ ") for line in lines)
        found += [
            line.removeprefix("$ ") for line in lines if line and (line.startswith("$ ") or not prompted)
        ]
    words = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [*found, *(word for word in words if word.startswith(_STARTS))]


def programs(document: str) -> list[str]:
    """Return the Python that a document shows, block by block."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def check(line: str) -> None:
    """Raise ValueError when a command line, or a part of its pipe, names what there is not."""
    inner = re.search(r'^eval "\$\((.*)\)"$', line)
    tokens = shlex.shlex(inner[1] if inner else line, posix=True, punctuation_chars="|")
    tokens.whitespace_split, tokens.commenters = True, "#"
    words: list[str] = []
    for token in [*tokens, "|"]:
        if token != "|":
            words.append(token)
            continue
        _check_words(words)
        words = []


def _check_words(words: list[str]) -> None:
    first, rest = words[0], words[1:]
    if first.endswith("python") and rest[:1] == ["-m"]:
        first, rest = rest[1], rest[2:]
    if first == "sandbox":
        _check_sandbox(rest)
    elif first in ("client", "cache-client"):
        _parsed(client, rest)
    elif first == "aws":
        _check_aws(rest)
    elif first == "pulumi":
        _check_pulumi(rest)
    elif first == "make":
        _check_make(rest)
    elif first not in SHELL | {"cache-cli", "python3"}:
        raise ValueError(f"{first!r} is no command that the documents use")


def _parsed(group: click.Group, words: list[str]) -> dict[str, Any]:
    """Let click read a command line as it would before it runs it; return what it read."""
    parent = click.Context(group)
    if not words:
        return {}
    if words[0] not in group.list_commands(parent):
        raise ValueError(f"there is no command {words[0]!r}")
    command = group.get_command(parent, words[0])
    assert command is not None
    # A file to read need not be here; that it is named rightly is what is asked.
    given = [os.devnull if word.endswith(".json") else word for word in words[1:]]
    try:
        with command.make_context(words[0], given, parent=parent) as context:
            return context.params
    except click.UsageError as error:
        raise ValueError(f"{' '.join(words)}: {error.format_message()}") from error


def _check_sandbox(words: list[str]) -> None:
    given = _parsed(sandbox, words)
    stack = given.get("stack", "dev")
    if stack not in stacks():
        raise ValueError(f"there is no stack {stack!r}")
    if words[0] in ("run", "shell") and given["instance"] not in instances(stack):
        raise ValueError(f"{stack} has no instance {given['instance']!r}")
    if words[0] == "run":
        command = shlex.split(" ".join(given["command"]))
        if command[0] == "python3":
            files = stacks()[stack]["config"]["aws-cache:clients"]["files"]
            if command[1] not in files:
                raise ValueError(f"{stack} has no file {command[1]}")
        _check_words(command)


def stacks() -> dict[str, dict]:
    """Return the stack files that are shipped, by name."""
    files = {path.stem: path for path in (ROOT / "examples").glob("*.yaml")}
    files |= {name: ROOT / f"Pulumi.{name}.yaml" for name in ("dev", "prod")}
    return {name: yaml.safe_load(path.read_text("utf-8")) for name, path in files.items()}


def instances(stack: str) -> list[str]:
    """Return the names of a stack's instances."""
    config = stacks()[stack]["config"]
    named = list(config.get("aws-cache:clients", {}).get("instances", []))
    return [*named, "web"] if config.get("aws-cache:web") else named


def _check_aws(words: list[str]) -> None:
    service, operation, *options = words
    if (service, operation) == ("logs", "tail"):
        return  # the command line's own, not of the API
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError as error:
        raise ValueError(str(error)) from error
    names = {re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower(): name for name in model.operation_names}
    if operation not in names:
        raise ValueError(f"aws {service} has no {operation}")
    shape = model.operation_model(names[operation]).input_shape
    known = {re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower() for name in (shape.members if shape else {})}
    for option in (word[2:] for word in options if word.startswith("--")):
        if option.removeprefix("no-") not in known | {"query", "output", "region"}:
            raise ValueError(f"aws {service} {operation} has no option --{option}")


def _check_pulumi(words: list[str]) -> None:
    if words[0] not in PULUMI and " ".join(words[:2]) not in PULUMI:
        raise ValueError(f"pulumi has no command {words[0]!r} that the documents use")


def _check_make(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for word in words:
        name, _, value = word.partition("=")
        if value and name == "STACK" and value not in {*stacks(), "NAME"}:
            raise ValueError(f"there is no stack {value!r}")
        if not value and name not in targets:
            raise ValueError(f"make has no target {name!r}")
