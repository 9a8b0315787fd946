"""The client on the stack's instances (Run Command) and in its function (invoke), driven from a laptop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import CacheError, CacheRefused, CacheUnreachable, InvalidEndpoint
from .packing import encode_task, unpack

if TYPE_CHECKING:
    from botocore.client import BaseClient

_POLL_SECONDS = 0.2
_RESTORED_POLL_SECONDS = 1.0  # minutes on AWS, which throttles whoever asks more often
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_EXPIRED = {"ExpiredTokenException", "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"}


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
    found: list[Place] = []
    if wanted in ("all", "instances"):
        found += [
            Place(name, _on_instance(instance_id, name, region))
            for name, instance_id in sorted((outputs.get("client_instance_ids") or {}).items())
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


def failover(outputs: Mapping[str, Any]) -> float:
    """Ask ElastiCache to fail the primary over, and return when it was asked (seconds since 1970).

    All that follows is later than that; the answer may come when the failover is under way.
    """
    elasticache = _client("elasticache", outputs.get("region"))
    triggered_at = time.time()
    with _explained("the failover"):
        elasticache.test_failover(ReplicationGroupId=replication_group_id(outputs), NodeGroupId="0001")
    return triggered_at


def service_events(outputs: Mapping[str, Any], since: float) -> list[tuple[float, str]]:
    """Return what ElastiCache's event log says of this cache since then, oldest first."""
    group = replication_group_id(outputs)
    minutes = int((time.time() - since) / 60) + 2
    with _explained("the event log"):
        pages = (
            _client("elasticache", outputs.get("region"))
            .get_paginator("describe_events")
            .paginate(Duration=minutes)
        )
        found = [event for page in pages for event in page["Events"]]
    mine = {group, *outputs.get("member_ids", ())}
    # The log keeps whole seconds in places: what happened in the trigger's own second belongs to it.
    events = [
        (event["Date"].timestamp(), f"{event['SourceIdentifier']}: {event['Message']}")
        for event in found
        if event["SourceIdentifier"] in mine and event["Date"].timestamp() >= int(since)
    ]
    return sorted(events)


def wait_until_restored(outputs: Mapping[str, Any], since: float, seconds: float) -> float | None:
    """Return when the replicas were whole again after a failover (seconds since 1970), or None after that time.

    The group says "available" while the new replica is still being built; the event log says when it is there.
    """
    group, ends = replication_group_id(outputs), time.monotonic() + seconds
    elasticache = _client("elasticache", outputs.get("region"))
    while time.monotonic() < ends:
        recovered = any("Finished recovery" in text for _, text in service_events(outputs, since))
        with _explained("the state of the cache"):
            found = elasticache.describe_replication_groups(ReplicationGroupId=group)["ReplicationGroups"][0]
        if recovered and found["Status"] == "available":
            return time.time()
        time.sleep(_RESTORED_POLL_SECONDS)
    return None


def replication_group_id(outputs: Mapping[str, Any]) -> str:
    """Return the id of the group: its members carry it, `ID-001` and so on (R22)."""
    members = outputs.get("member_ids") or []
    if outputs.get("engine") not in ("redis", "valkey") or not members:
        raise InvalidEndpoint(
            "the stack outputs name no replication group (engine redis or valkey, member_ids)"
        )
    return members[0].rsplit("-", 1)[0]


def _on_instance(instance_id: str, name: str, region: str | None) -> Callable[..., dict[str, Any]]:
    def run(command: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        task = encode_task({"command": command, "where": name, **options})
        with _explained(f"the command on {name} ({instance_id})"):
            return _run_command(_client("ssm", region), instance_id, f"cache-client work {task}", seconds)

    return run


def _run_command(ssm: BaseClient, instance_id: str, line: str, seconds: float) -> dict[str, Any]:
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
        with _explained(f"the function {function}"):
            answer = _client("lambda", region, read_timeout=seconds + 30).invoke(
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


def _client(service: str, region: str | None, read_timeout: float = 20) -> BaseClient:
    from boto3.session import Session
    from botocore.config import Config

    # A repeated invoke would run a drill twice: whoever wants another try asks for it.
    config = Config(connect_timeout=5, read_timeout=read_timeout, retries={"total_max_attempts": 1})
    return Session(region_name=region).client(service, config=config)


class _explained:
    """Turns AWS's errors into the client's own, each with the way out."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            raise _refusal(self._doing, error) from error
        if isinstance(error, BotoCoreError):
            raise CacheUnreachable(f"{self._doing}: {error}", "aws") from error


def _refusal(doing: str, error: Any) -> CacheError:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code == "InvalidInstanceId":
        return CacheUnreachable(
            f"{doing}: Systems Manager does not reach the instance. It is stopped, still booting, or cannot reach the "
            "ssm and ssmmessages endpoints",
            "aws",
        )
    if code in _DENIED:
        return CacheRefused(f"{doing}: your AWS identity may not do that: {message}", "AWS")
    if code in _EXPIRED:
        return CacheRefused(f"{doing}: your AWS credentials are not valid, or have expired: {message}", "AWS")
    return CacheUnreachable(f"{doing}: {code}: {message}", "aws")


def names_of(found: Sequence[Place]) -> str:
    """Return the places for a sentence."""
    return ", ".join(place.name for place in found)
