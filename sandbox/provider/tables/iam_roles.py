"""IAM roles and instance profiles."""

from __future__ import annotations

from ..fields import dig, document, flag, number, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..work import Work
from .iam_shapes import tagging, text_of

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
    return {**found, "AssumeRolePolicyDocument": text_of(found["AssumeRolePolicyDocument"])}


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
    tagging=tagging("role", "RoleName"),
    auto_name=AutoName(limit=64),
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
    tagging=tagging("instance_profile", "InstanceProfileName"),
    auto_name=AutoName(limit=128),
    regional=False,
)

TYPES = table(_ROLE, _PROFILE)
