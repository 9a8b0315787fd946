"""The control routes of the sandbox's own commands, beside the API on the same port."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import SandboxError

if TYPE_CHECKING:
    from .context import Context

PREFIX = "/_sandbox/"
KEY_HEADER = "HTTP_X_SANDBOX_KEY"


class Control:
    """Answers `POST /_sandbox/NAME` with the part that registered NAME at the context; needs the key."""

    def __init__(self, context: Context, key: str) -> None:
        self._context = context
        self._key = key

    def serves(self, environ: dict[str, Any]) -> bool:
        """Whether the request is for a control route."""
        return environ.get("PATH_INFO", "").startswith(PREFIX)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self._key or not hmac.compare_digest(environ.get(KEY_HEADER, ""), self._key):
            return _json(start_response, "403 Forbidden", {"error": "wrong or missing X-Sandbox-Key"})
        name = environ["PATH_INFO"][len(PREFIX) :]
        answer = self._context.routes.get(name)
        if answer is None:
            return _json(start_response, "404 Not Found", {"error": f"no control route {name}"})
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            return _json(start_response, "200 OK", answer(json.loads(body or b"{}")))
        except SandboxError as error:
            return _json(start_response, "400 Bad Request", {"error": str(error)})
        except Exception as error:
            self._context.log.exception("control route %s failed", name)
            text = f"{name} failed: {type(error).__name__}: {error}"
            return _json(start_response, "500 Internal Server Error", {"error": text})


def _json(start_response: Any, status: str, answer: Any) -> list[bytes]:
    content = json.dumps(answer, default=str).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(status, headers)
    return [content]
