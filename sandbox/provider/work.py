"""The AWS API as one provider sees it, and one piece of work on it with its deadline."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .assets import AssetReader
from .errors import ProviderError, is_gone, is_in_use

Found = TypeVar("Found")

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


class Aws:
    """Cached boto3 clients for one endpoint and region.

    `credentials` are an access key's id and secret; left out, the environment's, or dummies where it has none.
    """

    def __init__(
        self, endpoint_url: str, region: str, folder: Path, credentials: tuple[str, str] | None = None
    ) -> None:
        self.region = region
        self.assets = AssetReader(folder)
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        key_id, secret = credentials or (
            os.environ.get("AWS_ACCESS_KEY_ID", "sandbox"),
            os.environ.get("AWS_SECRET_ACCESS_KEY", "sandbox"),
        )
        self._session = boto3.Session(
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=None if credentials else os.environ.get("AWS_SESSION_TOKEN"),
            region_name=region,
        )

    def client(self, service: str) -> Any:
        """The client of a service; clients may be used by several threads, sessions may not."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service,
                    endpoint_url=self._endpoint_url,
                    config=Config(
                        connect_timeout=5,
                        read_timeout=120,
                        max_pool_connections=32,
                        retries={"mode": "standard", "total_max_attempts": 3},
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._clients[service]

    @functools.cached_property
    def caller(self) -> Mapping[str, str]:
        """Account, Arn and UserId of whoever calls."""
        return self.client("sts").get_caller_identity()


class Work:
    """One operation on one resource: its client, its deadline, and the tags it has to set."""

    def __init__(self, aws: Aws, service: str, seconds: float, mark: str = "") -> None:
        self.aws, self.service, self.mark = aws, service, mark
        self.region = aws.region
        self.tags: Mapping[str, str] = {}
        self.tag_request: Mapping[str, Any] = {}
        self._deadline = time.monotonic() + seconds

    @property
    def account_id(self) -> str:
        return self.aws.caller["Account"]

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Calls an operation of the resource's own service."""
        return getattr(self.aws.client(self.service), operation)(**request)

    def pages(self, operation: str, member: str, **request: Any) -> list[Any]:
        """All items of a paginated operation."""
        pages = self.aws.client(self.service).get_paginator(operation).paginate(**request)
        return [item for page in pages for item in page.get(member, [])]

    def arn(self, resource: str, service: str = "") -> str:
        return f"arn:aws:{service or self.service}:{self.region}:{self.account_id}:{resource}"

    def wait(self, what: str, probe: Callable[[], Found | None]) -> Found:
        """Asks until the probe answers something, with growing pauses; gives up at the deadline."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            found = probe()
            if found:
                return found
            if time.monotonic() + pause > self._deadline:
                raise ProviderError(f"gave up waiting until {what}")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def wait_until_available(self, what: str, status: Callable[[], str], failed: str, failure: str) -> None:
        """Waits for the status "available"; the status `failed` ends the work with the error `failure`."""

        def available() -> bool:
            current = status()
            if current == failed:
                raise ProviderError(failure)
            return current == "available"

        self.wait(f"{what} is available", available)

    def wait_until_gone(self, what: str, probe: Callable[[], object]) -> None:
        """Waits until the probe answers nothing, or that there is no such thing."""

        def gone() -> bool:
            try:
                return not probe()
            except ClientError as exc:
                if is_gone(exc):
                    return True
                raise

        self.wait(f"{what} is gone", gone)

    def retry_while_in_use(self, action: Callable[[], object]) -> None:
        """Deletes something, again while something else still uses it, until the deadline."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                action()
                return
            except ClientError as exc:
                if is_gone(exc):
                    return
                if not is_in_use(exc) or time.monotonic() + pause > self._deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
