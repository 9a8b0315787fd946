"""Lambda functions."""

from __future__ import annotations

from typing import Any

from ..errors import ProviderError
from ..fields import Field, block, dig, flag, mapping, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import Tagging
from ..work import Work

_VPC = {
    "subnetIds": texts("SubnetIds", required=True),
    "securityGroupIds": texts("SecurityGroupIds", required=True),
    "ipv6AllowedForDualStack": flag("Ipv6AllowedForDualStack", default=False),
    "vpcId": text(read="VpcId", computed=True),
}
_LOGGING = {
    "logFormat": text("LogFormat", required=True),
    "logGroup": text("LogGroup", computed=True),
    "applicationLogLevel": text("ApplicationLogLevel", computed=True),
    "systemLogLevel": text("SystemLogLevel", computed=True),
}
_CODE_FIELDS = {
    "code": Field("asset", group="code"),
    "s3Bucket": text("S3Bucket", write_only=True, group="code"),
    "s3Key": text("S3Key", write_only=True, group="code"),
    "s3ObjectVersion": text("S3ObjectVersion", write_only=True, group="code"),
}
_CONFIGURATION = {
    "role": text("Role", required=True, group="configuration"),
    "handler": text("Handler", group="configuration"),
    "runtime": text("Runtime", group="configuration"),
    "description": text("Description", default="", group="configuration"),
    "timeout": number("Timeout", default=3, group="configuration"),
    "memorySize": number("MemorySize", default=128, group="configuration"),
    "environment": block("Environment", {"variables": mapping("Variables")}, group="configuration"),
    "vpcConfig": block("VpcConfig", _VPC, group="configuration"),
    "layers": Field("list", "Layers", group="configuration"),
    "loggingConfig": block("LoggingConfig", _LOGGING, computed=True, group="configuration"),
    "tracingConfig": block(
        "TracingConfig", {"mode": text("Mode", required=True)}, computed=True, group="configuration"
    ),
    "ephemeralStorage": block(
        "EphemeralStorage", {"size": number("Size")}, computed=True, group="configuration"
    ),
    "kmsKeyArn": text("KMSKeyArn", group="configuration"),
}
_FIELDS = {
    "name": text("FunctionName", required=True, replaces=True),
    "packageType": text("PackageType", default="Zip", replaces=True, choices=("Zip",)),
    "architectures": texts("Architectures", computed=True, group="code"),
    "sourceCodeHash": text(computed=True, group="code"),
    "publish": flag("Publish", default=False, write_only=True),
    "reservedConcurrentExecutions": number(read="Reserved", default=-1, group="concurrency"),
    "skipDestroy": flag(default=False),
    **_CONFIGURATION,
    **_CODE_FIELDS,
}


def _code(work: Work, given: Properties) -> dict[str, Any]:
    if given.get("code") is not None:
        return {"ZipFile": work.aws.assets.read(given["code"])}
    return request(_CODE_FIELDS, given)


def _create(work: Work, given: Properties) -> str:
    sent = {name: value for name, value in given.items() if name not in _CODE_FIELDS}
    work.call("create_function", Code=_code(work, given), **request(_FIELDS, sent), **work.tag_request)
    return given["name"]


def _describe(work: Work, function: str, state: Properties) -> Properties | None:
    found = work.call("get_function", FunctionName=function)
    configuration = found["Configuration"]
    vpc = configuration.get("VpcConfig") or {}
    return {
        **configuration,
        "Tags": found.get("Tags", {}),
        "VpcConfig": vpc if vpc.get("SubnetIds") else None,
        "Environment": configuration.get("Environment")
        if dig(configuration, "Environment.Variables")
        else None,
        "Layers": [layer["Arn"] for layer in configuration.get("Layers") or []] or None,
        "Reserved": dig(found, "Concurrency.ReservedConcurrentExecutions"),
    }


def _ready(work: Work, function: str, given: Properties) -> None:
    def settled() -> bool:
        found = work.call("get_function_configuration", FunctionName=function)
        if found.get("State") == "Failed" or found.get("LastUpdateStatus") == "Failed":
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or "no reason given"
            raise ProviderError(f"function {function} failed: {reason}")
        return found.get("State", "Active") != "Pending" and found.get("LastUpdateStatus") != "InProgress"

    work.wait(f"function {function} is active", settled)


def _update_code(work: Work, function: str, change: Change) -> None:
    architectures = request({"architectures": _FIELDS["architectures"]}, change.new)
    work.call("update_function_code", FunctionName=function, **_code(work, change.new), **architectures)
    _ready(work, function, change.new)


def _update_configuration(work: Work, function: str, change: Change) -> None:
    emptied = {
        "environment": {"variables": {}},
        "layers": [],
        "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
    }
    emptied |= {name: each.default for name, each in _CONFIGURATION.items() if each.default is not None}
    wanted = {name: change.new.get(name, emptied.get(name)) for name in change.names}
    work.call("update_function_configuration", FunctionName=function, **request(_CONFIGURATION, wanted))
    _ready(work, function, change.new)


def _reserve(work: Work, function: str, change: Change) -> None:
    wanted = change.new.get("reservedConcurrentExecutions", -1)
    if wanted < 0:
        work.call("delete_function_concurrency", FunctionName=function)
    else:
        work.call("put_function_concurrency", FunctionName=function, ReservedConcurrentExecutions=int(wanted))


def _delete(work: Work, function: str, state: Properties) -> None:
    if not state.get("skipDestroy"):
        work.call("delete_function", FunctionName=function)


def _arn(work: Work, function: str) -> str:
    return work.arn(f"function:{function}")


def _invoke_arn(work: Work, function: str, description: Properties) -> str:
    path = f"lambda:path/2015-03-31/functions/{description['FunctionArn']}/invocations"
    return f"arn:aws:apigateway:{work.region}:{path}"


_TAGGING = Tagging(
    read=lambda work, function, description: dict(description.get("Tags") or {}),
    add=lambda work, function, tags: work.call(
        "tag_resource", Resource=_arn(work, function), Tags=dict(tags)
    ),
    remove=lambda work, function, keys: work.call(
        "untag_resource", Resource=_arn(work, function), TagKeys=keys
    ),
    at_creation=lambda tags: {"Tags": dict(tags)} if tags else {},
)


def _check(given: Properties) -> list[tuple[str, str]]:
    sources = [name for name in ("code", "s3Bucket") if given.get(name) is not None]
    return [] if len(sources) == 1 else [("code", "exactly one of code, s3Bucket must be set")]


_FUNCTION = ResourceType(
    "aws:lambda/function:Function",
    "lambda",
    _FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": "FunctionArn",
        "qualifiedArn": lambda work, each, description: (
            f"{description['FunctionArn']}:{description['Version']}"
        ),
        "invokeArn": _invoke_arn,
        "codeSha256": "CodeSha256",
        "sourceCodeSize": "CodeSize",
        "lastModified": "LastModified",
        "version": "Version",
    },
    updates={"code": _update_code, "configuration": _update_configuration, "concurrency": _reserve},
    after_create=("concurrency",),
    ready=_ready,
    find=finding_by_name("name", _describe),
    tagging=_TAGGING,
    auto_name=AutoName(limit=64),
    unsettled={
        **{
            name: ("codeSha256", "sourceCodeSize", "lastModified")
            for name, each in _FIELDS.items()
            if each.group == "code"
        },
        **{name: ("lastModified",) for name, each in _FIELDS.items() if each.group == "configuration"},
    },
    check=_check,
)

TYPES = table(_FUNCTION)
