"""S3 buckets."""

from __future__ import annotations

from botocore.exceptions import ClientError

from ..fields import flag, request, text
from ..resource_type import AutoName, Properties, ResourceType, finding_by_name, table
from ..tagging import Tagging, Tags, from_pairs, pairs
from ..work import Work

# The zone that Route 53 has for S3 websites; part of a bucket's outputs.
_HOSTED_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-central-1": "Z21DNDUVLTQW6Q",
}

_BUCKET_FIELDS = {
    "bucket": text("Bucket", required=True, replaces=True),
    "forceDestroy": flag(default=False),
    "objectLockEnabled": flag("ObjectLockEnabledForBucket", default=False, replaces=True, write_only=True),
}


def _create_bucket(work: Work, given: Properties) -> str:
    # us-east-1 is the one region that may not be named as a location.
    place = {} if work.region == "us-east-1" else {"LocationConstraint": work.region}
    location = {"CreateBucketConfiguration": place} if place else {}
    work.call("create_bucket", **request(_BUCKET_FIELDS, given), **location)
    return given["bucket"]


def _describe_bucket(work: Work, bucket: str, state: Properties) -> Properties | None:
    work.call("head_bucket", Bucket=bucket)
    return {"Bucket": bucket}


def _delete_bucket(work: Work, bucket: str, state: Properties) -> None:
    if state.get("forceDestroy"):
        for operation, members in (("list_object_versions", ("Versions", "DeleteMarkers")),):
            for member in members:
                for each in work.pages(operation, member, Bucket=bucket):
                    work.call("delete_object", Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    work.call("delete_bucket", Bucket=bucket)


def _bucket_tags(work: Work, bucket: str, description: Properties) -> dict[str, str]:
    try:
        return from_pairs(work.call("get_bucket_tagging", Bucket=bucket)["TagSet"])
    except ClientError as exc:
        if exc.response["Error"]["Code"] == "NoSuchTagSet":
            return {}
        raise


def _add_bucket_tags(work: Work, bucket: str, tags: Tags) -> None:
    whole = {**_bucket_tags(work, bucket, {}), **tags}
    work.call("put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": pairs(whole)})


def _remove_bucket_tags(work: Work, bucket: str, keys: list[str]) -> None:
    kept = {key: value for key, value in _bucket_tags(work, bucket, {}).items() if key not in keys}
    if kept:
        work.call("put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": pairs(kept)})
    else:
        work.call("delete_bucket_tagging", Bucket=bucket)


_BUCKET = ResourceType(
    "aws:s3/bucket:Bucket",
    "s3",
    _BUCKET_FIELDS,
    create=_create_bucket,
    describe=_describe_bucket,
    delete=_delete_bucket,
    outputs={
        "arn": lambda work, bucket, _: f"arn:aws:s3:::{bucket}",
        "bucketDomainName": lambda work, bucket, _: f"{bucket}.s3.amazonaws.com",
        "bucketRegionalDomainName": lambda work, bucket, _: f"{bucket}.s3.{work.region}.amazonaws.com",
        "bucketRegion": lambda work, bucket, _: work.region,
        "hostedZoneId": lambda work, bucket, _: _HOSTED_ZONES.get(work.region, ""),
    },
    find=finding_by_name("bucket", _describe_bucket),
    tagging=Tagging(_bucket_tags, _add_bucket_tags, _remove_bucket_tags),
    auto_name=AutoName("bucket", 63, lower=True),
)


TYPES = table(_BUCKET)
