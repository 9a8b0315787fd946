"""How AWS's services word that a caller is not who it says, or may not: by protocol, and S3 and EC2 their own way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from .authorization import Denied
from .credentials import EXPIRED, MISMATCH, UNKNOWN, UNSIGNED, NotAuthenticated

JSON, QUERY, S3, EC2 = "json", "query", "s3", "ec2"
_CREDENTIALS = "The security token included in the request is"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_NOT_VALID = "AWS was not able to validate the provided access credentials"
_NOT_SIGNED = "Request is missing Authentication Token"
_BY_KMS = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
    "not allowed to access."
)
Words = tuple[int, str, str]

_NOT_AUTHENTICATED: dict[str, dict[str, Words]] = {
    UNSIGNED: {
        JSON: (400, "MissingAuthenticationTokenException", _NOT_SIGNED),
        QUERY: (403, "MissingAuthenticationToken", _NOT_SIGNED),
        S3: (403, "AccessDenied", "Access Denied"),
        EC2: (401, "AuthFailure", _NOT_VALID),
    },
    UNKNOWN: {
        JSON: (400, "UnrecognizedClientException", f"{_CREDENTIALS} invalid."),
        QUERY: (403, "InvalidClientTokenId", f"{_CREDENTIALS} invalid."),
        S3: (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        EC2: (401, "AuthFailure", _NOT_VALID),
    },
    EXPIRED: {
        JSON: (400, "ExpiredTokenException", f"{_CREDENTIALS} expired"),
        QUERY: (403, "ExpiredToken", f"{_CREDENTIALS} expired"),
        S3: (400, "ExpiredToken", "The provided token has expired."),
        EC2: (400, "RequestExpired", "Request has expired."),
    },
    MISMATCH: {
        JSON: (400, "InvalidSignatureException", _MISMATCH),
        QUERY: (403, "SignatureDoesNotMatch", _MISMATCH),
        S3: (403, "SignatureDoesNotMatch", _MISMATCH),
        EC2: (401, "AuthFailure", _NOT_VALID),
    },
}
_DENIED: dict[str, tuple[int, str]] = {
    JSON: (400, "AccessDeniedException"),
    QUERY: (403, "AccessDenied"),
    S3: (403, "AccessDenied"),
    EC2: (403, "UnauthorizedOperation"),
}


def words_of(kind: str) -> tuple[str, str]:
    """The code and the message of services that speak JSON."""
    return _NOT_AUTHENTICATED[kind][JSON][1:]


def refuse(
    error: Denied | NotAuthenticated, service: str, environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:
    """Answers with the refusal."""
    as_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    form = service if service in (S3, EC2) else QUERY if as_form else JSON
    if isinstance(error, NotAuthenticated):
        status, code, message = _NOT_AUTHENTICATED[error.kind][form]
    else:
        status, code = _DENIED[form]
        message = _denial(error, service, form)
    # REST services of JSON, such as Lambda, refuse with 403.
    if form == JSON and not environ.get("HTTP_X_AMZ_TARGET"):
        status = 403
    request_id = str(uuid.uuid4())
    kind, body = _body(form, code, message, request_id)
    content = b"" if environ["REQUEST_METHOD"] == "HEAD" else body.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(content))),
        ("x-amzn-RequestId", request_id),
        *([("x-amzn-ErrorType", code)] if form == JSON else []),
    ]
    start_response(f"{status} Refused", headers)
    return [content]


def _denial(error: Denied, service: str, form: str) -> str:
    if form == EC2:
        return f"You are not authorized to perform this operation. {error}"
    if error.need.action == "kms:Decrypt" and service == "ssm":
        about = f"(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: {uuid.uuid4()})"
        return f"{_BY_KMS} {about}"
    if form == S3:
        return str(error).replace(error.need.resource, f'"{error.need.resource}"', 1)
    return str(error)


def _body(form: str, code: str, message: str, request_id: str) -> tuple[str, str]:
    if form == JSON:
        return "application/x-amz-json-1.1", json.dumps(
            {"__type": code, "message": message, "Message": message}
        )
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if form == QUERY:
        error = f"<Error><Type>Sender</Type>{error}</Error>"
        return "text/xml", f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    if form == EC2:
        errors = f"<Errors><Error>{error}</Error></Errors>"
        return "text/xml", f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    about = f"<RequestId>{request_id}</RequestId><HostId>sandbox</HostId>"
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?><Error>{error}{about}</Error>'
