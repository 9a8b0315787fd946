"""Function URLs and the permissions to call a function."""

from __future__ import annotations

import json

from ..fields import block, flag, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, table
from ..work import Work

_CORS = {
    "allowCredentials": flag("AllowCredentials", default=False),
    "allowHeaders": texts("AllowHeaders"),
    "allowMethods": texts("AllowMethods"),
    "allowOrigins": texts("AllowOrigins"),
    "exposeHeaders": texts("ExposeHeaders"),
    "maxAge": number("MaxAge", default=0),
}
_URL_FIELDS = {
    "functionName": text(required=True, replaces=True),
    "qualifier": text("Qualifier", write_only=True, replaces=True),
    "authorizationType": text("AuthType", required=True, group="url", choices=("AWS_IAM", "NONE")),
    "cors": block("Cors", _CORS, group="url"),
    "invokeMode": text(
        "InvokeMode", default="BUFFERED", group="url", choices=("BUFFERED", "RESPONSE_STREAM")
    ),
}


def _place(given: Properties) -> dict[str, str]:
    place = {"FunctionName": given["functionName"]}
    return place | ({"Qualifier": given["qualifier"]} if given.get("qualifier") else {})


def _url_id(given: Properties) -> str:
    return "/".join(_place(given).values())


def _from_id(resource: str) -> dict[str, str]:
    name, _, qualifier = resource.partition("/")
    return {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})


def _create_url(work: Work, given: Properties) -> str:
    wanted = request({name: each for name, each in _URL_FIELDS.items() if name != "qualifier"}, given)
    work.call("create_function_url_config", **_place(given), **wanted)
    return _url_id(given)


def _describe_url(work: Work, url: str, state: Properties) -> Properties | None:
    found = work.call("get_function_url_config", **_from_id(url))
    return {"InvokeMode": "BUFFERED", **found, "Cors": found.get("Cors") or None}


def _update_url(work: Work, url: str, change: Change) -> None:
    wanted = request({name: each for name, each in _URL_FIELDS.items() if name != "qualifier"}, change.new)
    work.call("update_function_url_config", **_from_id(url), **{"Cors": {}, **wanted})


def _delete_url(work: Work, url: str, state: Properties) -> None:
    work.call("delete_function_url_config", **_from_id(url))


def _find_url(work: Work, given: Properties) -> str | None:
    return _url_id(given) if _describe_url(work, _url_id(given), given) else None


def _subdomain(work: Work, url: str, description: Properties) -> str:
    return description["FunctionUrl"].split("//")[-1].split(".")[0]


_FUNCTION_URL = ResourceType(
    "aws:lambda/functionUrl:FunctionUrl",
    "lambda",
    _URL_FIELDS,
    create=_create_url,
    describe=_describe_url,
    delete=_delete_url,
    outputs={"functionArn": "FunctionArn", "functionUrl": "FunctionUrl", "urlId": _subdomain},
    updates={"url": _update_url},
    find=_find_url,
    delete_before_replace=True,
)

_PERMISSION_FIELDS = {
    "statementId": text("StatementId", required=True, replaces=True),
    "function": text("FunctionName", required=True, replaces=True),
    "qualifier": text("Qualifier", write_only=True, replaces=True),
    "action": text("Action", required=True, replaces=True),
    "principal": text("Principal", required=True, write_only=True, replaces=True),
    "principalOrgId": text("PrincipalOrgID", write_only=True, replaces=True),
    "sourceArn": text("SourceArn", write_only=True, replaces=True),
    "sourceAccount": text("SourceAccount", write_only=True, replaces=True),
    "eventSourceToken": text("EventSourceToken", write_only=True, replaces=True),
    "functionUrlAuthType": text("FunctionUrlAuthType", write_only=True, replaces=True),
    "invokedViaFunctionUrl": flag("InvokedViaFunctionUrl", write_only=True, replaces=True),
}


def _function_place(given: Properties) -> dict[str, str]:
    place = {"FunctionName": given["function"]}
    return place | ({"Qualifier": given["qualifier"]} if given.get("qualifier") else {})


def _add_permission(work: Work, given: Properties) -> str:
    work.call("add_permission", **request(_PERMISSION_FIELDS, given))
    return given["statementId"]


def _describe_permission(work: Work, statement_id: str, state: Properties) -> Properties | None:
    policy = json.loads(work.call("get_policy", **_function_place(state))["Policy"])
    for statement in policy["Statement"]:
        if statement["Sid"] == statement_id:
            return {
                "StatementId": statement_id,
                "FunctionName": state["function"],
                "Action": statement["Action"],
            }
    return None


def _remove_permission(work: Work, statement_id: str, state: Properties) -> None:
    work.call("remove_permission", StatementId=statement_id, **_function_place(state))


def _find_permission(work: Work, given: Properties) -> str | None:
    return given["statementId"] if _describe_permission(work, given["statementId"], given) else None


def _check_permission(given: Properties) -> list[tuple[str, str]]:
    action = given["action"]
    if given.get("functionUrlAuthType") and action != "lambda:InvokeFunctionUrl":
        return [("functionUrlAuthType", "functionUrlAuthType belongs to lambda:InvokeFunctionUrl only")]
    if given.get("invokedViaFunctionUrl") and action != "lambda:InvokeFunction":
        return [("invokedViaFunctionUrl", "invokedViaFunctionUrl belongs to lambda:InvokeFunction only")]
    return []


_PERMISSION = ResourceType(
    "aws:lambda/permission:Permission",
    "lambda",
    _PERMISSION_FIELDS,
    create=_add_permission,
    describe=_describe_permission,
    delete=_remove_permission,
    find=_find_permission,
    auto_name=AutoName("statementId", 100),
    check=_check_permission,
)

TYPES = table(_FUNCTION_URL, _PERMISSION)
