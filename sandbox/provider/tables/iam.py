"""IAM roles, policies and instance profiles."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from ..fields import dig, document, flag, number, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import Tagging, from_pairs, pairs
from ..work import Work


def _tagging(thing: str, parameter: str) -> Tagging:
    def read(work: Work, resource: str, description: Properties) -> dict[str, str]:
        return from_pairs(description.get("Tags"))

    def add(work: Work, resource: str, tags: Any) -> None:
        work.call(f"tag_{thing}", **{parameter: resource}, Tags=pairs(tags))

    def remove(work: Work, resource: str, keys: list[str]) -> None:
        work.call(f"untag_{thing}", **{parameter: resource}, TagKeys=keys)

    return Tagging(read, add, remove, lambda tags: {"Tags": pairs(tags)} if tags else {})


def _text_of(policy: Any) -> str:
    """A policy document as text: botocore gives objects, some services URL-encoded text."""
    return (
        policy
        if isinstance(policy, str) and policy.startswith("{")
        else (unquote(policy) if isinstance(policy, str) else json.dumps(policy))
    )


_ROLE_FIELDS = {
    "name": text("RoleName", required=True, replaces=True),
    "assumeRolePolicy": document("AssumeRolePolicyDocument", required=True, group="trust"),
    "description": text("Description", default="", group="role"),
    "maxSessionDuration": number("MaxSessionDuration", default=3600, group="role"),
    "path": text("Path", default="/", replaces=True),
    "permissionsBoundary": text(
        "PermissionsBoundary", read="PermissionsBoundary.PermissionsBoundaryArn", group="boundary"
    ),
    "forceDetachPolicies": flag(default=False),
}


def _create_role(work: Work, given: Properties) -> str:
    work.call("create_role", **request(_ROLE_FIELDS, given), **work.tag_request)
    return given["name"]


def _describe_role(work: Work, role: str, state: Properties) -> Properties | None:
    found = work.call("get_role", RoleName=role)["Role"]
    return {**found, "AssumeRolePolicyDocument": _text_of(found["AssumeRolePolicyDocument"])}


def _set_trust(work: Work, role: str, change: Change) -> None:
    work.call("update_assume_role_policy", RoleName=role, PolicyDocument=change.new["assumeRolePolicy"])


def _set_role(work: Work, role: str, change: Change) -> None:
    duration = int(change.new.get("maxSessionDuration", 3600))
    work.call(
        "update_role",
        RoleName=role,
        Description=change.new.get("description", ""),
        MaxSessionDuration=duration,
    )


def _set_boundary(work: Work, role: str, change: Change) -> None:
    boundary = change.new.get("permissionsBoundary")
    if boundary:
        work.call("put_role_permissions_boundary", RoleName=role, PermissionsBoundary=boundary)
    else:
        work.call("delete_role_permissions_boundary", RoleName=role)


def _delete_role(work: Work, role: str, state: Properties) -> None:
    if state.get("forceDetachPolicies"):
        for policy in work.pages("list_attached_role_policies", "AttachedPolicies", RoleName=role):
            work.call("detach_role_policy", RoleName=role, PolicyArn=policy["PolicyArn"])
        for name in work.pages("list_role_policies", "PolicyNames", RoleName=role):
            work.call("delete_role_policy", RoleName=role, PolicyName=name)
    work.call("delete_role", RoleName=role)


_ROLE = ResourceType(
    "aws:iam/role:Role",
    "iam",
    _ROLE_FIELDS,
    create=_create_role,
    describe=_describe_role,
    delete=_delete_role,
    outputs={
        "arn": "Arn",
        "uniqueId": "RoleId",
        "createDate": lambda work, role, description: description["CreateDate"].strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
    },
    updates={"trust": _set_trust, "role": _set_role, "boundary": _set_boundary},
    find=finding_by_name("name", _describe_role),
    tagging=_tagging("role", "RoleName"),
    auto_name=AutoName(limit=64),
    regional=False,
)

_ROLE_POLICY_FIELDS = {
    "name": text("PolicyName", required=True, replaces=True),
    "role": text("RoleName", required=True, replaces=True),
    "policy": document("PolicyDocument", required=True, group="policy"),
}


def _put_role_policy(work: Work, given: Properties) -> str:
    work.call("put_role_policy", **request(_ROLE_POLICY_FIELDS, given))
    return f"{given['role']}:{given['name']}"


def _describe_role_policy(work: Work, policy: str, state: Properties) -> Properties | None:
    role, _, name = policy.partition(":")
    found = work.call("get_role_policy", RoleName=role, PolicyName=name)
    return {**found, "PolicyDocument": _text_of(found["PolicyDocument"])}


def _delete_role_policy(work: Work, policy: str, state: Properties) -> None:
    role, _, name = policy.partition(":")
    work.call("delete_role_policy", RoleName=role, PolicyName=name)


_ROLE_POLICY = ResourceType(
    "aws:iam/rolePolicy:RolePolicy",
    "iam",
    _ROLE_POLICY_FIELDS,
    create=_put_role_policy,
    describe=_describe_role_policy,
    delete=_delete_role_policy,
    updates={"policy": lambda work, policy, change: _put_role_policy(work, change.new)},
    auto_name=AutoName(limit=128),
    regional=False,
)

_ATTACHMENT_FIELDS = {
    "role": text("RoleName", required=True, replaces=True),
    "policyArn": text("PolicyArn", required=True, replaces=True),
}


def _attach(work: Work, given: Properties) -> str:
    work.call("attach_role_policy", **request(_ATTACHMENT_FIELDS, given))
    return f"{given['role']}/{given['policyArn']}"


def _describe_attachment(work: Work, attachment: str, state: Properties) -> Properties | None:
    role, _, arn = attachment.partition("/")
    attached = work.pages("list_attached_role_policies", "AttachedPolicies", RoleName=role)
    found = any(policy["PolicyArn"] == arn for policy in attached)
    return {"RoleName": role, "PolicyArn": arn} if found else None


def _detach(work: Work, attachment: str, state: Properties) -> None:
    role, _, arn = attachment.partition("/")
    work.call("detach_role_policy", RoleName=role, PolicyArn=arn)


_ATTACHMENT = ResourceType(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "iam",
    _ATTACHMENT_FIELDS,
    create=_attach,
    describe=_describe_attachment,
    delete=_detach,
    regional=False,
)

_PROFILE_FIELDS = {
    "name": text("InstanceProfileName", required=True, replaces=True),
    "path": text("Path", default="/", replaces=True),
    "role": text(read="Roles.0.RoleName", group="role"),
}


def _create_profile(work: Work, given: Properties) -> str:
    work.call("create_instance_profile", **request(_PROFILE_FIELDS, given), **work.tag_request)
    return given["name"]


def _describe_profile(work: Work, profile: str, state: Properties) -> Properties | None:
    return work.call("get_instance_profile", InstanceProfileName=profile)["InstanceProfile"]


def _set_profile_role(work: Work, profile: str, change: Change) -> None:
    current = dig(_describe_profile(work, profile, {}), "Roles.0.RoleName")
    wanted = change.new.get("role")
    if current and current != wanted:
        work.call("remove_role_from_instance_profile", InstanceProfileName=profile, RoleName=current)
    if wanted and current != wanted:
        work.call("add_role_to_instance_profile", InstanceProfileName=profile, RoleName=wanted)


def _delete_profile(work: Work, profile: str, state: Properties) -> None:
    for role in (_describe_profile(work, profile, {}) or {}).get("Roles", []):
        work.call("remove_role_from_instance_profile", InstanceProfileName=profile, RoleName=role["RoleName"])
    work.call("delete_instance_profile", InstanceProfileName=profile)


_PROFILE = ResourceType(
    "aws:iam/instanceProfile:InstanceProfile",
    "iam",
    _PROFILE_FIELDS,
    create=_create_profile,
    describe=_describe_profile,
    delete=_delete_profile,
    outputs={
        "arn": "Arn",
        "uniqueId": "InstanceProfileId",
        "createDate": lambda work, each, description: description["CreateDate"].strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
    },
    updates={"role": _set_profile_role},
    after_create=("role",),
    find=finding_by_name("name", _describe_profile),
    tagging=_tagging("instance_profile", "InstanceProfileName"),
    auto_name=AutoName(limit=128),
    regional=False,
)

_POLICY_FIELDS = {
    "name": text("PolicyName", required=True, replaces=True),
    "path": text("Path", default="/", replaces=True),
    "description": text("Description", default="", replaces=True),
    "policy": document("PolicyDocument", required=True, group="policy"),
}


def _create_policy(work: Work, given: Properties) -> str:
    return work.call("create_policy", **request(_POLICY_FIELDS, given), **work.tag_request)["Policy"]["Arn"]


def _describe_policy(work: Work, arn: str, state: Properties) -> Properties | None:
    found = work.call("get_policy", PolicyArn=arn)["Policy"]
    version = work.call("get_policy_version", PolicyArn=arn, VersionId=found["DefaultVersionId"])
    return {**found, "PolicyDocument": _text_of(version["PolicyVersion"]["Document"])}


def _set_policy(work: Work, arn: str, change: Change) -> None:
    """AWS keeps five versions; the oldest makes room."""
    _drop_versions(work, arn, keep=4)
    work.call("create_policy_version", PolicyArn=arn, PolicyDocument=change.new["policy"], SetAsDefault=True)


def _drop_versions(work: Work, arn: str, keep: int) -> None:
    versions = work.pages("list_policy_versions", "Versions", PolicyArn=arn)
    others = sorted(
        (each for each in versions if not each["IsDefaultVersion"]), key=lambda each: each["CreateDate"]
    )
    for version in others[: max(0, len(versions) - keep)]:
        work.call("delete_policy_version", PolicyArn=arn, VersionId=version["VersionId"])


def _delete_policy(work: Work, arn: str, state: Properties) -> None:
    _drop_versions(work, arn, keep=0)
    work.call("delete_policy", PolicyArn=arn)


def _find_policy(work: Work, given: Properties) -> str | None:
    arn = f"arn:aws:iam::{work.account_id}:policy{given.get('path', '/')}{given['name']}"
    return arn if _describe_policy(work, arn, given) else None


_POLICY = ResourceType(
    "aws:iam/policy:Policy",
    "iam",
    _POLICY_FIELDS,
    create=_create_policy,
    describe=_describe_policy,
    delete=_delete_policy,
    outputs={"arn": "Arn", "policyId": "PolicyId", "attachmentCount": "AttachmentCount"},
    updates={"policy": _set_policy},
    find=_find_policy,
    tagging=_tagging("policy", "PolicyArn"),
    auto_name=AutoName(limit=128),
    regional=False,
)

TYPES = table(_ROLE, _ROLE_POLICY, _ATTACHMENT, _PROFILE, _POLICY)
