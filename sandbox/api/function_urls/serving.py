"""Finds the function behind a URL, asks who calls and whether he may, invokes, and answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..access.authorization import Access, Caller, Denied, public_allows
from ..access.credentials import EXPIRED, MISMATCH, UNKNOWN, NotAuthenticated, authenticate
from ..access.gate import read_body
from ..access.operation import Operation
from ..access.refusals import words_of
from ..access.secured import function_need, policy_of
from ..access.signature import raw_path, read_signature
from .events import Request, Response, event_of, response_of

if TYPE_CHECKING:
    from ..context import Context

DOMAIN = ".lambda-url."
LOCAL_PATH = "/_function-url/"
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
# Since October 2025 a caller needs both.
ACTIONS = {
    "lambda:InvokeFunctionUrl": "lambda:functionurlauthtype",
    "lambda:InvokeFunction": "lambda:invokedviafunctionurl",
}


def local_address(context: Context, function: Any) -> str:
    """Where a function's URL is answered on this machine; empty without one."""
    config = function.url_config
    return f"{context.endpoint_url}{LOCAL_PATH}{url_id_of(config.url)}/" if config else ""


def url_id_of(url: str) -> str:
    """The first part of the URL's name."""
    return url.partition("//")[2].partition(".")[0]


class FunctionUrls:
    """The WSGI application of all function URLs of one sandbox."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._access = Access(context)

    def serves(self, environ: dict[str, Any]) -> bool:
        """Whether the request is for a function URL."""
        return DOMAIN in environ.get("HTTP_HOST", "") or environ.get("PATH_INFO", "").startswith(LOCAL_PATH)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = read_body(environ)
        request = _read(environ, body)
        try:
            response = self._answer(request, environ)
        except NotImplementedError as error:
            response = _refusal(501, "NotImplemented", f"{error} (sandbox)")
        headers = [
            *response.headers,
            ("Content-Length", str(len(response.body))),
            ("x-amzn-RequestId", request.request_id),
        ]
        start_response(f"{response.status} {'OK' if response.status < 400 else 'Refused'}", headers)
        return [b"" if request.method == "HEAD" else response.body]

    def _answer(self, request: Request, environ: dict[str, Any]) -> Response:
        function = self._find(request.url_id)
        if function is None:
            return _refusal(404, "ResourceNotFoundException", "Not Found", "Message")
        config = function.url_config.config
        if config.get("InvokeMode") == "RESPONSE_STREAM" or config.get("Cors"):
            raise NotImplementedError("the sandbox serves function URLs without CORS and streaming only")
        try:
            identity = self._admit(function, config["AuthType"], request, environ)
        except NotAuthenticated as error:
            if error.kind not in (UNKNOWN, EXPIRED, MISMATCH):
                return _refusal(403, "AccessDeniedException", FORBIDDEN, "Message")
            code, message = words_of(error.kind)
            return _refusal(403, code, message)
        except Denied:
            return _refusal(403, "AccessDeniedException", FORBIDDEN, "Message")
        return self._invoke(function, event_of(request, identity))

    def _find(self, url_id: str) -> Any:
        from moto.awslambda.utils import get_backend

        return next(
            (
                function
                for region in self._context.regions
                for function in get_backend(self._context.account_id, region).list_functions()
                if function.url_config and url_id_of(function.url_config.url) == url_id
            ),
            None,
        )

    def _admit(
        self, function: Any, auth_type: str, request: Request, environ: dict[str, Any]
    ) -> dict[str, str] | None:
        """Who signed the request, None where the URL is public; raises NotAuthenticated and Denied."""
        values = {"lambda:functionurlauthtype": auth_type, "lambda:invokedviafunctionurl": "true"}
        operation = Operation("lambda", "InvokeFunctionUrl", {}, function.account_id, function.region)
        needs = [
            function_need(operation, action, function.function_arn, {key: values[key]})
            for action, key in ACTIONS.items()
        ]
        if auth_type == "NONE":
            for need in needs:
                if not public_allows(policy_of(function), need):
                    raise Denied("anonymous", need, "because no resource-based policy allows it")
            return None
        signature = read_signature(environ)
        if signature is not None and (signature.service, signature.region) != ("lambda", function.region):
            raise NotAuthenticated(MISMATCH)
        caller = authenticate(self._context, signature, environ, request.body)
        if caller is not None:
            self._access.require(caller, *needs)
        return _identity(caller, signature.key_id if signature else "", function.account_id)

    def _invoke(self, function: Any, event: dict[str, Any]) -> Response:
        from moto.core.exceptions import JsonRESTError

        functions = self._context.parts.get("functions")
        if functions is None:
            raise NotImplementedError("functions need hosts, and this API has none")
        try:
            payload, headers = functions.invoke(function, json.dumps(event).encode(), "RequestResponse")
        except JsonRESTError as error:
            return _refusal(502, error.error_type, str(error.message), "Message")
        if "x-amz-function-error" not in headers:
            try:
                return response_of(payload)
            except (ValueError, TypeError, AttributeError) as error:
                self._context.log.warning(
                    "%s answered its URL with no response: %s", function.function_name, error
                )
        return Response(502, [("Content-Type", "application/json")], b"Internal Server Error")


def _read(environ: dict[str, Any], body: bytes) -> Request:
    host, path = environ.get("HTTP_HOST", "").partition(":")[0], raw_path(environ)
    if path.startswith(LOCAL_PATH):
        url_id, _, path = path.removeprefix(LOCAL_PATH).partition("/")
        path = f"/{path}"
    else:
        url_id = host.partition(".")[0]
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if isinstance(value, str) and (name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH"))
    }
    return Request(
        url_id,
        host,
        environ["REQUEST_METHOD"],
        path,
        environ.get("QUERY_STRING", ""),
        {name: value for name, value in headers.items() if value},
        body,
        environ.get("REMOTE_ADDR", ""),
        str(uuid.uuid4()),
    )


def _identity(caller: Caller | None, key_id: str, account_id: str) -> dict[str, str]:
    """As the authorizer's context has it; the deployer is the account itself."""
    arn = caller.arn if caller else f"arn:aws:iam::{account_id}:root"
    user = f"{key_id}:{caller.session}" if caller else account_id
    return {"accessKey": key_id, "accountId": account_id, "callerId": user, "userArn": arn, "userId": user}


def _refusal(status: int, code: str, message: str, key: str = "message") -> Response:
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return Response(status, headers, json.dumps({key: message}).encode())
