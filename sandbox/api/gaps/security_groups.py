"""Rules of security groups as AWS shows and changes them; groups that are in use stay."""

from __future__ import annotations

from typing import Any

from .patch import around


def rules_naming(backend: Any, group_id: str) -> list[Any]:
    """Rules of other groups that have this group as their source or target."""
    return [
        rule
        for groups in list(backend.groups.values())
        for group in list(groups.values())
        if group.id != group_id
        for rule in (*group.ingress_rules, *group.egress_rules)
        if rule.source_group.get("GroupId") == group_id
    ]


def _description(rule: Any) -> str | None:
    """moto keeps it only for address ranges."""
    return getattr(rule, "sandbox_description", None) or (rule.ip_range or rule.source_group).get(
        "Description"
    )


def _check_not_in_use(backend: Any, group_id: str) -> None:
    from moto.ec2.exceptions import DependencyViolationError, EC2ClientError

    group = backend.get_security_group_from_id(group_id)
    if group is None:
        return
    if group.is_default and group.vpc_id in backend.vpcs:
        message = f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
        raise EC2ClientError("CannotDelete", message)
    users = [one.id for one in list(backend.enis.values()) if group in one.group_set]
    if users or rules_naming(backend, group_id):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")


def _change_rule(rule: Any, new: dict[str, Any]) -> None:
    if "ReferencedGroupId" in new:
        rule.source_group = {"GroupId": new["ReferencedGroupId"], "UserId": rule.owner_id}
    if "PrefixListId" in new:
        rule.prefix_list_id = new["PrefixListId"]
    if "CidrIpv6" in new:
        rule.ip_range["CidrIpv6"] = new["CidrIpv6"]
    if new["IpProtocol"] == "-1":
        rule.from_port = rule.to_port = None
    for place in (rule.ip_range, rule.source_group):  # what is left out of a modification is gone
        place.pop("Description", None)
    rule.sandbox_description = new.get("Description")


def install() -> None:
    """Patches description, modification and deletion."""
    from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
    from moto.ec2.responses.security_groups import SecurityGroups

    SecurityGroupRule.description = property(_description)  # type: ignore[assignment]

    @around(SecurityGroupRule, "__init__")
    def keep_description(original: Any, rule: Any, *args: Any, **kwargs: Any) -> None:
        original(rule, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
        rule.sandbox_description = prefix_list.get("Description")

    @around(SecurityGroupBackend, "modify_security_group_rules")
    def modify(original: Any, backend: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        for new in rules.values():
            if new.get("IpProtocol") == "-1":  # moto wants ports where AWS takes none
                new.setdefault("FromPort", -1)
                new.setdefault("ToPort", -1)
        original(backend, group_id, rules)
        group = backend.get_security_group_from_id(group_id)
        for rule_id, new in rules.items():
            _change_rule(group.get_rule(rule_id), new)

    @around(SecurityGroupBackend, "delete_security_group")
    def delete(original: Any, backend: Any, name: str | None = None, group_id: str | None = None) -> None:
        if group_id:
            _check_not_in_use(backend, group_id)
        original(backend, name, group_id)

    for action in ("authorize_security_group_ingress", "authorize_security_group_egress"):
        around(SecurityGroups, action)(_authorize(InvalidSecurityGroupNotFoundError))


def _authorize(not_found: type[Exception]) -> Any:
    def authorize(original: Any, response: Any) -> Any:
        """moto takes a source group that does not exist."""
        for permission in response._get_param("IpPermissions", []):
            for pair in permission.get("UserIdGroupPairs", []):
                group_id = pair.get("GroupId")
                if group_id and response.ec2_backend.get_security_group_from_id(group_id) is None:
                    raise not_found(group_id)
        return original(response)

    return authorize
