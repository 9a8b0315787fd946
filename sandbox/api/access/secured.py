"""What calls of keys, secrets and functions need: resources with a policy of their own."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .authorization import Need
from .operation import Operation

_OF_KEYS = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
_OF_SECRETS = ("DescribeSecret", "GetSecretValue")
_OF_FUNCTIONS = {
    "GetFunction": "GetFunction",
    "GetFunctionConfiguration": "GetFunctionConfiguration",
    "Invoke": "InvokeFunction",
}
AWS_SECRETS_KEY = "alias/aws/secretsmanager"


def key(operation: Operation) -> Iterator[Need]:
    """Direct calls of KMS."""
    if operation.name not in _OF_KEYS:
        raise operation.unknown()
    name = operation.parameters.get("KeyId")
    if operation.name == "Decrypt":
        name = _key_of(operation.parameters["CiphertextBlob"])  # as in KMS, never by the caller's word alone
    encryption = operation.parameters.get("EncryptionContext") or {}
    yield key_need(operation, f"kms:{operation.name}", name or "", encryption, None)


def key_need(
    operation: Operation, action: str, name: str, encryption: Mapping[str, str], via: str | None
) -> Need:
    """The need of a key, for the caller itself or through a service (`via`: ssm, secretsmanager, s3)."""
    found = find_key(operation, name)
    context = {"kms:calleraccount": operation.account_id}
    context |= {f"kms:encryptioncontext:{name.lower()}": value for name, value in encryption.items()}
    if via:
        context |= {
            "kms:viaservice": f"{via}.{operation.region}.amazonaws.com",
            "aws:viaawsservice": "true",
        }
    arn = found.arn if found is not None else operation.arn(f"key/{name.rpartition('/')[2]}", "kms")
    # A key that is not there is the service's own error, after the caller's policies have had their say.
    policy = found.policy if found is not None else None
    return Need(action, arn, context, policy, only_by_policy=found is not None)


def find_key(operation: Operation, name: str) -> Any:
    """The key by its id, ARN or alias; None where there is none."""
    from moto.kms.models import kms_backends

    backend = kms_backends[operation.account_id][operation.region]
    if name.startswith("arn:"):
        name = name.split(":", 5)[-1].removeprefix("key/")
    if name.startswith("alias/"):
        name = backend.get_key_id_from_alias(name) or name
    return backend.keys.get(name)


def _key_of(blob: bytes | str) -> str:
    from moto.kms.utils import _deserialize_ciphertext_blob

    content = blob if isinstance(blob, bytes) else base64.b64decode(blob)
    return _deserialize_ciphertext_blob(content).key_id


def secret(operation: Operation) -> Iterator[Need]:
    """Calls of Secrets Manager."""
    if operation.name not in _OF_SECRETS:
        raise operation.unknown()
    yield from secret_needs(operation, operation.of("SecretId"), operation.name)


def secret_needs(operation: Operation, name: str, action: str) -> Iterator[Need]:
    """The needs of one secret, given by name or ARN."""
    from moto.secretsmanager.models import secretsmanager_backends

    held = secretsmanager_backends[operation.account_id][operation.region].secrets.get(name)
    if held is None:
        arn = name if name.startswith("arn:") else operation.arn(f"secret:{name}", "secretsmanager")
        yield Need(f"secretsmanager:{action}", arn)
        return
    yield Need(f"secretsmanager:{action}", held.arn, policy=held.policy)
    own_key = held.kms_key_id and not held.kms_key_id.endswith(AWS_SECRETS_KEY)
    # AWS's own key lets in everybody who comes through the service.
    if action == "GetSecretValue" and own_key:
        yield key_need(operation, "kms:Decrypt", held.kms_key_id, {"SecretARN": held.arn}, "secretsmanager")


def function(operation: Operation) -> Iterator[Need]:
    """Calls about one function."""
    if operation.name not in _OF_FUNCTIONS:
        raise operation.unknown()
    name = operation.of("FunctionName")
    yield function_need(operation, f"lambda:{_OF_FUNCTIONS[operation.name]}", name)


def function_need(
    operation: Operation, action: str, name: str, context: Mapping[str, str] | None = None
) -> Need:
    """The need of one function, given by name or ARN."""
    from moto.awslambda.utils import get_backend

    arn = name if name.startswith("arn:") else operation.arn(f"function:{name}", "lambda")
    qualifier = operation.parameters.get("Qualifier")
    arn += f":{qualifier}" if qualifier else ""
    functions = get_backend(operation.account_id, operation.region).list_functions()
    plain = ":".join(arn.split(":")[:7])
    held = next((one for one in functions if one.function_arn == plain), None)
    return Need(action, arn, context or {}, policy_of(held) if held is not None else None)


def policy_of(function: Any) -> str | None:
    """The function's own policy."""
    held = function.policy.statements
    return json.dumps({"Statement": held}, sort_keys=True) if held else None
