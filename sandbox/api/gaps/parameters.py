"""SecureStrings that are secret: not shown without decryption, not decrypted without their key.

moto answers `kms:KEY:PLAINTEXT` to a call without decryption, so whoever may read a parameter had its value
without the right to the key.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .patch import around, named

AWS_MANAGED = "alias/aws/ssm"


def ciphertext(stored: str) -> str:
    """What a SecureString looks like without decryption: stable, and nothing of the value in it."""
    digest = hashlib.shake_256(stored.encode()).digest(96)
    return "AQICAHi" + base64.b64encode(digest).decode()


def _check_key(account_id: str, region: str, key_id: str, verb: str) -> str:
    """Refuses a key that is not there or not enabled; returns its plain id, which survives its aliases."""
    from moto.core.exceptions import JsonRESTError
    from moto.kms.models import kms_backends

    if key_id == AWS_MANAGED:
        return key_id
    keys = kms_backends[account_id][region]
    if key_id.startswith("arn:"):
        key_id = key_id.split(":", 5)[-1].removeprefix("key/")
    found = keys.get_key_id_from_alias(key_id) if key_id.startswith("alias/") else key_id
    key = keys.keys.get(found or "")
    if key is None:
        raise JsonRESTError("InvalidKeyId", f"Invalid keyId {key_id}")
    if key.key_state != "Enabled":
        state = "is pending deletion" if key.key_state == "PendingDeletion" else "is disabled"
        raise JsonRESTError("InvalidKeyId", f"{key.arn} {state}, so the value cannot be {verb}.")
    return key.id


def install() -> None:
    """Patches how values are shown and taken."""
    from moto.ssm.models import Parameter, SimpleSystemManagerBackend

    @around(Parameter, "response_object")
    def show(
        original: Any, parameter: Any, decrypt: bool = False, region: str | None = None
    ) -> dict[str, Any]:
        answer = original(parameter, decrypt, region)
        if parameter.parameter_type == "SecureString":
            if decrypt:
                _check_key(parameter.account_id, parameter.sandbox_region, parameter.sandbox_key, "decrypted")
            else:
                answer["Value"] = ciphertext(parameter.value)
        return answer

    @around(SimpleSystemManagerBackend, "put_parameter")
    def put(original: Any, *args: Any, **kwargs: Any) -> Any:
        given = named(original, *args, **kwargs)
        backend, key = given["self"], AWS_MANAGED
        if given["parameter_type"] == "SecureString":
            wanted = given["keyid"] or AWS_MANAGED
            key = _check_key(backend.account_id, backend.region_name, wanted, "encrypted")
        parameter = original(**given)
        parameter.sandbox_key, parameter.sandbox_region = key, backend.region_name
        return parameter
