"""Databases of RDS: subnet groups, parameter groups, instances."""

from __future__ import annotations

from typing import Any

from ..errors import ProviderError
from ..fields import dig, flag, number, request, text, texts
from ..resource_type import AutoName, Change, Properties, ResourceType, finding_by_name, table
from ..tagging import arn_tagging
from ..work import Work
from .parameter_groups import parameter_group
from .subnet_groups import subnet_group

_PARAMETER = {
    "name": text("ParameterName", required=True),
    "value": text("ParameterValue", required=True),
    "applyMethod": text("ApplyMethod", default="immediate"),
}
_PARAMETER_GROUP = parameter_group(
    "rds", "DB", "pg", "Parameters", _PARAMETER, reset_members=("ParameterName", "ApplyMethod")
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
    work.wait_until_available(
        f"database {name}",
        lambda: _instance(work, name)["DBInstanceStatus"],
        failed="failed",
        failure=f"the database {name} could not be made or changed",
    )


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
    tagging=arn_tagging("db"),
    auto_name=AutoName("identifier", 63, lower=True),
    unsettled={"engineVersion": ("engineVersionActual",), "port": ("endpoint",)},
    engine="mysql",
    timeouts=(2400, 4800, 3600),
)

TYPES = table(subnet_group("rds", "DB", "subgrp"), _PARAMETER_GROUP, _INSTANCE)
