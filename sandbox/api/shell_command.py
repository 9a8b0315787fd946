"""One run of the document AWS-RunShellScript: what was asked, and how it went on each instance."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DOCUMENT = "AWS-RunShellScript"
PARAMETERS = ("commands", "workingDirectory", "executionTimeout")
INSTANCE_LIMIT = 50
STDOUT_CHARACTERS, STDERR_CHARACTERS, LISTED_CHARACTERS = 24_000, 8_000, 2_500
NOT_MODELLED = ("OutputS3BucketName", "NotificationConfig", "CloudWatchOutputConfig", "AlarmConfiguration")

EXPANDED = re.compile(r"\{\{\s*ssm(-secure)?:")

ByTags = Callable[[dict[str, list[str]], str], list[str]]


@dataclass
class Invocation:
    """A command on one instance."""

    command_id: str
    instance_id: str
    comment: str
    plugin: str = "aws:runShellScript"
    status: str = "Pending"
    code: int = -1
    stdout: str = ""
    stderr: str = ""
    started: float | None = None
    ended: float | None = None

    def begin(self) -> None:
        """The agent has taken it."""
        self.status, self.started = "InProgress", time.time()

    def end(self, code: int | None, stdout: str, stderr: str) -> None:
        """The script ended with this code, or was ended at its time limit (None)."""
        self.ended, self.stdout = time.time(), stdout
        if code is None:
            self.stderr, self.status = stderr, "TimedOut"
            return
        # The agent adds this line, so a reader of the real service's answer sees it too.
        self.stderr = stderr + (f"failed to run commands: exit status {code}" if code else "")
        self.code, self.status = code, "Failed" if code else "Success"

    def lose(self, reason: str) -> None:
        """The instance went away under it."""
        self.ended, self.stderr, self.status = time.time(), reason, "Failed"

    def describe(self) -> dict[str, Any]:
        """As GetCommandInvocation answers."""
        answer = {
            "CommandId": self.command_id,
            "InstanceId": self.instance_id,
            "Comment": self.comment,
            "DocumentName": DOCUMENT,
            "DocumentVersion": "$DEFAULT",
            "PluginName": self.plugin,
            "ResponseCode": self.code,
            "Status": self.status,
            "StatusDetails": self.status,
            "StandardOutputContent": self.stdout[:STDOUT_CHARACTERS],
            "StandardOutputUrl": "",
            "StandardErrorContent": self.stderr[:STDERR_CHARACTERS],
            "StandardErrorUrl": "",
        }
        if self.started is not None:
            answer["ExecutionStartDateTime"] = _iso(self.started)
        if self.started is not None and self.ended is not None:
            answer["ExecutionElapsedTime"] = f"PT{self.ended - self.started:.3f}S"
            answer["ExecutionEndDateTime"] = _iso(self.ended)
        return answer

    def summary(self, details: bool) -> dict[str, Any]:
        """As ListCommandInvocations answers."""
        answer: dict[str, Any] = {
            "CommandId": self.command_id,
            "InstanceId": self.instance_id,
            "Comment": self.comment,
            "DocumentName": DOCUMENT,
            "RequestedDateTime": self.started or time.time(),
            "Status": self.status,
            "StatusDetails": self.status,
        }
        if details:
            output = self.stdout + (f"\n----------ERROR-------\n{self.stderr}" if self.stderr else "")
            plugin = {
                "Name": self.plugin,
                "Status": self.status,
                "StatusDetails": self.status,
                "ResponseCode": self.code,
                "Output": output[:LISTED_CHARACTERS],
            }
            answer["CommandPlugins"] = [plugin]
        return answer


@dataclass
class ShellCommand:
    """A command and its invocations by instance."""

    script: str
    working_directory: str
    execution_timeout: float
    comment: str
    parameters: dict[str, list[str]]
    targets: list[dict[str, Any]]
    instance_ids: list[str]
    delivery_timeout: int
    command_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    requested: float = field(default_factory=time.time)
    invocations: dict[str, Invocation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.invocations = {
            instance_id: Invocation(self.command_id, instance_id, self.comment)
            for instance_id in self.instance_ids
        }

    def describe(self) -> dict[str, Any]:
        """As SendCommand and ListCommands answer."""
        states = [invocation.status for invocation in self.invocations.values()]
        over = [state for state in states if state not in ("Pending", "InProgress")]
        status = next((state for state in ("Failed", "TimedOut") if state in over), "Success")
        if len(over) < len(states):
            status = "Pending" if set(states) == {"Pending"} else "InProgress"
        return {
            "CommandId": self.command_id,
            "DocumentName": DOCUMENT,
            "DocumentVersion": "$DEFAULT",
            "Comment": self.comment,
            "ExpiresAfter": self.requested + self.delivery_timeout,
            "Parameters": self.parameters,
            "InstanceIds": self.instance_ids,
            "Targets": self.targets,
            "RequestedDateTime": self.requested,
            "Status": status,
            "StatusDetails": status,
            "MaxConcurrency": "50",
            "MaxErrors": "0",
            "TargetCount": len(states),
            "CompletedCount": len(over),
            "ErrorCount": len([state for state in over if state != "Success"]),
            "TimeoutSeconds": self.delivery_timeout,
        }


def read_command(asked: dict[str, Any], by_tags: ByTags, region: str) -> ShellCommand:
    """The command that a SendCommand asks for; refuses what the service refuses, and what is not modelled."""
    document = asked.get("DocumentName", "").rpartition("/")[2]
    if document != DOCUMENT:
        raise refusal("InvalidDocument", f"Document with name {document} does not exist.")
    unmodelled = [name for name in NOT_MODELLED if asked.get(name)]
    if unmodelled:
        raise NotImplementedError(f"the sandbox's Run Command does not model {', '.join(unmodelled)}")
    parameters = asked.get("Parameters") or {}
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown or not parameters.get("commands"):
        raise refusal("InvalidParameters", f"document {DOCUMENT} does not support parameters: {unknown}")
    if any(EXPANDED.search(line) for line in parameters["commands"]):
        raise NotImplementedError("the sandbox's Run Command does not expand {{ssm:...}} in commands")
    return ShellCommand(
        script="\n".join(parameters["commands"]),
        working_directory=(parameters.get("workingDirectory") or [""])[0] or "/usr/bin",
        execution_timeout=_seconds(parameters),
        comment=asked.get("Comment") or "",
        parameters=parameters,
        targets=asked.get("Targets") or [],
        instance_ids=_instance_ids(asked, by_tags, region),
        delivery_timeout=int(asked.get("TimeoutSeconds") or 3600),
    )


def _seconds(parameters: dict[str, list[str]]) -> float:
    text = (parameters.get("executionTimeout") or ["3600"])[0]
    if not text.isdigit() or not 1 <= int(text) <= 172800:
        raise refusal("InvalidParameters", f"executionTimeout must be 1 to 172800 seconds, not {text}")
    return float(text)


def _instance_ids(asked: dict[str, Any], by_tags: ByTags, region: str) -> list[str]:
    named = list(asked.get("InstanceIds") or [])
    targets = {target["Key"]: target["Values"] for target in asked.get("Targets") or []}
    named += targets.pop("InstanceIds", [])
    other = [key for key in targets if not key.startswith("tag:")]
    if other:
        raise NotImplementedError(f"the sandbox's Run Command does not model targets by {', '.join(other)}")
    if targets:
        named += by_tags({key.removeprefix("tag:"): values for key, values in targets.items()}, region)
    if len(named) > INSTANCE_LIMIT:
        raise refusal("ValidationException", f"Value at 'instanceIds' has more than {INSTANCE_LIMIT} members")
    if not named and not targets:
        raise refusal("InvalidInstanceId", "")
    return list(dict.fromkeys(named))


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}Z"


def refusal(code: str, message: str) -> Exception:
    """An error in the words of the Systems Manager API."""
    from moto.ssm.exceptions import SSMException

    return SSMException(code, message)
