"""CloudWatch log groups."""

from __future__ import annotations

from ..fields import dig, flag, number, text
from ..resource_type import AutoName, Change, Properties, ResourceType, deleting, finding_by_name, table
from ..tagging import Tagging
from ..work import Work

_FIELDS = {
    "name": text("logGroupName", required=True, replaces=True),
    "kmsKeyId": text("kmsKeyId", group="key"),
    "logGroupClass": text("logGroupClass", default="STANDARD", replaces=True),
    "retentionInDays": number(read="retentionInDays", default=0, group="retention"),
    "skipDestroy": flag(default=False),
}


def _create(work: Work, given: Properties) -> str:
    key = {"kmsKeyId": given["kmsKeyId"]} if given.get("kmsKeyId") else {}
    tags = {"tags": dict(work.tags)} if work.tags else {}
    log_class = given["logGroupClass"]
    work.call("create_log_group", logGroupName=given["name"], logGroupClass=log_class, **key, **tags)
    return given["name"]


def _describe(work: Work, group: str, state: Properties) -> Properties | None:
    found = work.call("describe_log_groups", logGroupNamePrefix=group)["logGroups"]
    return next((each for each in found if each["logGroupName"] == group), None)


def _set_retention(work: Work, group: str, change: Change) -> None:
    days = change.new.get("retentionInDays")
    if days:
        work.call("put_retention_policy", logGroupName=group, retentionInDays=int(days))
    else:
        work.call("delete_retention_policy", logGroupName=group)


def _set_key(work: Work, group: str, change: Change) -> None:
    if change.new.get("kmsKeyId"):
        work.call("associate_kms_key", logGroupName=group, kmsKeyId=change.new["kmsKeyId"])
    else:
        work.call("disassociate_kms_key", logGroupName=group)


def _delete(work: Work, group: str, state: Properties) -> None:
    if not state.get("skipDestroy"):
        deleting("delete_log_group", "logGroupName")(work, group, state)


def _plain_arn(work: Work, group: str, description: Properties) -> str:
    # The API's ARN names all streams of the group (…:*); the provider's names the group.
    return dig(description, "arn").removesuffix(":*")


_TAGGING = Tagging(
    read=lambda work, group, _: work.call("list_tags_log_group", logGroupName=group).get("tags", {}),
    add=lambda work, group, tags: work.call("tag_log_group", logGroupName=group, tags=dict(tags)),
    remove=lambda work, group, keys: work.call("untag_log_group", logGroupName=group, tags=keys),
    at_creation=lambda tags: {},
)

_LOG_GROUP = ResourceType(
    "aws:cloudwatch/logGroup:LogGroup",
    "logs",
    _FIELDS,
    create=_create,
    describe=_describe,
    delete=_delete,
    outputs={"arn": _plain_arn},
    updates={"retention": _set_retention, "key": _set_key},
    after_create=("retention",),
    find=finding_by_name("name", _describe),
    tagging=_TAGGING,
    auto_name=AutoName(limit=512),
    unsettled={},
)

TYPES = table(_LOG_GROUP)
