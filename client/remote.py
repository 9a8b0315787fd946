"""The client on the stack's instances (Run Command) and in its function (invoke), driven from a laptop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .aws import aws_client, explained
from .errors import CacheUnreachable, InvalidEndpoint
from .packing import encode_task, unpack

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Place:
    """Where a client runs: its name in the report, and how to run a command there.

    `run` takes the command (`verify`, `drill`, …) with its options and returns the client's report.
    """

    name: str
    run: Callable[[str, Mapping[str, Any], float], dict[str, Any]]


def places(outputs: Mapping[str, Any], wanted: str = "all") -> list[Place]:
    """Return the clients that these stack outputs name: `instances`, `function` or `all`.

    Raises InvalidEndpoint when there is none of the wanted kind.
    """
    region = outputs.get("region")
    instances: dict[str, str] = outputs.get("client_instance_ids") or {}
    found: list[Place] = []
    if wanted in ("all", "instances"):
        found += [
            Place(name, _on_instance(instance_id, name, region))
            for name, instance_id in sorted(instances.items())
        ]
    function = outputs.get("client_function_name")
    if wanted in ("all", "function") and function:
        found.append(Place("function", _in_function(function, region)))
    if not found:
        what = {"instances": "no client instances", "function": "no client function"}.get(
            wanted, "no clients"
        )
        raise InvalidEndpoint(
            f"the stack has {what} (section `clients`), so nothing can be checked from there"
        )
    return found


def _on_instance(instance_id: str, name: str, region: str | None) -> Callable[..., dict[str, Any]]:
    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        task = encode_task({"command": command, "where": name, **options})
        with explained(f"the command on {name} ({instance_id})"):
            return _run_command(aws_client("ssm", region), instance_id, f"cache-client work {task}", seconds)

    return run


def _run_command(ssm: Any, instance_id: str, line: str, seconds: float) -> dict[str, Any]:
    sent = ssm.send_command(
        InstanceIds=[instance_id],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": [line], "executionTimeout": [str(int(seconds) + 1)]},
        TimeoutSeconds=max(30, int(seconds)),  # to start; 30 is the least that Systems Manager takes
    )
    invocation = {"CommandId": sent["Command"]["CommandId"], "InstanceId": instance_id}
    ends = time.monotonic() + seconds + 5
    while time.monotonic() < ends:
        time.sleep(_POLL_SECONDS)
        try:
            found = ssm.get_command_invocation(**invocation)
        except ssm.exceptions.InvocationDoesNotExist:
            continue  # it takes a moment until the command is known for the instance
        if found["Status"] not in ("Pending", "InProgress", "Delayed"):
            return _report_of(found, instance_id)
    raise CacheUnreachable(f"the command on {instance_id} did not end within {seconds:g} s", "reply")


def _report_of(found: Mapping[str, Any], instance_id: str) -> dict[str, Any]:
    output = found.get("StandardOutputContent", "")
    if "REPORT1:" not in output and found["Status"] != "Success":
        words = (found.get("StandardErrorContent") or output).strip().splitlines()
        raise CacheUnreachable(
            f"the client on {instance_id} ended with {found['Status']} ({found.get('ResponseCode')}): "
            + (words[-1] if words else "it said nothing"),
            "reply",
        )
    return unpack(output)


def _in_function(function: str, region: str | None) -> Callable[..., dict[str, Any]]:
    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        with explained(f"the function {function}"):
            answer = aws_client("lambda", region, read_timeout=seconds + 30).invoke(
                FunctionName=function,
                InvocationType="RequestResponse",
                Payload=json.dumps({"command": command, "where": "function", **options}),
            )
            payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise CacheUnreachable(
                f"the function {function} failed: {payload.get('errorType')}: {payload.get('errorMessage')}",
                "reply",
            )
        return payload

    return run


def names_of(found: Sequence[Place]) -> str:
    """Return the places for a sentence."""
    return ", ".join(place.name for place in found)
