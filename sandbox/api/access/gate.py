"""The gate in front of moto: every request is somebody's, and a role's has what it needs."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .authorization import Access, Caller, Denied
from .credentials import NotAuthenticated, authenticate
from .matching import NotEvaluated
from .needs import needs
from .operation import Operation
from .refusals import refuse
from .signature import Signature, read_signature

if TYPE_CHECKING:
    from ..context import Context

Answer = Iterable[bytes]
_SECURE_HOSTS = (".amazonaws.com", ".on.aws")


class Gate:
    """Asked before moto: returns a refusal's body, or None when the call may go on."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._access = Access(context)

    def __call__(self, application: Any, environ: dict[str, Any], start_response: Any) -> Answer | None:
        """Refuses through `start_response`; raises NotEvaluated for what the sandbox cannot tell."""
        signature = read_signature(environ)
        body = read_body(environ)
        service = signature.service if signature else _service_of_host(environ)
        try:
            caller = authenticate(self._context, signature, environ, body)
            if caller is not None and signature is not None:
                self._require(application, environ, body, caller, signature)
        except (Denied, NotAuthenticated) as error:
            return refuse(error, service, environ, start_response)
        return None

    def _require(
        self, application: Any, environ: dict[str, Any], body: bytes, caller: Caller, signature: Signature
    ) -> None:
        environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)  # by which moto acts for any account
        operation = read_operation(application, environ, body, caller, signature)
        self._access.require(caller, *needs(operation), secure=is_secure(environ))


def is_secure(environ: dict[str, Any]) -> bool:
    """Whether the caller spoke TLS: to AWS's names, whose relays end it before the request comes here."""
    return environ.get("HTTP_HOST", "").partition(":")[0].endswith(_SECURE_HOSTS)


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, which stays readable."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def read_operation(
    application: Any, environ: dict[str, Any], body: bytes, caller: Caller, signature: Signature
) -> Operation:
    """The operation, as moto will understand the request; NotEvaluated when it could be read in two ways."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model
    from werkzeug.exceptions import NotFound

    service = application.get_application(environ).service
    service = {"awslambda": "lambda"}.get(service, service)
    if service in ("moto_api", "instance_metadata"):  # moto's own switches
        raise NotEvaluated(f"the sandbox has no service {service} for roles")
    protocol = determine_request_protocol(get_service_model(service), environ.get("CONTENT_TYPE", ""))
    request = Request({**environ, "wsgi.input": io.BytesIO(body)})
    try:
        found, path = get_service_router(service).match(request)
    except NotFound as error:
        raise NotEvaluated(f"the sandbox knows no operation of {service} at {request.path}") from error
    queried = protocol in ("json", "query", "ec2") and environ.get("QUERY_STRING")
    targeted = protocol.startswith("rest") and ("HTTP_X_AMZ_TARGET" in environ or "Action" in request.args)
    if queried or targeted:
        raise NotEvaluated(f"the sandbox does not take {service}:{found.name} in this form from a role")
    parsed = PROTOCOL_PARSERS[protocol](found).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": path,
        }
    )
    return Operation(service, found.name, parsed, caller.account_id, signature.region)


def _service_of_host(environ: dict[str, Any]) -> str:
    """The service that an unsigned request is for; S3's objects are what is asked for without a signature."""
    if "HTTP_X_AMZ_TARGET" in environ:
        return environ["HTTP_X_AMZ_TARGET"].partition(".")[0]
    parts = environ.get("HTTP_HOST", "").split(".")
    return parts[-4] if len(parts) >= 4 and parts[-2:] == ["amazonaws", "com"] else "s3"
