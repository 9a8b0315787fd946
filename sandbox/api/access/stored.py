"""What calls of Parameter Store and of S3 need: the item, and the key that it is encrypted with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..gaps.parameters import AWS_MANAGED
from .authorization import Need
from .operation import Operation
from .secured import key_need, secret_needs

_OF_PARAMETERS = ("GetParameter", "GetParameterHistory", "GetParameters", "GetParametersByPath")
_SECRETS = "/aws/reference/secretsmanager/"
_OF_AWS = "/aws/service/"
# Operation -> the action's own name; on the bucket where there is no key.
_OF_OBJECTS = {
    "DeleteObject": "DeleteObject",
    "GetBucketLocation": "GetBucketLocation",
    "GetObject": "GetObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutObject": "PutObject",
}
_READING = ("GetObject", "HeadObject")


def parameters(operation: Operation) -> Iterator[Need]:
    """Reading of parameters: each of them, and its key where it is to be decrypted."""
    if operation.name not in _OF_PARAMETERS:
        raise operation.unknown()
    if operation.name == "GetParametersByPath":
        path = operation.of("Path", "/")
        yield Need(f"ssm:{operation.name}", _arn(operation, path.rstrip("/")))
        names = [name for name in _store(operation) if name.startswith(path.rstrip("/") + "/")]
    else:
        given = operation.parameters.get("Names") or [operation.parameters["Name"]]
        names = [_plain(name) for name in given]
        for name in names:
            yield Need(f"ssm:{operation.name}", _arn(operation, name))
    for name in names:
        if operation.parameters.get("WithDecryption"):
            yield from _decryption(operation, name)
        if name.startswith(_SECRETS):
            yield from secret_needs(operation, name.removeprefix(_SECRETS), "GetSecretValue")


def _plain(name: str) -> str:
    """A parameter's name from its ARN, with or without a version or a label."""
    if name.startswith("arn:"):
        name = name.split(":", 5)[-1].removeprefix("parameter/")
        name = f"/{name}" if "/" in name else name
    return name.partition(":")[0]


def _arn(operation: Operation, name: str) -> str:
    arn = operation.arn(f"parameter/{name.removeprefix('/')}")
    # Those that AWS publishes belong to no account.
    return arn.replace(f":{operation.account_id}:", "::") if name.startswith(_OF_AWS) else arn


def _store(operation: Operation) -> Any:
    from moto.ssm.models import ssm_backends

    return ssm_backends[operation.account_id][operation.region]._parameters


def _decryption(operation: Operation, name: str) -> Iterator[Need]:
    store = _store(operation)
    versions = store.get(name, [])
    keys = {one.sandbox_key for one in versions if one.parameter_type == "SecureString"}
    # AWS's own key lets in everybody who comes through Parameter Store.
    for key in sorted(keys - {AWS_MANAGED}):
        context = {"PARAMETER_ARN": _arn(operation, name)}
        yield key_need(operation, "kms:Decrypt", key, context, "ssm")


def objects(operation: Operation) -> Iterator[Need]:
    """Calls of buckets and objects."""
    if operation.name == "ListBuckets":
        yield Need("s3:ListAllMyBuckets", "*")
        return
    if operation.name not in _OF_OBJECTS or "CopySource" in operation.parameters:
        raise operation.unknown()
    name, key = operation.parameters["Bucket"], operation.parameters.get("Key")
    bucket, arn = _bucket(operation, name), f"arn:aws:s3:::{name}"
    policy = _text(bucket.policy) if bucket is not None and bucket.policy else None
    action = f"s3:{_OF_OBJECTS[operation.name]}"
    if operation.parameters.get("VersionId") and key is not None:
        action += "Version"
    prefix = operation.parameters.get("Prefix")
    context = {"s3:prefix": prefix} if prefix is not None else {}
    yield Need(action, f"{arn}/{key}" if key is not None else arn, context, policy)
    if bucket is not None and operation.name in _READING:
        yield from _of_content(operation, bucket, str(key), Need("s3:ListBucket", arn, policy=policy))
    if operation.parameters.get("SSEKMSKeyId"):
        raise operation.unknown()


def _of_content(operation: Operation, bucket: Any, key: str, listing: Need) -> Iterator[Need]:
    if key not in bucket.keys:
        yield listing  # S3 does not tell what is missing to whom may not look
        return
    held = bucket.keys[key]
    if held.encryption == "aws:kms" and held.kms_key_id:
        context = {"aws:s3:arn": f"arn:aws:s3:::{bucket.name}/{key}"}
        yield key_need(operation, "kms:Decrypt", held.kms_key_id, context, "s3")


def _bucket(operation: Operation, name: str) -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[operation.account_id]["aws"].buckets.get(name)


def _text(policy: bytes | str) -> str:
    return policy.decode() if isinstance(policy, bytes) else policy
