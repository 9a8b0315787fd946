"""Parameter Store."""

from __future__ import annotations

from ..fields import dig, flag, number, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, table
from ..tagging import listed_tagging
from ..work import Work

_FIELDS = {
    "name": text("Name", required=True, replaces=True),
    "type": text("Type", required=True, group="put", choices=("String", "StringList", "SecureString")),
    "value": text("Value", secret=True, group="put"),
    "insecureValue": text(write_only=True, group="put"),
    "valueWo": text(write_only=True, secret=True),
    "valueWoVersion": number(group="put"),
    "description": text("Description", group="put"),
    "keyId": text("KeyId", computed=True, group="put"),
    "tier": text("Tier", computed=True, group="put"),
    "dataType": text("DataType", computed=True, group="put"),
    "allowedPattern": text("AllowedPattern", group="put"),
    "overwrite": flag(write_only=True),
}


_TAGGING = listed_tagging(lambda work, name: {"ResourceType": "Parameter", "ResourceId": name})


def _put(work: Work, given: Properties, overwrite: bool) -> None:
    value = given.get("value", given.get("insecureValue", given.get("valueWo")))
    sent = request(_FIELDS, {**given, "value": value})
    if given["type"] != "SecureString":
        sent.pop("KeyId", None)
    work.call("put_parameter", Overwrite=overwrite, **sent, **({} if overwrite else work.tag_request))


def _create(work: Work, given: Properties) -> str:
    overwrite = bool(given.get("overwrite"))
    _put(work, given, overwrite)
    if overwrite and work.tags:
        _TAGGING.add(work, given["name"], work.tags)
    return given["name"]


def _describe(work: Work, name: str, state: Properties) -> Properties | None:
    parameter = work.call("get_parameter", Name=name, WithDecryption=True)["Parameter"]
    wanted = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    metadata = dig(work.call("describe_parameters", ParameterFilters=wanted), "Parameters.0") or {}
    found = {**metadata, **parameter}
    if state.get("value") is None and (state.get("insecureValue") or state.get("valueWoVersion")):
        found.pop("Value")
    return found


def _update(work: Work, name: str, change: Change) -> None:
    _put(work, change.new, overwrite=True)


def _delete(work: Work, name: str, state: Properties) -> None:
    work.call("delete_parameter", Name=name)


def _find(work: Work, given: Properties) -> str | None:
    return given["name"] if work.call("get_parameters", Names=[given["name"]])["Parameters"] else None


def _arn(work: Work, name: str, description: Properties) -> str:
    # A name with a leading slash has no second slash in its ARN.
    return work.arn(f"parameter{name}" if name.startswith("/") else f"parameter/{name}")


def _check(given: Properties) -> list[tuple[str, str]]:
    values = [name for name in ("value", "insecureValue", "valueWo") if given.get(name) is not None]
    if len(values) != 1:
        return [("value", f"exactly one of value, insecureValue, valueWo must be set, got {len(values)}")]
    if given["type"] == "SecureString" and values == ["insecureValue"]:
        return [("insecureValue", "a SecureString takes value, not insecureValue")]
    return []


_PARAMETER = ResourceType(
    "aws:ssm/parameter:Parameter",
    "ssm",
    _FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={"arn": _arn, "version": "Version"},
    updates={"put": _update},
    find=_find,
    tagging=_TAGGING,
    auto_name=AutoName(limit=2048),
    delete_before_replace=True,
    unsettled=dict.fromkeys(
        ("value", "type", "description", "insecureValue", "valueWoVersion"), ("version",)
    ),
    check=_check,
)

TYPES = table(_PARAMETER)
