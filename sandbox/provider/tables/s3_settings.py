"""Settings of S3 buckets, each a resource of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..fields import Field, block, blocks, dig, document, flag, request, text
from ..resource_type import Change, Properties, ResourceType, table
from ..work import Work


def _setting(
    token: str,
    fields: Mapping[str, Field],
    send: Callable[[Work, Properties], object],
    show: Callable[[Work, str], Properties],
    drop: Callable[[Work, str, Properties], object],
) -> ResourceType:
    """A setting of a bucket as a resource of its own; its id is the bucket's name."""

    def create(work: Work, given: Properties) -> str:
        send(work, given)
        return given["bucket"]

    def describe(work: Work, bucket: str, state: Properties) -> Properties | None:
        return {"Bucket": bucket, **show(work, bucket)}

    def update(work: Work, bucket: str, change: Change) -> None:
        send(work, change.new)

    def delete(work: Work, bucket: str, state: Properties) -> None:
        drop(work, bucket, state)

    return ResourceType(
        token,
        "s3",
        {"bucket": text("Bucket", required=True, replaces=True), **fields},
        create=create,
        describe=describe,
        delete=delete,
        updates={"setting": update},
    )


_ACCESS_FIELDS = {
    "blockPublicAcls": flag("BlockPublicAcls", default=False, group="setting"),
    "blockPublicPolicy": flag("BlockPublicPolicy", default=False, group="setting"),
    "ignorePublicAcls": flag("IgnorePublicAcls", default=False, group="setting"),
    "restrictPublicBuckets": flag("RestrictPublicBuckets", default=False, group="setting"),
}
_PUBLIC_ACCESS_BLOCK = _setting(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {**_ACCESS_FIELDS, "skipDestroy": flag(default=False)},
    send=lambda work, given: work.call(
        "put_public_access_block",
        Bucket=given["bucket"],
        PublicAccessBlockConfiguration={
            each.api: bool(given.get(name, False)) for name, each in _ACCESS_FIELDS.items()
        },
    ),
    show=lambda work, bucket: work.call("get_public_access_block", Bucket=bucket)[
        "PublicAccessBlockConfiguration"
    ],
    drop=lambda work, bucket, state: (
        state.get("skipDestroy") or work.call("delete_public_access_block", Bucket=bucket)
    ),
)

_ENCRYPTION_RULE = {
    "applyServerSideEncryptionByDefault": block(
        "ApplyServerSideEncryptionByDefault",
        {"sseAlgorithm": text("SSEAlgorithm", required=True), "kmsMasterKeyId": text("KMSMasterKeyID")},
    ),
    "bucketKeyEnabled": flag("BucketKeyEnabled", default=False),
}
_ENCRYPTION_FIELDS = {"rules": blocks("Rules", _ENCRYPTION_RULE, required=True, group="setting")}
_ENCRYPTION = _setting(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    _ENCRYPTION_FIELDS,
    send=lambda work, given: work.call(
        "put_bucket_encryption",
        Bucket=given["bucket"],
        ServerSideEncryptionConfiguration=request(_ENCRYPTION_FIELDS, given),
    ),
    show=lambda work, bucket: work.call("get_bucket_encryption", Bucket=bucket)[
        "ServerSideEncryptionConfiguration"
    ],
    drop=lambda work, bucket, state: work.call("delete_bucket_encryption", Bucket=bucket),
)

_VERSIONING_FIELDS = {
    "versioningConfiguration": block(
        "VersioningConfiguration",
        {
            "status": text("Status", required=True, choices=("Enabled", "Suspended", "Disabled")),
            "mfaDelete": text("MFADelete", computed=True),
        },
        required=True,
        group="setting",
    )
}


def _send_versioning(work: Work, given: Properties) -> None:
    # A bucket that never was versioned is "Disabled", which cannot be asked for.
    if given["versioningConfiguration"]["status"] != "Disabled":
        work.call("put_bucket_versioning", Bucket=given["bucket"], **request(_VERSIONING_FIELDS, given))


def _show_versioning(work: Work, bucket: str) -> dict[str, Any]:
    found = work.call("get_bucket_versioning", Bucket=bucket)
    return {"VersioningConfiguration": {"Status": "Disabled", **found}}


def _drop_versioning(work: Work, bucket: str, state: Properties) -> None:
    if dig(state, "versioningConfiguration.status") == "Enabled":
        work.call("put_bucket_versioning", Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


_VERSIONING = _setting(
    "aws:s3/bucketVersioning:BucketVersioning",
    _VERSIONING_FIELDS,
    send=_send_versioning,
    show=_show_versioning,
    drop=_drop_versioning,
)

_POLICY = _setting(
    "aws:s3/bucketPolicy:BucketPolicy",
    {"policy": document("Policy", required=True, group="setting")},
    send=lambda work, given: work.call("put_bucket_policy", Bucket=given["bucket"], Policy=given["policy"]),
    show=lambda work, bucket: {"Policy": work.call("get_bucket_policy", Bucket=bucket)["Policy"]},
    drop=lambda work, bucket, state: work.call("delete_bucket_policy", Bucket=bucket),
)

_OWNERSHIP_FIELDS = {
    "rule": block(
        "Rule", {"objectOwnership": text("ObjectOwnership", required=True)}, required=True, group="setting"
    )
}
_OWNERSHIP = _setting(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    _OWNERSHIP_FIELDS,
    send=lambda work, given: work.call(
        "put_bucket_ownership_controls",
        Bucket=given["bucket"],
        OwnershipControls={"Rules": [request(_OWNERSHIP_FIELDS, given)["Rule"]]},
    ),
    show=lambda work, bucket: {
        "Rule": work.call("get_bucket_ownership_controls", Bucket=bucket)["OwnershipControls"]["Rules"][0]
    },
    drop=lambda work, bucket, state: work.call("delete_bucket_ownership_controls", Bucket=bucket),
)

TYPES = table(_PUBLIC_ACCESS_BLOCK, _ENCRYPTION, _VERSIONING, _POLICY, _OWNERSHIP)
