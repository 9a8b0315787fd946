"""Credentials of roles, asked of the API's STS. The key that may ask stays with the supervisor."""

from __future__ import annotations

import functools
from typing import Any


class RoleSource:
    """Assumes roles for instances and functions, as the services of AWS do for theirs."""

    def __init__(
        self, api_address: tuple[str, int], region: str, account_id: str, credentials: tuple[str, str]
    ) -> None:
        self._api_address = api_address
        self._region = region
        self._account_id = account_id
        self._credentials = credentials

    def assume(self, role: str, session: str) -> dict[str, str]:
        """AccessKeyId, SecretAccessKey, Token and Expiration of a role, given by its name or ARN."""
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{self._account_id}:role/{role}"
        answer = self._sts.assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return {
            "AccessKeyId": answer["AccessKeyId"],
            "SecretAccessKey": answer["SecretAccessKey"],
            "Token": answer["SessionToken"],
            "Expiration": answer["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    @functools.cached_property
    def _sts(self) -> Any:
        import boto3  # half a second, which only a role needs
        from botocore.config import Config

        host, port = self._api_address
        config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2}, proxies={})
        return boto3.client(
            "sts",
            region_name=self._region,
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id=self._credentials[0],
            aws_secret_access_key=self._credentials[1],
            config=config,
        )
