"""Refusals of single values: names, ports, tokens, tags and the like. Rule numbers are the project's (R7 …)."""

from __future__ import annotations

import re
from typing import Any

from .errors import Refusal, invalid_combination, invalid_value

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
IDENTIFIER_RULE = (
    "Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; "
    "and must not end with a hyphen or contain two consecutive hyphens."
)
SUBNET_GROUP_NAME = re.compile(r"[A-Za-z0-9-]{1,255}")
TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
TAG = re.compile(r"[\w\s.:/=+@-]*", re.UNICODE)
TAGS_MOST, TAG_KEY_MOST, TAG_VALUE_MOST = 50, 128, 256
PORT_LEAST, PORT_MOST, PORT_REFUSED = 1150, 65535, 8005
RETENTION_MOST = 35
LOG_TYPES = ("slow-log", "engine-log")
LOG_FORMATS = ("json", "text")
LOG_DESTINATIONS = {"cloudwatch-logs": "CloudWatchLogsDetails", "kinesis-firehose": "KinesisFirehoseDetails"}
LOG_FLOORS = {"slow-log": (6, 0), "engine-log": (6, 2)}


def identifier(parameter: str, value: str, longest: int) -> str:
    """A name by the service's grammar, in lower case (R7, R8, R9, R14, R19)."""
    if len(value) > longest or not IDENTIFIER.fullmatch(value):
        text = f"The parameter {parameter} is not a valid identifier. {IDENTIFIER_RULE}"
        raise invalid_value(f"{text} (at most {longest} characters)" if len(value) > longest else text)
    return value.lower()


def subnet_group_name(value: str) -> str:
    """R15."""
    if not SUBNET_GROUP_NAME.fullmatch(value):
        raise invalid_value(
            "The parameter CacheSubnetGroupName must be provided and must only contain alphanumeric characters "
            "and hyphens. (at most 255)"
        )
    return value.lower()


def port(value: int | None) -> int:
    """R131; 6379 when none is asked for."""
    if value is None:
        return 6379
    if not PORT_LEAST <= value <= PORT_MOST or value == PORT_REFUSED:
        raise invalid_value(f"Invalid port: {value} (1150-8004 or 8006-65535)")
    return value


def auth_token(value: str) -> str:
    """R107, R108."""
    if not TOKEN.fullmatch(value):
        raise invalid_value(
            "Invalid AuthToken provided. (16-128 characters: letters, digits and ! & # $ ^ < > -)"
        )
    return value


def snapshot_retention(value: int | None) -> int:
    """R153; 0 is off."""
    if not 0 <= (value or 0) <= RETENTION_MOST:
        raise invalid_value(
            f"Invalid snapshot retention limit: {value}. Must be between 0 and {RETENTION_MOST}."
        )
    return value or 0


def tags(pairs: list[dict[str, str]] | None) -> dict[str, str]:
    """R24."""
    found = {pair["Key"]: pair.get("Value") or "" for pair in pairs or []}
    if len(found) > TAGS_MOST:
        raise Refusal("TagQuotaPerResourceExceeded", f"At most {TAGS_MOST} tags are allowed per resource.")
    for key, value in found.items():
        if not 1 <= len(key) <= TAG_KEY_MOST or not TAG.fullmatch(key) or key.lower().startswith("aws:"):
            raise invalid_value(f"Tag key {key!r} is not valid. (1-128 characters, not beginning with aws:)")
        if len(value) > TAG_VALUE_MOST or not TAG.fullmatch(value):
            raise invalid_value(f"The value of tag {key} is not valid. (at most 256 characters)")
    return found


def topic(arn: str, region: str, account_id: str) -> str:
    """R165."""
    if not re.fullmatch(rf"arn:aws[a-z-]*:sns:{region}:{account_id}:[A-Za-z0-9_-]{{1,256}}(\.fifo)?", arn):
        raise invalid_value(f"Invalid topic: {arn} (an SNS topic of this account in {region})")
    return arn


def key_arn(arn: str, region: str) -> str:
    """R98: a key of the same region; an alias would be stored as another name."""
    if arn.startswith("arn:") and arn.split(":")[3] != region:
        raise Refusal("InvalidKMSKeyFault", f"The KMS key {arn} is not in {region}.")
    return arn


def logs(
    requests: list[dict[str, Any]], version: tuple[int, ...], before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The log configurations after a request, one per type (R161, R162)."""
    kept = {log["LogType"]: log for log in before}
    types = [request.get("LogType") for request in requests]
    if len(set(types)) < len(types):
        raise invalid_combination("Each log type may be configured once.")
    for request in requests:
        kind = request.get("LogType")
        if kind not in LOG_TYPES:
            raise invalid_value(f"Invalid LogType: {kind}. Valid values are: {', '.join(LOG_TYPES)}")
        if request.get("Enabled") is False:
            kept.pop(kind, None)
            continue
        if version[:2] < LOG_FLOORS[kind]:
            raise invalid_combination(
                f"{kind} needs engine version {LOG_FLOORS[kind][0]}.{LOG_FLOORS[kind][1]} or later."
            )
        kept[kind] = _log(kind, request)
    return list(kept.values())


def _log(kind: str, request: dict[str, Any]) -> dict[str, Any]:
    destination, form = request.get("DestinationType"), request.get("LogFormat") or "json"
    if destination not in LOG_DESTINATIONS:
        raise invalid_value(
            f"Invalid DestinationType: {destination}. Valid values are: {', '.join(LOG_DESTINATIONS)}"
        )
    if form not in LOG_FORMATS:
        raise invalid_value(f"Invalid LogFormat: {form}. Valid values are: {', '.join(LOG_FORMATS)}")
    details = (request.get("DestinationDetails") or {}).get(LOG_DESTINATIONS[destination]) or {}
    name = details.get("LogGroup") or details.get("DeliveryStream")
    if not name or name.startswith("arn:"):
        raise invalid_value(
            f"Invalid destination of {kind}: {name} (the name of the log group or stream, not its ARN)"
        )
    details = {LOG_DESTINATIONS[destination]: details}
    return {"LogType": kind, "DestinationType": destination, "DestinationDetails": details, "LogFormat": form}
