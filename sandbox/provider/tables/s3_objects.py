"""S3 objects."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from ..errors import ProviderError
from ..fields import Field, dig, flag, mapping, request, text
from ..resource_type import Change, Properties, ResourceType, table
from ..tagging import Tagging, from_pairs, pairs
from ..work import Work

_FIELDS = {
    "bucket": text("Bucket", required=True, replaces=True),
    "key": text("Key", required=True, replaces=True),
    "source": Field("asset", group="put"),
    "content": text(group="put"),
    "contentBase64": text(group="put"),
    "sourceHash": text(group="put"),
    "contentType": text("ContentType", computed=True, group="put"),
    "cacheControl": text("CacheControl", group="put"),
    "contentDisposition": text("ContentDisposition", group="put"),
    "contentEncoding": text("ContentEncoding", group="put"),
    "metadata": mapping("Metadata", group="put"),
    "serverSideEncryption": text("ServerSideEncryption", computed=True, group="put"),
    "kmsKeyId": text("SSEKMSKeyId", computed=True, group="put"),
    "bucketKeyEnabled": flag("BucketKeyEnabled", computed=True, group="put"),
    "storageClass": text("StorageClass", default="STANDARD", group="put"),
    "forceDestroy": flag(default=False),
}


def _body(work: Work, given: Properties) -> bytes:
    if given.get("source") is not None:
        return work.aws.assets.read(given["source"])
    if given.get("contentBase64") is not None:
        return base64.b64decode(given["contentBase64"])
    return given.get("content", "").encode()


def _put(work: Work, given: Properties) -> None:
    """Sends the object whole: its tags too, which would be lost otherwise."""
    tags = {"Tagging": urlencode(work.tags)} if work.tags else {}
    work.call("put_object", Body=_body(work, given), **request(_FIELDS, given), **tags)


def _create(work: Work, given: Properties) -> str:
    _put(work, given)
    return f"{given['bucket']}/{given['key']}"


def _describe(work: Work, item: str, state: Properties) -> Properties | None:
    bucket, _, key = item.partition("/")
    found = work.call("head_object", Bucket=bucket, Key=key)
    return {**found, "Bucket": bucket, "Key": key}


def _update(work: Work, item: str, change: Change) -> None:
    if change.new["bucket"] != item.partition("/")[0]:
        raise ProviderError(f"object {item} cannot move to another bucket")
    _put(work, change.new)


def _delete(work: Work, item: str, state: Properties) -> None:
    bucket, _, key = item.partition("/")
    work.call("delete_object", Bucket=bucket, Key=key)


def _tags(work: Work, item: str, description: Properties) -> dict[str, str]:
    bucket, _, key = item.partition("/")
    return from_pairs(work.call("get_object_tagging", Bucket=bucket, Key=key)["TagSet"])


def _put_tags(work: Work, item: str, tags: dict[str, str]) -> None:
    bucket, _, key = item.partition("/")
    if tags:
        work.call("put_object_tagging", Bucket=bucket, Key=key, Tagging={"TagSet": pairs(tags)})
    else:
        work.call("delete_object_tagging", Bucket=bucket, Key=key)


def _add_tags(work: Work, item: str, tags: Any) -> None:
    _put_tags(work, item, {**_tags(work, item, {}), **tags})


def _remove_tags(work: Work, item: str, keys: list[str]) -> None:
    _put_tags(work, item, {key: value for key, value in _tags(work, item, {}).items() if key not in keys})


def _check(given: Properties) -> list[tuple[str, str]]:
    bodies = [name for name in ("source", "content", "contentBase64") if given.get(name) is not None]
    return [] if len(bodies) < 2 else [(bodies[1], f"only one of {', '.join(bodies)} may be set")]


_OBJECT = ResourceType(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "s3",
    _FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={
        "arn": lambda work, item, _: f"arn:aws:s3:::{item}",
        "etag": lambda work, item, description: description["ETag"].strip('"'),
        "versionId": lambda work, item, description: dig(description, "VersionId") or "",
    },
    updates={"put": _update},
    tagging=Tagging(_tags, _add_tags, _remove_tags, at_creation=lambda tags: {}),
    unsettled=dict.fromkeys(("source", "content", "contentBase64", "sourceHash"), ("etag", "versionId")),
    check=_check,
)

TYPES = table(_OBJECT)
