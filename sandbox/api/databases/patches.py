"""Where moto's RDS answers as if there were a server, and where it has none of the service's rules."""

from __future__ import annotations

import json
import secrets
import string
from functools import cache
from typing import Any

from ..gaps.patch import around
from .keeper import Keeper
from .server import NoServer

# What `8.4` asks for is the newest of its minor versions; these stand for those.
NEWEST = {"8.0": "8.0.44", "8.4": "8.4.7"}
_PASSWORD_CHARACTERS = string.ascii_letters + string.digits + "#$%&*+-.:=?~_"


@cache
def patch() -> None:
    """Patch moto's RDS, once in a process, so that the servers of the current keeper are behind it."""
    from moto.rds import models
    from moto.rds.exceptions import RDSClientError
    from moto.rds.responses import RDSResponse

    def refuse(wanted: dict[str, Any]) -> None:
        engine, version = wanted.get("engine"), str(wanted.get("engine_version") or "8.4")
        if engine != "mysql":
            raise NotImplementedError(f"RDS engine {engine} is not modelled; mysql is")
        if not wanted.get("manage_master_user_password"):
            raise NotImplementedError(
                "RDS with a password of one's own is not modelled; ManageMasterUserPassword is"
            )
        if ".".join(version.split(".")[:2]) not in NEWEST:
            raise RDSClientError("InvalidParameterCombination", f"Cannot find version {version} for mysql")
        if not wanted.get("db_subnet_group_name"):
            raise NotImplementedError("RDS without a DB subnet group is not modelled")
        try:
            Keeper.now().check()
        except NoServer as error:
            raise RDSClientError("InsufficientDBInstanceCapacity", str(error)) from error

    @around(models.MasterUserSecret, "_generate_secret_string")
    def secret_text(_: Any, secret: Any) -> str:
        password = "".join(secrets.choice(_PASSWORD_CHARACTERS) for _ in range(28))
        return json.dumps({"username": secret.resource.master_username, "password": password})

    @around(models.RDSBackend, "create_db_instance")
    def create(original: Any, backend: Any, db_kwargs: dict[str, Any]) -> Any:
        refuse(db_kwargs)
        database = original(backend, db_kwargs)
        database.engine_version = NEWEST.get(database.engine_version, database.engine_version)
        database.dbi_resource_id = "db-" + secrets.token_hex(13).upper()
        Keeper.now().place(database)
        Keeper.now().start(database, "creating")
        return database

    @around(models.RDSBackend, "modify_db_instance")
    def modify(original: Any, backend: Any, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> Any:
        if db_kwargs.get("rotate_master_user_password"):
            raise NotImplementedError("renewing the managed password is not modelled")
        known = backend.describe_db_instances(db_instance_identifier)[0]
        version = db_kwargs.get("engine_version")
        if version:
            db_kwargs["engine_version"] = NEWEST.get(version, version)
            if _numbers(db_kwargs["engine_version"]) < _numbers(known.engine_version):
                message = f"Cannot upgrade mysql from {known.engine_version} to {version}"
                raise RDSClientError("InvalidParameterCombination", message)
        if db_kwargs.pop("manage_master_user_password", None) is False:
            raise NotImplementedError("RDS with a password of one's own is not modelled")
        port, wanted_port = known.port, db_kwargs.pop("db_port_number", None)
        database = original(backend, db_instance_identifier, db_kwargs)
        database.port = wanted_port or port
        if db_kwargs.get("vpc_security_group_ids"):
            Keeper.now().change_groups(database)
        if database.port != port:
            Keeper.now().start(database, "modifying")
        return database

    @around(models.RDSBackend, "modify_db_subnet_group")
    def modify_subnets(original: Any, backend: Any, subnet_name: str, *args: Any, **kwargs: Any) -> Any:
        group = original(backend, subnet_name, *args, **kwargs)
        backend.subnet_groups[subnet_name] = group  # moto takes it out and forgets it
        return group

    @around(models.RDSBackend, "delete_db_instance")
    def delete(original: Any, backend: Any, db_instance_identifier: str, *args: Any, **kwargs: Any) -> Any:
        database = original(backend, db_instance_identifier, *args, **kwargs)
        Keeper.now().remove(database)
        return database

    @around(models.RDSBackend, "stop_db_instance")
    def stop(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Any:
        database = original(backend, *args, **kwargs)
        Keeper.now().stop(database)
        return database

    def starts(operation: str, status: str) -> None:
        @around(models.RDSBackend, operation)
        def start(original: Any, backend: Any, db_instance_identifier: str) -> Any:
            database = original(backend, db_instance_identifier)
            Keeper.now().start(database, status)
            return database

    starts("reboot_db_instance", "rebooting")
    starts("start_db_instance", "starting")

    def reset_db_parameter_group(response: Any) -> Any:
        from moto.core.responses import ActionResult

        name = response.params["DBParameterGroupName"]
        group = response.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if response.params.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in response.params.get("Parameters", []):
            group.parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": name})

    RDSResponse.reset_db_parameter_group = reset_db_parameter_group


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
