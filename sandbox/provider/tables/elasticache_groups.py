"""Subnet groups and parameter groups of ElastiCache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..fields import blocks, dig, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import Tagging, from_pairs, pairs
from ..work import Work

_PARAMETERS_PER_CALL = 20


def tagging(kind: str) -> Tagging:
    """ElastiCache's tags, by the ARN of the resource."""

    def read(work: Work, name: str, description: Properties) -> dict[str, str]:
        answer = work.call("list_tags_for_resource", ResourceName=work.arn(f"{kind}:{name}"))
        return from_pairs(answer.get("TagList"))

    def add(work: Work, name: str, tags: Any) -> None:
        work.call("add_tags_to_resource", ResourceName=work.arn(f"{kind}:{name}"), Tags=pairs(tags))

    def remove(work: Work, name: str, keys: list[str]) -> None:
        work.call("remove_tags_from_resource", ResourceName=work.arn(f"{kind}:{name}"), TagKeys=keys)

    return Tagging(read, add, remove, lambda tags: {"Tags": pairs(tags)} if tags else {})


_SUBNET_GROUP_FIELDS = {
    # Stored in lower case by the service (R9), so another case is no change.
    "name": text("CacheSubnetGroupName", required=True, replaces=True, fold=True),
    "description": text("CacheSubnetGroupDescription", default="Managed by Pulumi", group="group"),
    "subnetIds": texts("SubnetIds", required=True, group="group"),
}


def _create_subnet_group(work: Work, given: Properties) -> str:
    wanted = request(_SUBNET_GROUP_FIELDS, given)
    return work.call("create_cache_subnet_group", **wanted, **work.tag_request)["CacheSubnetGroup"][
        "CacheSubnetGroupName"
    ]


def _describe_subnet_group(work: Work, name: str, state: Properties) -> Properties | None:
    found = dig(work.call("describe_cache_subnet_groups", CacheSubnetGroupName=name), "CacheSubnetGroups.0")
    if found is None:
        return None
    return {**found, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in found.get("Subnets", [])]}


def _modify_subnet_group(work: Work, name: str, change: Change) -> None:
    work.call(
        "modify_cache_subnet_group",
        **request(_SUBNET_GROUP_FIELDS, {"description": "Managed by Pulumi", **change.new}),
    )


def _delete_subnet_group(work: Work, name: str, state: Properties) -> None:
    work.call("delete_cache_subnet_group", CacheSubnetGroupName=name)


_SUBNET_GROUP = ResourceType(
    "aws:elasticache/subnetGroup:SubnetGroup",
    "elasticache",
    _SUBNET_GROUP_FIELDS,
    create=_create_subnet_group,
    describe=_describe_subnet_group,
    delete=_delete_subnet_group,
    outputs={"arn": lambda work, name, _: work.arn(f"subnetgroup:{name}"), "vpcId": "VpcId"},
    updates={"group": _modify_subnet_group},
    find=finding_by_name("name", _describe_subnet_group, lower=True),
    tagging=tagging("subnetgroup"),
    auto_name=AutoName(limit=255),
)

_PARAMETER = {
    "name": text("ParameterName", required=True, fold=True),
    "value": text("ParameterValue", required=True),
}
_PARAMETER_GROUP_FIELDS = {
    "name": text("CacheParameterGroupName", required=True, replaces=True, fold=True),
    "family": text("CacheParameterGroupFamily", required=True, replaces=True),
    "description": text("Description", default="Managed by Pulumi", replaces=True),
    "parameters": blocks("ParameterNameValues", _PARAMETER, sent=False, group="parameters"),
}


def _create_parameter_group(work: Work, given: Properties) -> str:
    wanted = request(_PARAMETER_GROUP_FIELDS, given)
    return work.call("create_cache_parameter_group", **wanted, **work.tag_request)["CacheParameterGroup"][
        "CacheParameterGroupName"
    ]


def _describe_parameter_group(work: Work, name: str, state: Properties) -> Properties | None:
    answer = work.call("describe_cache_parameter_groups", CacheParameterGroupName=name)
    found = dig(answer, "CacheParameterGroups.0")
    if found is None:
        return None
    own = work.pages("describe_cache_parameters", "Parameters", CacheParameterGroupName=name, Source="user")
    return {**found, "ParameterNameValues": own}


def _by_name(parameters: Any) -> dict[str, str]:
    return {str(each["name"]).lower(): str(each["value"]) for each in parameters or []}


def _batches(items: Iterable[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    every = list(items)
    for start in range(0, len(every), _PARAMETERS_PER_CALL):
        yield every[start : start + _PARAMETERS_PER_CALL]


def _set_parameters(work: Work, name: str, change: Change) -> None:
    """Sends what is new or changed and resets what went, 20 to a call."""
    old, new = _by_name(change.old.get("parameters")), _by_name(change.new.get("parameters"))
    gone = [{"ParameterName": key, "ParameterValue": old[key]} for key in sorted(set(old) - set(new))]
    changed = [
        {"ParameterName": key, "ParameterValue": value}
        for key, value in sorted(new.items())
        if old.get(key) != value
    ]
    for batch in _batches(gone):
        work.call("reset_cache_parameter_group", CacheParameterGroupName=name, ParameterNameValues=batch)
    for batch in _batches(changed):
        work.call("modify_cache_parameter_group", CacheParameterGroupName=name, ParameterNameValues=batch)


def _delete_parameter_group(work: Work, name: str, state: Properties) -> None:
    work.call("delete_cache_parameter_group", CacheParameterGroupName=name)


_PARAMETER_GROUP = ResourceType(
    "aws:elasticache/parameterGroup:ParameterGroup",
    "elasticache",
    _PARAMETER_GROUP_FIELDS,
    create=_create_parameter_group,
    describe=_describe_parameter_group,
    delete=_delete_parameter_group,
    outputs={"arn": lambda work, name, _: work.arn(f"parametergroup:{name}")},
    updates={"parameters": _set_parameters},
    after_create=("parameters",),
    find=finding_by_name("name", _describe_parameter_group, lower=True),
    tagging=tagging("parametergroup"),
    auto_name=AutoName(limit=255),
)

TYPES = table(_SUBNET_GROUP, _PARAMETER_GROUP)
