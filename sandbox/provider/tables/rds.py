"""Databases of RDS: subnet groups, parameter groups, instances."""

from __future__ import annotations

from typing import Any

from ..errors import ProviderError
from ..fields import blocks, dig, flag, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import Tagging, from_pairs, pairs
from ..work import Work

_PARAMETERS_PER_CALL = 20


def _tagging(kind: str) -> Tagging:
    """RDS's tags, by the ARN of the resource."""

    def read(work: Work, name: str, description: Properties) -> dict[str, str]:
        answer = work.call("list_tags_for_resource", ResourceName=work.arn(f"{kind}:{name}"))
        return from_pairs(answer.get("TagList"))

    def add(work: Work, name: str, tags: Any) -> None:
        work.call("add_tags_to_resource", ResourceName=work.arn(f"{kind}:{name}"), Tags=pairs(tags))

    def remove(work: Work, name: str, keys: list[str]) -> None:
        work.call("remove_tags_from_resource", ResourceName=work.arn(f"{kind}:{name}"), TagKeys=keys)

    return Tagging(read, add, remove, lambda tags: {"Tags": pairs(tags)} if tags else {})


_SUBNET_GROUP_FIELDS = {
    "name": text("DBSubnetGroupName", required=True, replaces=True, fold=True),
    "description": text("DBSubnetGroupDescription", default="Managed by Pulumi", group="group"),
    "subnetIds": texts("SubnetIds", required=True, group="group"),
}


def _create_subnet_group(work: Work, given: Properties) -> str:
    wanted = request(_SUBNET_GROUP_FIELDS, given)
    return work.call("create_db_subnet_group", **wanted, **work.tag_request)["DBSubnetGroup"][
        "DBSubnetGroupName"
    ]


def _describe_subnet_group(work: Work, name: str, state: Properties) -> Properties | None:
    found = dig(work.call("describe_db_subnet_groups", DBSubnetGroupName=name), "DBSubnetGroups.0")
    if found is None:
        return None
    return {**found, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in found.get("Subnets", [])]}


def _modify_subnet_group(work: Work, name: str, change: Change) -> None:
    wanted = request(_SUBNET_GROUP_FIELDS, {"description": "Managed by Pulumi", **change.new})
    work.call("modify_db_subnet_group", **wanted)


def _delete_subnet_group(work: Work, name: str, state: Properties) -> None:
    work.call("delete_db_subnet_group", DBSubnetGroupName=name)


_SUBNET_GROUP = ResourceType(
    "aws:rds/subnetGroup:SubnetGroup",
    "rds",
    _SUBNET_GROUP_FIELDS,
    create=_create_subnet_group,
    describe=_describe_subnet_group,
    delete=_delete_subnet_group,
    outputs={"arn": lambda work, name, _: work.arn(f"subgrp:{name}"), "vpcId": "VpcId"},
    updates={"group": _modify_subnet_group},
    find=finding_by_name("name", _describe_subnet_group, lower=True),
    tagging=_tagging("subgrp"),
    auto_name=AutoName(limit=255),
)

_PARAMETER = {
    "name": text("ParameterName", required=True),
    "value": text("ParameterValue", required=True),
    "applyMethod": text("ApplyMethod", default="immediate"),
}
_PARAMETER_GROUP_FIELDS = {
    "name": text("DBParameterGroupName", required=True, replaces=True, fold=True),
    "family": text("DBParameterGroupFamily", required=True, replaces=True),
    "description": text("Description", default="Managed by Pulumi", replaces=True),
    "parameters": blocks("Parameters", _PARAMETER, sent=False, group="parameters"),
}


def _create_parameter_group(work: Work, given: Properties) -> str:
    wanted = request(_PARAMETER_GROUP_FIELDS, given)
    answer = work.call("create_db_parameter_group", **wanted, **work.tag_request)
    return answer["DBParameterGroup"]["DBParameterGroupName"]


def _describe_parameter_group(work: Work, name: str, state: Properties) -> Properties | None:
    answer = work.call("describe_db_parameter_groups", DBParameterGroupName=name)
    found = dig(answer, "DBParameterGroups.0")
    if found is None:
        return None
    own = work.pages("describe_db_parameters", "Parameters", DBParameterGroupName=name, Source="user")
    return {**found, "Parameters": own}


def _set_parameters(work: Work, name: str, change: Change) -> None:
    """Sends all that are wanted and resets those that went, 20 to a call."""
    wanted = _PARAMETER_GROUP_FIELDS["parameters"].to_api(change.new.get("parameters") or [])
    wanted = [{"ApplyMethod": "immediate", **each} for each in wanted]
    names = {each["ParameterName"] for each in wanted}
    gone = [
        {"ParameterName": each["name"], "ApplyMethod": "immediate"}
        for each in change.old.get("parameters") or []
        if each["name"] not in names
    ]
    for operation, every in (("reset_db_parameter_group", gone), ("modify_db_parameter_group", wanted)):
        for start in range(0, len(every), _PARAMETERS_PER_CALL):
            batch = every[start : start + _PARAMETERS_PER_CALL]
            work.call(operation, DBParameterGroupName=name, Parameters=batch)


def _delete_parameter_group(work: Work, name: str, state: Properties) -> None:
    work.call("delete_db_parameter_group", DBParameterGroupName=name)


_PARAMETER_GROUP = ResourceType(
    "aws:rds/parameterGroup:ParameterGroup",
    "rds",
    _PARAMETER_GROUP_FIELDS,
    create=_create_parameter_group,
    describe=_describe_parameter_group,
    delete=_delete_parameter_group,
    outputs={"arn": lambda work, name, _: work.arn(f"pg:{name}")},
    updates={"parameters": _set_parameters},
    after_create=("parameters",),
    find=finding_by_name("name", _describe_parameter_group, lower=True),
    tagging=_tagging("pg"),
    auto_name=AutoName(limit=255),
)


_INSTANCE_FIELDS = {
    "identifier": text("DBInstanceIdentifier", required=True, replaces=True, fold=True),
    "engine": text("Engine", required=True, replaces=True),
    "engineVersion": text("EngineVersion", computed=True, group="settings"),
    "instanceClass": text("DBInstanceClass", required=True, group="settings"),
    "allocatedStorage": number("AllocatedStorage", computed=True, group="settings"),
    "storageType": text("StorageType", computed=True, group="settings"),
    "storageEncrypted": flag("StorageEncrypted", default=False, replaces=True),
    "kmsKeyId": text("KmsKeyId", computed=True, replaces=True),
    "dbName": text("DBName", computed=True, replaces=True),
    "username": text("MasterUsername", computed=True, replaces=True),
    "manageMasterUserPassword": flag("ManageMasterUserPassword", read="Managed", group="settings"),
    "port": number("DbPort", read="Endpoint.Port", computed=True, group="settings", sent=False),
    "dbSubnetGroupName": text(
        "DBSubnetGroupName", read="SubnetGroup", computed=True, fold=True, replaces=True
    ),
    "parameterGroupName": text(
        "DBParameterGroupName", read="ParameterGroup", computed=True, fold=True, group="settings"
    ),
    "vpcSecurityGroupIds": texts("VpcSecurityGroupIds", read="GroupIds", computed=True, group="settings"),
    "publiclyAccessible": flag("PubliclyAccessible", default=False, group="settings"),
    "multiAz": flag("MultiAZ", computed=True, group="settings"),
    "backupRetentionPeriod": number("BackupRetentionPeriod", computed=True, group="settings"),
    "copyTagsToSnapshot": flag("CopyTagsToSnapshot", default=False, group="settings"),
    "autoMinorVersionUpgrade": flag("AutoMinorVersionUpgrade", default=True, group="settings"),
    "deletionProtection": flag("DeletionProtection", default=False, group="settings"),
    # The provider's own business: used when it deletes and when it changes.
    "skipFinalSnapshot": flag(default=False),
    "finalSnapshotIdentifier": text(),
    "applyImmediately": flag(computed=True),
}


def _create_instance(work: Work, given: Properties) -> str:
    wanted = request(_INSTANCE_FIELDS, given)
    port = {"Port": int(given["port"])} if given.get("port") is not None else {}
    answer = work.call("create_db_instance", **wanted, **port, **work.tag_request)
    return answer["DBInstance"]["DBInstanceIdentifier"]


def _instance(work: Work, name: str) -> Properties:
    return work.call("describe_db_instances", DBInstanceIdentifier=name)["DBInstances"][0]


def _describe_instance(work: Work, name: str, state: Properties) -> Properties | None:
    found = _instance(work, name)
    if found["DBInstanceStatus"] == "deleting":
        return None
    actual, asked = found["EngineVersion"], str(state.get("engineVersion", ""))
    # `8.4` asks for some 8.4.x, which is what then stands there.
    shown = asked if asked and actual.startswith(f"{asked}.") else actual
    return {
        **found,
        "EngineVersion": shown,
        "EngineVersionActual": actual,
        "Managed": True if found.get("MasterUserSecret") else None,
        "SubnetGroup": dig(found, "DBSubnetGroup.DBSubnetGroupName"),
        "ParameterGroup": dig(found, "DBParameterGroups.0.DBParameterGroupName"),
        "GroupIds": [each["VpcSecurityGroupId"] for each in found.get("VpcSecurityGroups", [])],
    }


def _ready(work: Work, name: str, given: Properties) -> None:
    def available() -> bool:
        status = _instance(work, name)["DBInstanceStatus"]
        if status == "failed":
            raise ProviderError(f"the database {name} could not be made or changed")
        return status == "available"

    work.wait(f"database {name} is available", available)


def _set_settings(work: Work, name: str, change: Change) -> None:
    given = {each: change.new.get(each, _INSTANCE_FIELDS[each].default) for each in change.names}
    wanted = request(_INSTANCE_FIELDS, given, set(change.names))
    now = bool(change.new.get("applyImmediately", False))
    if "port" in change.names:
        wanted |= {"DBPortNumber": wanted.pop("DbPort")}
    work.call("modify_db_instance", DBInstanceIdentifier=name, ApplyImmediately=now, **wanted)


def _delete_instance(work: Work, name: str, state: Properties) -> None:
    """Waits until it is gone; one that is being deleted already is only waited for."""
    if _instance(work, name)["DBInstanceStatus"] != "deleting":
        snapshot = state.get("finalSnapshotIdentifier")
        if not state.get("skipFinalSnapshot") and not snapshot:
            raise ProviderError(
                f"database {name}: finalSnapshotIdentifier is required unless skipFinalSnapshot is true"
            )
        kept = {} if state.get("skipFinalSnapshot") else {"FinalDBSnapshotIdentifier": snapshot}
        work.call("delete_db_instance", DBInstanceIdentifier=name, SkipFinalSnapshot=not kept, **kept)
    work.wait(f"database {name} is deleted", lambda: not _instance(work, name))


def _secrets(work: Work, name: str, description: Properties) -> list[dict[str, Any]]:
    secret = description.get("MasterUserSecret")
    if not secret:
        return []
    return [
        {
            "secretArn": secret["SecretArn"],
            "secretStatus": secret.get("SecretStatus"),
            "kmsKeyId": secret.get("KmsKeyId"),
        }
    ]


_INSTANCE = ResourceType(
    "aws:rds/instance:Instance",
    "rds",
    _INSTANCE_FIELDS,
    create=_create_instance,
    describe=_describe_instance,
    delete=_delete_instance,
    outputs={
        "arn": "DBInstanceArn",
        "address": "Endpoint.Address",
        "endpoint": lambda work, name, found: (
            f"{dig(found, 'Endpoint.Address')}:{dig(found, 'Endpoint.Port')}"
        ),
        "engineVersionActual": "EngineVersionActual",
        "availabilityZone": "AvailabilityZone",
        "resourceId": "DbiResourceId",
        "status": "DBInstanceStatus",
        "masterUserSecrets": _secrets,
    },
    updates={"settings": _set_settings},
    ready=_ready,
    find=finding_by_name("identifier", _describe_instance, lower=True),
    tagging=_tagging("db"),
    auto_name=AutoName("identifier", 63, lower=True),
    unsettled={"engineVersion": ("engineVersionActual",), "port": ("endpoint",)},
    timeouts=(2400, 4800, 3600),
)

TYPES = table(_SUBNET_GROUP, _PARAMETER_GROUP, _INSTANCE)
