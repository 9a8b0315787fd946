"""KMS keys and their aliases."""

from __future__ import annotations

from typing import Any

from ..fields import document, flag, number, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import MARK_TAG, Tagging, from_pairs, pairs
from ..work import Work

_KEY_FIELDS = {
    "description": text("Description", computed=True, group="description"),
    "policy": document("Policy", computed=True, group="policy"),
    "keyUsage": text("KeyUsage", default="ENCRYPT_DECRYPT", replaces=True),
    "customerMasterKeySpec": text("KeySpec", default="SYMMETRIC_DEFAULT", replaces=True),
    "multiRegion": flag("MultiRegion", computed=True, replaces=True),
    "bypassPolicyLockoutSafetyCheck": flag("BypassPolicyLockoutSafetyCheck", default=False, write_only=True),
    "enableKeyRotation": flag(read="KeyRotationEnabled", default=False, group="rotation"),
    "rotationPeriodInDays": number(read="RotationPeriodInDays", computed=True, group="rotation"),
    "isEnabled": flag(read="Enabled", default=True, group="enabled"),
    "deletionWindowInDays": number(),
}


def _create_key(work: Work, given: Properties) -> str:
    return work.call("create_key", **request(_KEY_FIELDS, given), **work.tag_request)["KeyMetadata"]["KeyId"]


def _describe_key(work: Work, key: str, state: Properties) -> Properties | None:
    metadata = work.call("describe_key", KeyId=key)["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        return None
    rotation = work.call("get_key_rotation_status", KeyId=key)
    if not rotation["KeyRotationEnabled"]:
        rotation.pop("RotationPeriodInDays", None)
    policy = work.call("get_key_policy", KeyId=key, PolicyName="default")["Policy"]
    return {**rotation, **metadata, "Policy": policy}


def _set_rotation(work: Work, key: str, change: Change) -> None:
    if change.new.get("enableKeyRotation"):
        period = change.new.get("rotationPeriodInDays")
        days = {"RotationPeriodInDays": int(period)} if period else {}
        work.call("enable_key_rotation", KeyId=key, **days)
    else:
        work.call("disable_key_rotation", KeyId=key)


def _set_policy(work: Work, key: str, change: Change) -> None:
    skip = bool(change.new.get("bypassPolicyLockoutSafetyCheck"))
    work.call(
        "put_key_policy",
        KeyId=key,
        PolicyName="default",
        Policy=change.new["policy"],
        BypassPolicyLockoutSafetyCheck=skip,
    )


def _set_description(work: Work, key: str, change: Change) -> None:
    work.call("update_key_description", KeyId=key, Description=change.new.get("description", ""))


def _set_enabled(work: Work, key: str, change: Change) -> None:
    work.call("enable_key" if change.new.get("isEnabled", True) else "disable_key", KeyId=key)


def _find_key(work: Work, given: Properties) -> str | None:
    """Keys cannot be filtered by tag: asks each for its tags, which is fine for the few a sandbox has."""
    if not work.mark:
        return None
    for key in work.pages("list_keys", "Keys"):
        if _key_tags(work, key["KeyId"], {}).get(MARK_TAG) == work.mark:
            return key["KeyId"]
    return None


def _delete_key(work: Work, key: str, state: Properties) -> None:
    metadata = work.call("describe_key", KeyId=key)["KeyMetadata"]
    if metadata["KeyState"] != "PendingDeletion":
        days = int(state.get("deletionWindowInDays") or 30)
        work.call("schedule_key_deletion", KeyId=key, PendingWindowInDays=days)


def _key_tags(work: Work, key: str, description: Properties) -> dict[str, str]:
    return from_pairs(work.call("list_resource_tags", KeyId=key).get("Tags"), "TagKey", "TagValue")


_KEY_TAGGING = Tagging(
    read=_key_tags,
    add=lambda work, key, tags: work.call("tag_resource", KeyId=key, Tags=pairs(tags, "TagKey", "TagValue")),
    remove=lambda work, key, keys: work.call("untag_resource", KeyId=key, TagKeys=keys),
    at_creation=lambda tags: {"Tags": pairs(tags, "TagKey", "TagValue")} if tags else {},
)

_KEY = ResourceType(
    "aws:kms/key:Key",
    "kms",
    _KEY_FIELDS,
    create=_create_key,
    describe=_describe_key,
    delete=_delete_key,
    outputs={"arn": "Arn", "keyId": "KeyId"},
    updates={
        "enabled": _set_enabled,
        "rotation": _set_rotation,
        "description": _set_description,
        "policy": _set_policy,
    },
    after_create=("rotation", "enabled"),
    find=_find_key,
    marked=True,
    tagging=_KEY_TAGGING,
)

_ALIAS_FIELDS = {
    "name": text("AliasName", required=True, replaces=True),
    "targetKeyId": text("TargetKeyId", required=True, group="target"),
}


def _create_alias(work: Work, given: Properties) -> str:
    work.call("create_alias", **request(_ALIAS_FIELDS, given))
    return given["name"]


def _describe_alias(work: Work, alias: str, state: Properties) -> Properties | None:
    found = next((each for each in work.pages("list_aliases", "Aliases") if each["AliasName"] == alias), None)
    if found is None:
        return None
    target = found["TargetKeyId"]
    arn = work.arn(f"key/{target}")
    # The program may have given the key's id or its ARN: shown as it was given.
    shown = arn if str(state.get("targetKeyId", "")).startswith("arn:") else target
    return {"AliasName": alias, "TargetKeyId": shown, "Arn": found["AliasArn"], "TargetArn": arn}


def _retarget(work: Work, alias: str, change: Change) -> None:
    work.call("update_alias", AliasName=alias, TargetKeyId=change.new["targetKeyId"])


def _delete_alias(work: Work, alias: str, state: Properties) -> None:
    work.call("delete_alias", AliasName=alias)


def _check_alias(given: Properties) -> list[tuple[str, str]]:
    name: Any = given.get("name", "alias/")
    return (
        [] if str(name).startswith("alias/") else [("name", f"name must begin with 'alias/', got {name!r}")]
    )


_ALIAS = ResourceType(
    "aws:kms/alias:Alias",
    "kms",
    _ALIAS_FIELDS,
    create=_create_alias,
    describe=_describe_alias,
    delete=_delete_alias,
    outputs={"arn": "Arn", "targetKeyArn": "TargetArn"},
    updates={"target": _retarget},
    find=finding_by_name("name", _describe_alias),
    auto_name=AutoName(prefix="alias/"),
    delete_before_replace=True,
    unsettled={"targetKeyId": ("targetKeyArn",)},
    check=_check_alias,
)

TYPES = table(_KEY, _ALIAS)
