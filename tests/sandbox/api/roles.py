"""Roles for the tests of what roles may do: made by the deployer, used through their own credentials."""

from __future__ import annotations

import itertools
import json
from typing import Any

import boto3
from botocore.config import Config

from .conftest import REGION, Api

ACCOUNT = "123456789012"
_numbers = itertools.count()


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, **more)


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, **more)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class Role:
    """A role with inline statements, and clients that call as it does."""

    def __init__(
        self, api: Api, *statements: dict[str, Any], session_policy: str | None = None, **options: Any
    ) -> None:
        self._api = api
        self.name = f"role-{next(_numbers)}"
        iam = api.client("iam")
        self.arn = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument="{}", **options)["Role"][
            "Arn"
        ]
        if statements:
            iam.put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=document(*statements))
        asked = {"RoleArn": self.arn, "RoleSessionName": "i-0abc"}
        if session_policy:
            asked["Policy"] = session_policy
        self.credentials = api.client("sts").assume_role(**asked)["Credentials"]
        self.session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}/i-0abc"

    def client(self, service: str, **changes: str) -> Any:
        held = {**self.credentials, **changes}
        return boto3.client(
            service,
            endpoint_url=self._api.server.url,
            region_name=REGION,
            aws_access_key_id=held["AccessKeyId"],
            aws_secret_access_key=held["SecretAccessKey"],
            aws_session_token=held["SessionToken"],
            config=Config(
                retries={"total_max_attempts": 1},
                signature_version="v4" if service != "s3" else "s3v4",
                s3={"addressing_style": "path"},
            ),
        )
