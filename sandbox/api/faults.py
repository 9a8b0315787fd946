"""An error of the sandbox itself, in the words of the protocol that the caller speaks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from .calls import Call

# Neither is retried by an SDK: a second attempt at a create could leave two things behind.
FAULT, NOT_MODELLED = "400 Bad Request", "501 Not Implemented"


def answer_fault(call: Call, status: str, code: str, message: str, start_response: Any) -> Iterable[bytes]:
    """Answers `call` with one error that names what went wrong."""
    message = f"{message} (sandbox)"
    request_id = "00000000-0000-0000-0000-000000000000"
    if call.service == "ec2":
        error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
    elif call.service == "s3":
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    elif call.service in ("elasticache", "iam", "sts", "sns", "monitoring", "rds"):
        error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    else:
        body = json.dumps({"__type": code, "message": message})
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
        return _answer(status, headers, body, start_response)
    return _answer(status, [("Content-Type", "text/xml")], body, start_response)


def _answer(status: str, headers: list[tuple[str, str]], body: str, start_response: Any) -> list[bytes]:
    content = body.encode()
    start_response(status, [*headers, ("Content-Length", str(len(content)))])
    return [content]
