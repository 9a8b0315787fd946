"""The period of a key's rotation, which moto forgets; and whose the keys of AWS's own services are."""

from __future__ import annotations

import json
from typing import Any

from .patch import around

DEFAULT_PERIOD_DAYS = 365


def install() -> None:
    """Patches enabling and status of rotation, and AWS's own keys."""
    from moto.kms.models import KmsBackend
    from moto.kms.responses import KmsResponse

    @around(KmsResponse, "enable_key_rotation")
    def enable(original: Any, response: Any) -> str:
        answer = original(response)
        _key(response).sandbox_rotation_days = (
            response._get_param("RotationPeriodInDays") or DEFAULT_PERIOD_DAYS
        )
        return answer

    @around(KmsResponse, "get_key_rotation_status")
    def status(original: Any, response: Any) -> str:
        answer = json.loads(original(response))
        key = _key(response)
        answer["KeyId"] = key.arn
        if answer["KeyRotationEnabled"]:
            answer["RotationPeriodInDays"] = getattr(key, "sandbox_rotation_days", DEFAULT_PERIOD_DAYS)
        return json.dumps(answer)

    @around(KmsBackend, "_generate_default_keys")
    def make_default(original: Any, backend: Any, alias_name: str) -> Any:
        """A key such as `alias/aws/rds` is AWS's own: nobody's destroy has to delete it."""
        made = original(backend, alias_name)
        if made is not None:
            backend.describe_key(made).key_manager = "AWS"
        return made


def _key(response: Any) -> Any:
    return response.kms_backend.describe_key(response._get_param("KeyId"))
