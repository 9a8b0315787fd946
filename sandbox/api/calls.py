"""Which API call an HTTP request is, told from its headers and body alone."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

READING = ("Describe", "Get", "List", "Search", "Test")


@dataclass(frozen=True)
class Call:
    """One API call: the service that signed it, its region, and the action where the protocol names one."""

    service: str
    region: str
    action: str
    method: str
    path: str

    @property
    def may_change_the_world(self) -> bool:
        """Whether the hosts must be brought up to date before the call is answered."""
        if self.service in ("ec2", "elasticache"):
            return not self.action.startswith(READING) or self.action == "TestFailover"
        if self.service == "lambda":
            return self.method != "GET" and not self.path.endswith("/invocations")
        return False


def read_call(environ: dict[str, Any]) -> Call:
    """The call that a request makes; the body stays readable for the application."""
    service, region = _credential_scope(environ.get("HTTP_AUTHORIZATION", ""))
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    action = target.rsplit(".", 1)[-1]
    if not action and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = _action_of_form(environ)
    return Call(service, region, action, environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))


def _credential_scope(authorization: str) -> tuple[str, str]:
    """Service and region of a version 4 signature; empty for an unsigned request."""
    _, _, credential = authorization.partition("Credential=")
    parts = credential.split(",")[0].strip().split("/")
    return (parts[3].lower(), parts[2]) if len(parts) == 5 else ("", "")


def _action_of_form(environ: dict[str, Any]) -> str:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
