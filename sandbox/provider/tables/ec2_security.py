"""Security groups and their rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..fields import blocks, dig, flag, number, request, text
from ..resource_type import (
    AutoName,
    Change,
    Properties,
    ResourceType,
    creating,
    describing,
    table,
)
from ..tagging import ec2_tagging
from ..work import Work

_GROUP_FIELDS = {
    "name": text("GroupName", computed=True, replaces=True),
    "description": text("Description", default="Managed by Pulumi", replaces=True),
    "vpcId": text("VpcId", required=True, replaces=True),
    "revokeRulesOnDelete": flag(default=False),
}
_GROUP_OUTPUTS = {"arn": lambda work, each, _: work.arn(f"security-group/{each}"), "ownerId": "OwnerId"}
_MEMBER = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


def _revoke_everything(work: Work, group: str, directions: tuple[str, ...]) -> None:
    description = dig(work.call("describe_security_groups", GroupIds=[group]), "SecurityGroups.0")
    for direction in directions:
        permissions = description[_MEMBER[direction]]
        if permissions:
            work.call(f"revoke_security_group_{direction}", GroupId=group, IpPermissions=permissions)


def _close_egress(work: Work, group: str, given: Properties) -> None:
    """AWS lets a new group send anything; the real provider takes that rule away, so that every rule is declared."""
    _revoke_everything(work, group, ("egress",))


def _find_group(work: Work, given: Properties) -> str | None:
    wanted = [
        {"Name": "group-name", "Values": [given["name"]]},
        {"Name": "vpc-id", "Values": [given["vpcId"]]},
    ]
    return dig(work.call("describe_security_groups", Filters=wanted), "SecurityGroups.0.GroupId")


def _delete_group(work: Work, group: str, state: Properties) -> None:
    if state.get("revokeRulesOnDelete"):
        _revoke_everything(work, group, ("ingress", "egress"))
    work.call("delete_security_group", GroupId=group)


_SECURITY_GROUP = ResourceType(
    "aws:ec2/securityGroup:SecurityGroup",
    "ec2",
    _GROUP_FIELDS,
    create=creating(_GROUP_FIELDS, "create_security_group", "GroupId"),
    describe=describing("describe_security_groups", "GroupIds", "SecurityGroups.0"),
    delete=_delete_group,
    outputs=_GROUP_OUTPUTS,
    settle=_close_egress,
    find=_find_group,
    tagging=ec2_tagging("security-group"),
    auto_name=AutoName(),
)

_DEFAULT_GROUP_FIELDS = {
    "vpcId": text("VpcId", required=True, replaces=True),
    # Rules are resources of their own: here only "none" can be said, which is what the group gets anyway.
    "ingress": blocks(default=[]),
    "egress": blocks(default=[]),
    "revokeRulesOnDelete": flag(default=False),
}


def _check_default_group(given: Properties) -> list[tuple[str, str]]:
    reason = (
        "the sandbox models the default group without rules only; declare rules as resources of their own"
    )
    return [(name, reason) for name in ("ingress", "egress") if given.get(name)]


def _default_group(work: Work, given: Properties) -> str:
    wanted = [{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [given["vpcId"]]}]
    return dig(work.call("describe_security_groups", Filters=wanted), "SecurityGroups.0.GroupId")


def _lock_default_group(work: Work, group: str, given: Properties) -> None:
    _revoke_everything(work, group, ("ingress", "egress"))


def _leave_default_group(work: Work, group: str, state: Properties) -> None:
    """AWS owns the default group: it goes with its VPC, and the resource is only forgotten."""


_DEFAULT_SECURITY_GROUP = ResourceType(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "ec2",
    _DEFAULT_GROUP_FIELDS,
    create=_default_group,
    describe=describing("describe_security_groups", "GroupIds", "SecurityGroups.0"),
    delete=_leave_default_group,
    outputs={**_GROUP_OUTPUTS, "name": "GroupName", "description": "Description"},
    settle=_lock_default_group,
    find=_default_group,
    check=_check_default_group,
    tagging=replace(ec2_tagging("security-group"), at_creation=None),
)

_RULE_FIELDS = {
    "securityGroupId": text(read="GroupId", required=True, replaces=True),
    "ipProtocol": text("IpProtocol", required=True, group="rule"),
    "fromPort": number("FromPort", computed=True, group="rule"),
    "toPort": number("ToPort", computed=True, group="rule"),
    "cidrIpv4": text("CidrIpv4", group="rule"),
    "cidrIpv6": text("CidrIpv6", group="rule"),
    "prefixListId": text("PrefixListId", group="rule"),
    "referencedSecurityGroupId": text("ReferencedGroupId", read="ReferencedGroupInfo.GroupId", group="rule"),
    "description": text("Description", group="rule"),
}
_SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _permission(given: Properties) -> dict[str, Any]:
    """A rule as the authorize calls take it."""
    permission: dict[str, Any] = {"IpProtocol": str(given["ipProtocol"])}
    if given.get("fromPort") is not None:
        permission |= {"FromPort": int(given["fromPort"]), "ToPort": int(given["toPort"])}
    for name, (member, key) in _SOURCES.items():
        if given.get(name) is not None:
            described = {"Description": given["description"]} if given.get("description") else {}
            permission[member] = [{key: given[name], **described}]
    return permission


def _modify_rule(work: Work, rule: str, change: Change) -> None:
    wanted = request({name: each for name, each in _RULE_FIELDS.items() if each.api}, change.new)
    work.call(
        "modify_security_group_rules",
        GroupId=change.new["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}],
    )


def _check_rule(given: Properties) -> list[tuple[str, str]]:
    sources = [name for name in _SOURCES if given.get(name) is not None]
    return (
        []
        if len(sources) == 1
        else [("", f"exactly one of {', '.join(_SOURCES)} must be set, got {len(sources)}")]
    )


def _rule(direction: str) -> ResourceType:
    def create(work: Work, given: Properties) -> str:
        answer = work.call(
            f"authorize_security_group_{direction}",
            GroupId=given["securityGroupId"],
            IpPermissions=[_permission(given)],
            **work.tag_request,
        )
        return answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def find(work: Work, given: Properties) -> str | None:
        wanted = [{"Name": "group-id", "Values": [given["securityGroupId"]]}]
        compared = [
            name for name, each in _RULE_FIELDS.items() if name != "description" and not each.computed
        ]
        for rule in work.pages("describe_security_group_rules", "SecurityGroupRules", Filters=wanted):
            same = all(
                not _RULE_FIELDS[name].differs(
                    given.get(name), dig(rule, _RULE_FIELDS[name].read or _RULE_FIELDS[name].api)
                )
                for name in compared
            )
            ports = (given.get("fromPort", -1), given.get("toPort", -1))
            if (
                same
                and rule["IsEgress"] == (direction == "egress")
                and (rule["FromPort"], rule["ToPort"]) == ports
            ):
                return rule["SecurityGroupRuleId"]
        return None

    def delete(work: Work, rule: str, state: Properties) -> None:
        work.call(
            f"revoke_security_group_{direction}",
            GroupId=state["securityGroupId"],
            SecurityGroupRuleIds=[rule],
        )

    return ResourceType(
        f"aws:vpc/securityGroup{direction.title()}Rule:SecurityGroup{direction.title()}Rule",
        "ec2",
        _RULE_FIELDS,
        create=create,
        describe=describing("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules.0"),
        delete=delete,
        outputs={
            "arn": lambda work, rule, _: work.arn(f"security-group-rule/{rule}"),
            "securityGroupRuleId": "SecurityGroupRuleId",
        },
        updates={"rule": _modify_rule},
        find=find,
        tagging=ec2_tagging("security-group-rule"),
        check=_check_rule,
    )


TYPES = table(_SECURITY_GROUP, _DEFAULT_SECURITY_GROUP, _rule("ingress"), _rule("egress"))
