"""Version 4 signatures, in the header or in the query, checked as AWS checks them."""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE_END = "aws4_request"
_UNRESERVED = "-_.~"
_SKEW = {"s3": timedelta(minutes=15)}
_USUAL_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Signature:
    """What a request says of its signature. `lifetime` is that of a presigned one."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    moment: str
    token: str
    lifetime: timedelta | None = None

    def verifies(self, environ: dict[str, Any], secret: str, body: bytes) -> bool:
        """Whether the secret makes this signature of the request."""
        if "host" not in self.signed_headers:
            return False
        payload = _payload(environ, self, body)
        if payload is None:
            return False
        lines = [
            environ["REQUEST_METHOD"],
            self._path(environ),
            _query(environ),
            *(f"{name}:{' '.join(_header(environ, name).split())}" for name in self.signed_headers),
            "",
            ";".join(self.signed_headers),
            payload,
        ]
        request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        scope = (self.date, self.region, self.service, _SCOPE_END)
        text = "\n".join([ALGORITHM, self.moment, "/".join(scope), request])
        key = functools.reduce(_mac, scope, b"AWS4" + secret.encode())
        return hmac.compare_digest(_mac(key, text).hex(), self.value)

    def age_is_fine(self, now: datetime | None = None) -> bool:
        """Whether it was made about now, or a presigned one has not run out."""
        try:
            made = datetime.strptime(self.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            return False
        now, skew = now or datetime.now(timezone.utc), _SKEW.get(self.service, _USUAL_SKEW)
        oldest = self.lifetime if self.lifetime is not None else skew
        return self.moment.startswith(self.date) and -skew <= now - made <= oldest

    def _path(self, environ: dict[str, Any]) -> str:
        path = raw_path(environ)
        # S3 signs the path as it travels; the others encode it once more.
        return path if self.service == "s3" else quote(path, safe=f"/{_UNRESERVED}")


def read_signature(environ: dict[str, Any]) -> Signature | None:
    """The request's signature; None when it has none, or none of this form."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if header.startswith(ALGORITHM):
        said = dict(re.findall(r"(\w+)=([^,\s]+)", header))
        return _signature(
            said, environ.get("HTTP_X_AMZ_DATE", ""), environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
        )
    query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        return None
    said = {name.removeprefix("X-Amz-"): value for name, value in query.items()}
    seconds = said.get("Expires", "")
    lifetime = timedelta(seconds=int(seconds)) if seconds.isdigit() else timedelta()
    return _signature(said, said.get("Date", ""), said.get("Security-Token", ""), lifetime)


def _signature(
    said: dict[str, str], moment: str, token: str, lifetime: timedelta | None = None
) -> Signature | None:
    scope = said.get("Credential", "").split("/")
    if len(scope) != 5 or scope[4] != _SCOPE_END:
        return None
    headers = tuple(said.get("SignedHeaders", "").split(";"))
    return Signature(*scope[:4], headers, said.get("Signature", ""), moment, token, lifetime)


def raw_path(environ: dict[str, Any]) -> str:
    """The path as it came, without the query."""
    from moto.core.request import Request

    return Request(environ).raw_path


def _query(environ: dict[str, Any]) -> str:
    given = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    encoded = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in given
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _payload(environ: dict[str, Any], signature: Signature, body: bytes) -> str | None:
    """The hash that was signed; None when the body has another one."""
    said = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if signature.service == "s3":  # whose bodies may be signed in pieces, or not at all
        return said or "UNSIGNED-PAYLOAD"
    real = hashlib.sha256(body).hexdigest()
    return real if said in ("", real) else None


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return environ.get(f"HTTP_{key}", environ.get(key, ""))


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
