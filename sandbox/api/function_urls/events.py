"""An HTTP request as the event of a function URL (payload format 2.0), and the function's answer as a response."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

_TEXT = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
)
# What proved who called is for the function's service, not for the function and its logs.
_WITHHELD = ("authorization", "x-amz-security-token", "cookie")


@dataclass(frozen=True)
class Request:
    """One request of a function URL; headers in lower case."""

    url_id: str
    domain: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str
    request_id: str


@dataclass(frozen=True)
class Response:
    """What the caller gets."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)


def event_of(request: Request, identity: Mapping[str, str] | None) -> dict[str, Any]:
    """The event; `identity` tells who signed the request, None where nobody had to."""
    headers = {name: value for name, value in request.headers.items() if name not in _WITHHELD}
    now = time.time()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": identity["accountId"] if identity else "anonymous",
            "apiId": request.url_id,
            "domainName": request.domain,
            "domainPrefix": request.url_id,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if identity:
        event["requestContext"]["authorizer"] = {"iam": dict(identity)}
    if request.headers.get("cookie"):
        event["cookies"] = [one.strip() for one in request.headers["cookie"].split(";")]
    if request.query:
        event["queryStringParameters"] = _joined(request.query)
    if request.body:
        event |= _body(request.body, headers.get("content-type", ""))
    return event


def _joined(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(body: bytes, kind: str) -> dict[str, Any]:
    if kind.startswith(_TEXT):
        return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def response_of(payload: bytes) -> Response:
    """What a function answered: a response where it has a statusCode, else the answer itself as JSON.

    Raises ValueError for a response that Lambda cannot make one of.
    """
    answer = json.loads(payload or b"null")
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(200, [("Content-Type", "application/json")], payload)
    status = int(answer["statusCode"])
    if not 100 <= status <= 599:
        raise ValueError(f"{status} is no status")
    headers = [(name, _text(value)) for name, value in (answer.get("headers") or {}).items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    headers += [("Set-Cookie", cookie) for cookie in answer.get("cookies") or []]
    body = answer.get("body") or ""
    if not isinstance(body, str):
        raise ValueError("the body is no text")
    content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    return Response(status, headers, content)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
