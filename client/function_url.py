"""A function's URL, called as AWS asks for it: signed with the caller's own credentials."""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .aws import NO_CREDENTIALS, explained
from .errors import CacheRefused, CacheUnreachable, CheckFailed

SECONDS = 90.0  # a function may work for a minute
_SHOWN = 300


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)


def call(
    url: str, region: str, *, signed: bool = True, body: bytes = b"", timeout: float = SECONDS
) -> Answer:
    """Call the URL: GET, or POST with a body of JSON.

    Like the SDKs it goes to AWS_ENDPOINT_URL where that is set; the URL's own name stays in the Host header, which is
    part of the signature. Raises CacheUnreachable, and CacheRefused where there are no credentials to sign with.
    """
    method = "POST" if body else "GET"
    headers = {"Content-Type": "application/json"} if body else {}
    if signed:
        headers = _signed(method, url, region, headers, body)
    parts = urlsplit(url)
    way = urlsplit(os.environ.get("AWS_ENDPOINT_URL") or url)
    kind = http.client.HTTPSConnection if way.scheme == "https" else http.client.HTTPConnection
    connection = kind(way.hostname or "", way.port, timeout=timeout)
    try:
        connection.request(method, parts.path or "/", body, {**headers, "Host": parts.netloc})
        reply = connection.getresponse()
        content = reply.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise CacheUnreachable(f"the function URL {url}: {error}", "aws") from error
    finally:
        connection.close()
    return Answer(reply.status, dict(reply.headers), content)


def prove(url: str, region: str) -> str:
    """Return the evidence that the URL answers a signed call and no other. Raises CheckFailed."""
    answer = call(url, region)
    if answer.status != 200:
        raise CheckFailed(f"{url} answered {answer.status}: {answer.body[:_SHOWN]}")
    stranger = call(url, region, signed=False)
    if stranger.status != 403:
        raise CheckFailed(f"{url} answered {stranger.status} to a call that nobody had signed")
    return f"{url}: {answer.status}, {answer.body[:_SHOWN]}; without a signature {stranger.status}"


def shell_line(url: str, region: str, local_address: str | None = None) -> str:
    """Return the line for a shell that calls the URL signed by the credentials of its environment.

    `local_address` is where it is answered instead, for a URL whose name leads nowhere here. The secret does not
    stand in a command line: the shell's own printf hands it over. curl leaves out a header without a value, so the
    line also serves credentials that have no session token.
    """
    return (
        """printf 'user = "%s:%s"' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" | """
        f'curl --config - --aws-sigv4 aws:amz:{region}:lambda -H "x-amz-security-token: $AWS_SESSION_TOKEN" '
        f"{local_address or url}"
    )


def _signed(method: str, url: str, region: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
    from boto3.session import Session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    with explained("the call of the function URL"):
        session: Any = Session(region_name=region)
        credentials = session.get_credentials()
    if credentials is None:
        raise CacheRefused(f"the call of the function URL: {NO_CREDENTIALS}", "AWS")
    request: Any = AWSRequest(method, url, data=body, headers=headers)
    signer: Any = SigV4Auth(credentials.get_frozen_credentials(), "lambda", region)
    signer.add_auth(request)
    return dict(request.headers)
