"""IAM policies: of their own, attached, and inside a role."""

from __future__ import annotations

from ..fields import document, request, text
from ..resource_type import AutoName, Change, Properties, ResourceType, table
from ..work import Work
from .iam_shapes import tagging, text_of

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
    return {**found, "PolicyDocument": text_of(found["PolicyDocument"])}


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
    return {**found, "PolicyDocument": text_of(version["PolicyVersion"]["Document"])}


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
    tagging=tagging("policy", "PolicyArn"),
    auto_name=AutoName(limit=128),
    regional=False,
)

TYPES = table(_ROLE_POLICY, _ATTACHMENT, _POLICY)
