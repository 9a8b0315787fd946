"""The period of a key's rotation, which moto forgets."""

from __future__ import annotations

import json
from typing import Any

from .patch import around

DEFAULT_PERIOD_DAYS = 365


def install() -> None:
    """Patches enabling and status of rotation."""
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


def _key(response: Any) -> Any:
    return response.kms_backend.describe_key(response._get_param("KeyId"))
